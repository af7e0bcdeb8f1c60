"""Index forms: from printed words to what is indexed, the same for queries."""
