"""Image annotation: captions, tags and zero-shot classes."""
