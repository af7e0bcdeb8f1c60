"""Ingest on a Ray cluster: slices of files read and encoded by its nodes."""
