"""Units from a file: a tree in any order."""
