"""File readers: page images, words with boxes and figure boxes, one module a file kind."""
