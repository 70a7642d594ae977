"""The edge: webhooks and group links, the only hot path of HTTP."""
