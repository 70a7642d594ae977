"""What an organisation has said of the headings of its files, so that it is said once."""

from chaupal.directory.mapping.actions import look, remember, settled

__all__ = ["look", "remember", "settled"]
