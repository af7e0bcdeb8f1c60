"""Answer generation: evidence pages to a cited, verified answer."""
