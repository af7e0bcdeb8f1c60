"""Speech recognition: words of sound with their times, by a plugged-in engine."""
