"""Text layers: which fonts and hidden words of a page are to be believed."""
