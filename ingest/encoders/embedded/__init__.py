"""Embedded default encoders: MiniLM and ConSE on the CPU.

Their weights come from packages.
"""
