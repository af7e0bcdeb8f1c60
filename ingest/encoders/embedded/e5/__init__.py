"""Sentence embeddings of multilingual-e5-small on an ONNX runtime."""
