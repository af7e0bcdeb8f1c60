"""Pages in; a cited answer out. Knows no index and no HTTP."""
