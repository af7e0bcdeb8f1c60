"""What models write about pictures: captions, tags and zero-shot classes."""
