"""OpenAI's chat protocol: its endpoints and schemas."""
