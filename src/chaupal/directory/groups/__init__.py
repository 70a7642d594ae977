"""Groups from a file, with their categories and their admins."""
