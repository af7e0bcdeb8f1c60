"""What turns pages and questions into vectors: one file an encoder, one `case` each in `encoder.load_encoder`."""
