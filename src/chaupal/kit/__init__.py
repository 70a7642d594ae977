"""Tools with no opinion about the product. Imports nothing from the rest of Chaupal."""
