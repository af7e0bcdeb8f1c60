"""Reading stage: from characters or OCR to words as printed, in reading order."""
