"""Results for Python: layer dataclasses with page images, notebook HTML and JSON."""
