"""Relay: deliveries that a group's own admins carry out by hand, one tap at a time."""
