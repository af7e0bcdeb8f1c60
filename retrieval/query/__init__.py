"""Query analysis: terms, weights, stop words and composed queries."""
