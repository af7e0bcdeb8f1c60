"""One file a model: how each turns a question and page evidence into a cited answer."""
