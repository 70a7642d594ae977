"""The desk's door: pages, live streams and forms for the people who run the organisation."""
