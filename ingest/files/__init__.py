"""File readers: page images, words with boxes and figure boxes.

There is one module for each file kind.
"""
