"""One-page PDFs for tests."""

from pathlib import Path

import pymupdf


def make_pdf(path: Path, text: str) -> None:
    pdf = pymupdf.open()
    pdf.new_page().insert_textbox((72, 72, 500, 700), text, fontsize=14)
    pdf.save(path)
