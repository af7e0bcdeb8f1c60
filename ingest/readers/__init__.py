"""Reading workers: untrusted files are opened in processes of their own, within limits."""
