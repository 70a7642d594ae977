"""The communications control room of a very large membership organisation."""
