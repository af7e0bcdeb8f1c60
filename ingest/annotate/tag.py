"""Tagging of photos and figures with given labels, from the vectors in the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.annotate.classify import Labeller, NotAnImageEncoder, clean_labels, load_image_encoder
from ingest.encoders.encoder import Encoder, Encoding, ImageEncoder
from ingest.error import InvalidInputError
from ingest.filter import PageFilter
from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.page import PageVectors

LIKELY = 0.3
"""A label at least this likely becomes a tag."""
MOST = 3
"""Tags a page."""


class InvalidLabels(InvalidInputError):
    """The file of labels cannot be read."""

    code = "invalid-labels"


def read_labels(path: Path) -> list[str]:
    """Labels of a file, one a line; lines that start with # are comments.

    Raises:
        InvalidLabels: it cannot be read.
        LabelsMissing: it has fewer than two.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise InvalidLabels(
            f"The labels in {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            hint="Give a text file (UTF-8) with a label a line.",
        ) from error
    return clean_labels([line for line in lines if not line.startswith("#")])


def tag_documents(
    home: Home,
    library: LibraryWriter,
    encoding: Encoding,
    labels: Sequence[str] | None = None,
    loaded: Sequence[Encoder] = (),
) -> int:
    """Tag the images of documents not tagged yet.

    Returns the number of pages that received a tag. The writer's lock must be held.

    Args:
        labels: what to tag with from now on; None keeps to what was given before, if anything was.
        loaded: encoders at hand, so that none is loaded twice.

    Raises:
        NotAnImageEncoder: the home has no index of pictures; what loading an encoder raises.
    """
    if labels is not None:
        library.set_labels(labels)
    kept, waiting = library.labels(), library.untagged()
    if not kept or not waiting:
        return 0
    index = next((i for i in open_indexes(home) if i.manifest.modality == "image"), None)
    if index is None:
        raise NotAnImageEncoder(
            "There is no index of pictures to tag by.",
            hint="Ingest with an encoder of images, such as conse.",
        )
    name = index.manifest.encoder
    at_hand = (e for e in loaded if isinstance(e, ImageEncoder) and e.name == name)
    labeller = Labeller(next(at_hand, None) or load_image_encoder(name, encoding), kept)
    count = 0
    for document in waiting:
        vectors = index.vectors(document)
        pictured = {
            r.page.number for r in library.page_records(PageFilter.to([document.id])) if r.figures
        }
        tagged = {number: _tag(labeller, vectors.page(number)) for number in sorted(pictured)}
        library.set_tags(document, tagged)
        count += sum(bool(tags) for tags in tagged.values())
    return count


def _tag(labeller: Labeller, seen: PageVectors) -> dict[str, float]:
    """Most probable labels of a page's images."""
    if not len(seen.vectors):
        return {}
    likely = labeller.probabilities(seen.vectors)
    best = sorted(zip(likely.tolist(), labeller.labels, strict=True), reverse=True)[:MOST]
    return {label: round(share, 4) for share, label in best if share >= LIKELY}
