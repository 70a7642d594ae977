"""Units that become one, and units that become several, with the people and groups in them."""

from chaupal.directory.tree.actions import Part, merge, split

__all__ = ["Part", "merge", "split"]
