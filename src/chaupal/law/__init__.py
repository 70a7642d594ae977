"""Rules of law as data: when and where nothing may be sent, whoever asks for it."""
