"""HTTP server."""
