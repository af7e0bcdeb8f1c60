"""Text utilities: lines, normalization, quotes, sentences and typed values."""
