"""Questions: kind, terms, names, and the type of the answer that is asked for."""
