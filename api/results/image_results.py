"""Groups of near-duplicate photos, and classifications of image files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from api.results import html
from api.results.result_list import ResultList
from retrieval.duplicates import Duplicates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from ingest.library.library import Library

SHOWN_LABELS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoGroup(Duplicates):
    """Group of nearly identical photos, the largest first.

    `paths` are the files of each photo.
    """

    paths: tuple[tuple[str, ...], ...]
    library: Library = field(repr=False, compare=False)

    @classmethod
    def of(cls, group: Duplicates, paths: Mapping[str, Sequence[str]], library: Library) -> Self:
        """Attach a group to its library; `paths` are those of documents by id."""
        own = tuple(tuple(paths.get(page.document_id, ())) for page in group.pages)
        return cls(group.pages, group.similar, paths=own, library=library)

    def images(self) -> list[Image.Image]:
        """The photos (RGB).

        Raises:
            PageNotFound: one of them has been removed.
        """
        from api.results.page_image import open_page_image

        return [open_page_image(self.library, page) for page in self.pages]

    def to_dict(self) -> dict[str, Any]:
        """As `duplicates --json` writes a group."""
        photos = [
            {"page": page.key, "paths": list(paths)}
            for page, paths in zip(self.pages, self.paths, strict=True)
        ]
        return {"similar": self.similar, "photos": photos}

    def _repr_html_(self) -> str:
        cards = [
            html.card(html.image(image, str(page)), html.escape(", ".join(paths) or str(page)))
            for image, page, paths in zip(self.images(), self.pages, self.paths, strict=True)
        ]
        return html.grid(cards, f"{len(cards)} alike, {self.similar:.2f}")


class PhotoGroups(ResultList[PhotoGroup]):
    """Groups of near-duplicate photos, the largest group first."""

    def _repr_html_(self) -> str:
        return "".join(group._repr_html_() for group in self) or "<i>No photo is there twice.</i>"


@dataclass(frozen=True, slots=True)
class Classification:
    """Probabilities of labels for one image file, adding to 1."""

    file: str
    labels: dict[str, float]
    encoder: str

    @property
    def label(self) -> str:
        """The most probable label."""
        return max(self.labels, key=lambda label: self.labels[label])

    def to_dict(self) -> dict[str, Any]:
        """As `classify --json` writes an image."""
        shares = {label: round(share, 4) for label, share in self.labels.items()}
        return {"file": self.file, "labels": shares, "encoder": self.encoder}

    def row(self) -> tuple[str, str]:
        """File and its most probable labels."""
        best = sorted(self.labels.items(), key=lambda one: -one[1])[:SHOWN_LABELS]
        return self.file, ", ".join(f"{label} {share:.0%}" for label, share in best)

    def _repr_html_(self) -> str:
        return html.table(("file", "labels"), [self.row()])


class Classifications(ResultList[Classification]):
    """Classifications, in the order of the files."""

    def _repr_html_(self) -> str:
        return html.table(("file", "labels"), [one.row() for one in self])
