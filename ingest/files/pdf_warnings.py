"""PDF warnings: what MuPDF could not decode while it drew a page.

MuPDF draws what it can and puts the rest into its list of warnings, which is
one for the process: it is emptied before a page and read after it.
"""

from __future__ import annotations

import re

import pymupdf

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
