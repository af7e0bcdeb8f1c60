"""Options and reports of an ingest, shared by `ingest` and `watch`."""
