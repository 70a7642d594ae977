"""Ways to reach a group or a person: a contract, and a folder for each channel."""
