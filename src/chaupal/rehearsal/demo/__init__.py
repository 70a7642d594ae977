"""The demonstration: Rajasthan loaded, five broadcasts sent, every claim checked by the book."""
