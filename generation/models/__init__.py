"""Models: one file for each model that answers a question from evidence."""
