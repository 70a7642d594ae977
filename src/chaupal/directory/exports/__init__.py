"""Writing files: everything one may see, in exactly the columns that an import takes."""

from chaupal.directory.exports.actions import EXPORTED, export

__all__ = ["EXPORTED", "export"]
