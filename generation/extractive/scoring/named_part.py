"""Named parts: the figure or table that a question names, and what stands by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generation.extractive.page.passage import Passage
from ingest.page import Box
from retrieval.named.printed_place import has_caption
from retrieval.query.named_place import NamedPlaces

REACH = 0.4
"""Share of a page's height over which a figure or a table spreads from its caption."""


@dataclass(frozen=True, slots=True)
class NamedParts:
    """Boxes of the captions of the parts that a question names, by their page's label."""

    captions: Mapping[int, Sequence[Box]]

    @classmethod
    def find(cls, places: NamedPlaces, passages: Sequence[Passage]) -> NamedParts:
        """Find the captions among the passages."""
        captions: dict[int, list[Box]] = {}
        parts = places.parts
        for passage in passages if parts else ():
            words = passage.evidence.words[passage.start : passage.end]
            if any(has_caption(words, part) for part in parts):
                captions.setdefault(passage.evidence.label, []).append(passage.box)
        return cls(captions)

    def near(self, passage: Passage) -> float:
        """How near a passage is to such a caption: 1 beside it, 0 on another page."""
        boxes = self.captions.get(passage.evidence.label, ())
        gaps = [max(box[1] - passage.box[3], passage.box[1] - box[3], 0.0) for box in boxes]
        return 1 - 0.5 * min(1.0, min(gaps) / REACH) if gaps else 0.0
