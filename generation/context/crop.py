"""Cut the best part out of a page whose print would be too small to read, at its full resolution.

A page is cut only where three things hold: the lines around what was found
would be sent less than `SMALL` pixels high; the part is sent at least
`SHARPER` times as large; and the page (halved, for context) with its part
counts no more tokens than the page alone. Knows no provider.
"""

from __future__ import annotations

from statistics import median

from generation.context.image_tokens import ImageTokenCounter, Size, scaled
from generation.prompt import Evidence
from ingest.box import area, clip_to_page, expand, overlaps, pixel_size, union_box
from ingest.page import Box

SMALL = 12.0
"""Pixels of a printed line's height, below which reading suffers."""
SHARPER = 1.25
MARGIN = 0.05
"""Of the page's width and height, kept around a part: a table's heads, a label beside its value."""
MOST_AREA = 0.5
"""A part is no more of the page than this."""


def best_part(
    evidence: Evidence, size: Size, image_tokens: ImageTokenCounter, kept: Size
) -> Box | None:
    """The part of a page of `size` pixels, sent as `kept`, that is worth a picture of its own; None where none is.

    The best region and those after it, as long as they fit into `MOST_AREA`.
    """
    box = found_part(evidence)
    if box is None or line_height(evidence, box) * kept[1] >= SMALL:
        return None
    part = pixel_size(box, size)
    sent = image_tokens.kept(*part)
    if sent[0] / part[0] < SHARPER * kept[0] / size[0]:
        return None
    together = image_tokens.tokens(*overview(kept)) + image_tokens.tokens(*sent)
    return box if together <= image_tokens.tokens(*kept) else None


def found_part(evidence: Evidence) -> Box | None:
    """The box around the best regions, with a margin; None where there is none, or it is too much of the page."""
    found: Box | None = None
    for region in evidence.regions:
        wider = clip_to_page(union_box([region.box, *([found] if found else [])]))
        if area(expand(wider, MARGIN)) > MOST_AREA:
            break
        found = wider
    return expand(found, MARGIN) if found else None


def line_height(evidence: Evidence, box: Box) -> float:
    """The median height of the words in a box, as a fraction of the page's; of no words, that of the whole page."""
    inside = [w.box for w in evidence.words if overlaps(w.box, box)]
    return median(b[3] - b[1] for b in inside) if inside else 1.0


def overview(kept: Size) -> Size:
    """The page halved, to show where its part stands."""
    return scaled(*kept, 0.5)
