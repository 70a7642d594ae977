"""The pages: one module for each family, each handler parsing, calling and answering."""
