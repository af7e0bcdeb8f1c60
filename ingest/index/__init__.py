"""The index of one encoder: its manifest, multi-vector files and Chroma records."""
