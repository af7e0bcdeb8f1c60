"""Steps of an ingest: scan, read, encode, assemble, commit."""
