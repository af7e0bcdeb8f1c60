"""Translation of a question's words to words that the pages print."""
