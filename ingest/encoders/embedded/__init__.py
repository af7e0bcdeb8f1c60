"""Embedded default encoders: MiniLM and ConSE on onnxruntime.

Their weights come from packages.
"""
