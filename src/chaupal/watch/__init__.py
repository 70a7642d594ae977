"""Watching what goes round in the organisation's own groups, such as carry the notice."""
