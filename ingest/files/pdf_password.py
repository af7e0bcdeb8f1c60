"""PDF passwords: prepared as the standard says, and where none is needed.

A password of a PDF 2.0 file is prepared by SASLprep (ISO 32000-2, 7.6.4.3.2;
RFC 4013), so that it does not matter how its letters were typed.
"""

from __future__ import annotations

import stringprep
import unicodedata
from pathlib import Path
from typing import Any

from ingest.files.mupdf import pymupdf

_PROHIBITED = (
    *(stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3),
    *(stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6),
    *(stringprep.in_table_c7, stringprep.in_table_c8, stringprep.in_table_c9),
)


def authenticate(pdf: Any, password: str | None) -> bool:
    """Whether a password, as it is or prepared, opens an encrypted PDF."""
    given = password or ""
    return any(pdf.authenticate(form) for form in dict.fromkeys((given, saslprep(given))))


def saslprep(text: str) -> str:
    """Prepare a password by RFC 4013; text that it prohibits is returned as it is."""
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if any(prohibited(c) for c in prepared for prohibited in _PROHIBITED):
        return text
    return prepared


def without_encryption(path: Path, pdf: Any) -> Any:
    """PDF whose attachments alone are encrypted, opened without a password; else None.

    Its crypt filter for streams and strings is Identity: the pages are in clear
    (ISO 32000-2, 7.6.6). It is opened as if it had no encryption dictionary.
    """
    if not _leaves_pages_clear(pdf):
        return None
    data = path.read_bytes()
    if b"/Encrypt" not in data:
        return None
    return pymupdf.open(stream=data.replace(b"/Encrypt ", b"/Encrypt_ "), filetype="pdf")


def _leaves_pages_clear(pdf: Any) -> bool:
    trailer = pymupdf.mupdf.pdf_trailer(pymupdf._as_pdf_document(pdf))
    encrypt = pymupdf.mupdf.pdf_dict_gets(trailer, "Encrypt")
    if pymupdf.mupdf.pdf_to_int(pymupdf.mupdf.pdf_dict_gets(encrypt, "V")) < 4:
        return False
    filters = (
        pymupdf.mupdf.pdf_to_name(pymupdf.mupdf.pdf_dict_gets(encrypt, key))
        for key in ("StmF", "StrF")
    )
    return all(name in ("", "Identity") for name in filters)
