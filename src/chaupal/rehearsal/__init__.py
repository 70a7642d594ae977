"""A rehearsal: a provider of our own, and simulated people, to try everything without anyone."""
