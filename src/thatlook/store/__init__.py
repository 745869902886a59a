"""What a shop sells: catalog, feeds, ingest. Knows no network."""
