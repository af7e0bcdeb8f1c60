"""Readers of videos, sound and animated images: shots with their words."""
