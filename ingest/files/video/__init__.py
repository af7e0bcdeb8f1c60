"""Video reader: shots of videos with their words, by PyAV; animated images by Pillow."""
