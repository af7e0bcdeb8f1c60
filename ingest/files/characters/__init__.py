"""Characters of a PDF's text layer, as MuPDF gives them, before they are words."""
