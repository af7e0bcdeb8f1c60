"""Providers: one file for each API that a chat model is reached by."""
