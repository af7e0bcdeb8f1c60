"""Region crops: a page's best region at full resolution, where text is small.

A region is cropped only where three things hold: the words in it would be sent
less than `MIN_LINE_PIXELS` high; the crop is sent at least `MIN_GAIN` times as
large; and the page (halved, for context) with its crop counts no more tokens
than the page alone.
"""

from __future__ import annotations

from statistics import median

from generation.context.image_tokens import ImageTokenCounter, Size, scaled
from generation.prompt import Evidence
from ingest.box import area, clip_to_page, expand, overlaps, pixel_size, union_box
from ingest.page import Box

MIN_LINE_PIXELS = 12.0
"""Pixels of a printed line's height, below which reading suffers."""
MIN_GAIN = 1.25
MARGIN = 0.05
"""Of the page's width and height, added around a region: table heads, a label beside its value."""
MAX_AREA = 0.5
"""The largest share of a page that a crop covers."""


def best_crop(
    evidence: Evidence, size: Size, image_tokens: ImageTokenCounter, sent: Size
) -> Box | None:
    """Box of the region that is worth an image of its own; None where none is.

    Args:
        size: pixels of the page image.
        sent: the size in which the page alone would be sent.
    """
    box = region_box(evidence)
    if box is None or median_word_height(evidence, box) * sent[1] >= MIN_LINE_PIXELS:
        return None
    crop = pixel_size(box, size)
    crop_sent = image_tokens.effective_size(*crop)
    if crop_sent[0] / crop[0] < MIN_GAIN * sent[0] / size[0]:
        return None
    together = image_tokens.tokens(*overview_size(sent)) + image_tokens.tokens(*crop_sent)
    return box if together <= image_tokens.tokens(*sent) else None


def region_box(evidence: Evidence) -> Box | None:
    """Box around the best regions, with a margin; None where none fits.

    Regions are taken best first as long as the box covers at most `MAX_AREA`.
    """
    found: Box | None = None
    for region in evidence.regions:
        wider = clip_to_page(union_box([region.box, *([found] if found else [])]))
        if area(expand(wider, MARGIN)) > MAX_AREA:
            break
        found = wider
    return expand(found, MARGIN) if found else None


def median_word_height(evidence: Evidence, box: Box) -> float:
    """Median height of a box's words as a fraction of the page's; 1 without words."""
    inside = [w.box for w in evidence.words if overlaps(w.box, box)]
    return median(b[3] - b[1] for b in inside) if inside else 1.0


def overview_size(sent: Size) -> Size:
    """Size of the page image beside its crop: half of what the page alone would have."""
    return scaled(*sent, 0.5)
