"""Local models: networks of transformers, their prompts and their replies."""
