"""Encoders of clips: shots of videos as one vector each."""
