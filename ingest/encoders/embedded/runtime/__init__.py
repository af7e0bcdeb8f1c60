"""Runtimes of the embedded networks: OpenVINO where installed, else onnxruntime."""
