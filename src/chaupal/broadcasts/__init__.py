"""Broadcasts: one message, an exact audience, two signatures, and a delivery for each group."""
