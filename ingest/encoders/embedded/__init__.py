"""Embedded default encoders: MiniLM and ConSE on onnxruntime, their weights from packages."""
