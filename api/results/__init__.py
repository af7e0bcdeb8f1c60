"""Results for Python: the layers' dataclasses with page images, notebook HTML and JSON."""
