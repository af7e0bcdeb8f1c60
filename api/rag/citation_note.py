"""What is said of a citation that is no verified quote: the same on the terminal, in footnotes and to MCP clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.answer import Citation


def citation_note(citation: Citation) -> str:
    """A remark in brackets, with a space before it; empty for a verified quote."""
    unfound = "quote not found" if citation.quote else ""
    match citation.grounded:
        case "quote":
            said = ""
        case "region":
            said = "; ".join(filter(None, [unfound, "seen in the picture, by likeness"]))
        case "none":
            said = unfound or "names the page only"
    return f" ({said})" if said else ""
