"""MuPDF: imported without its layout models, and what it could not decode.

The import of PyMuPDF 2.0 loads its layout package with three models, and pymupdf4llm,
where they are installed: 1.3 s and 140 MB, for 0.16 s and 47 MB without. Neither is used
here. MuPDF draws what it can and puts the rest into its list of warnings, which is
one for the process: it is emptied before a page and read after it.
"""

from __future__ import annotations

import re
import sys

_UNUSED = ("pymupdf.layout", "pymupdf4llm")
if "pymupdf" in sys.modules:
    import pymupdf
else:
    # None makes their import an ImportError, which PyMuPDF expects; who wants them may do it later.
    sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]
    try:
        import pymupdf
    finally:
        for name in _UNUSED:
            del sys.modules[name]

__all__ = ["pymupdf", "read_note", "reset_warnings"]

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

DATA_MISSING = "An image is cut off: the file lacks the rest of its data."
IMAGE_LOST = "An image could not be decoded, or only in part."
FONT_LOST = "A font could not be loaded; its letters are drawn with another."
CONTENT_LOST = "A part of the page could not be drawn."

_CUT = re.compile(r"premature end", re.IGNORECASE)
_IMAGE = re.compile(
    r"jpeg|jbig2|jpx|openjpeg|ccitt|faxd|lzw|zlib|flate|truncated image|run length"
    r"|unknown filter|unknown compression|cannot decode|failed to decode|image|colorspace",
    re.IGNORECASE,
)
_FONT = re.compile(r"font|FT_|glyph|cff|type ?1|cmap|encoding", re.IGNORECASE)
_CONTENT = re.compile(
    r"no XObject|content stream|too many|nested|recursi|interpretation|syntax error", re.IGNORECASE
)


def reset_warnings() -> None:
    """Empty the list of warnings."""
    pymupdf.TOOLS.reset_mupdf_warnings()


def read_note() -> str:
    """What was lost since `reset_warnings`, as a sentence; empty if nothing was."""
    warnings: str = pymupdf.TOOLS.mupdf_warnings()
    for pattern, note in _NOTES:
        if pattern.search(warnings):
            return note
    return ""


_NOTES = (
    *((_CUT, DATA_MISSING), (_IMAGE, IMAGE_LOST)),
    *((_CONTENT, CONTENT_LOST), (_FONT, FONT_LOST)),
)
