"""Speech recognition: words of sound with their times, by an engine that is plugged in."""
