"""Index of an encoder: manifest, vector files and Chroma records."""
