"""Ingest layer: files to pages, words, vectors and indexes.

Knows no queries, no language models and no environment."""

import os

# onnxruntime's packages from 1.32 on report to Microsoft otherwise, with an id kept in the cache folder.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__pageglass__ = "ingest"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
