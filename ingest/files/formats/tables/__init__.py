"""Tables as pages: CSV, JSON Lines and sheets."""
