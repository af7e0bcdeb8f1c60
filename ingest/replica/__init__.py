"""A library published to an object store, and read-only mirrors of it."""
