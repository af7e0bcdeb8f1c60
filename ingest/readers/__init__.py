"""Reading workers: processes that open untrusted files, within limits."""
