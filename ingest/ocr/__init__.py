"""OCR engines: printed lines of an image, found and read."""
