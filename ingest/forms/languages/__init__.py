"""Languages of queries: their words that carry grammar and no content."""
