"""A question in; ranked pages and regions out. Knows no language models and no HTTP."""
