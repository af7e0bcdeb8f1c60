"""Citation note: the remark on a citation that is not a verified quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.answer import Citation

SEEN = "seen in the picture, not checkable word for word"


def citation_note(citation: Citation) -> str:
    """Remark in brackets after a space; empty for a verified quote."""
    not_found = "quote not found" if citation.quote else ""
    match citation.grounded:
        case "quote":
            note = ""
        case "region":
            note = "; ".join(filter(None, [not_found, "seen in the image, by similarity"]))
        case "seen":
            note = "; ".join(filter(None, [not_found, SEEN]))
        case "none":
            note = f"not checked: {not_found or 'names the page only'}"
    return f" ({note})" if note else ""
