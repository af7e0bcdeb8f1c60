"""Tag photos and figures with labels that a person gives, from the vectors that the index holds already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.annotate.classify import Labeller, NotOfPictures, clean_labels, load_picture_encoder
from ingest.encoders.encoder import Encoder, Encoding, PictureEncoder
from ingest.error import Fault
from ingest.filter import Narrow
from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.writer import Librarian
from ingest.page import PageVectors

LIKELY = 0.3
"""A label at least this likely becomes a tag."""
MOST = 3
"""Tags a page."""


class BadLabels(Fault):
    """The file of labels cannot be read."""


def read_labels(path: Path) -> list[str]:
    """The labels of a file, one a line; lines that start with # are left out.

    Raises:
        BadLabels: it cannot be read.
        NoLabels: it has fewer than two.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise BadLabels(
            f"The labels in {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            remedy="Give a text file (UTF-8) with a label a line.",
        ) from error
    return clean_labels([line for line in lines if not line.startswith("#")])


def tag_documents(
    home: Home,
    librarian: Librarian,
    encoding: Encoding,
    labels: Sequence[str] | None = None,
    loaded: Sequence[Encoder] = (),
) -> int:
    """Tag the pictures of documents that have not been looked over yet; returns how many pages got a tag.

    The writer's lock must be held.

    Args:
        labels: what to tag with from now on; None keeps to what was given before, if anything was.
        loaded: encoders at hand, so that none is loaded twice.

    Raises:
        NotOfPictures: the home has no index of pictures; what loading an encoder raises.
    """
    if labels is not None:
        librarian.set_labels(labels)
    kept, waiting = librarian.labels(), librarian.untagged()
    if not kept or not waiting:
        return 0
    index = next((i for i in open_indexes(home) if i.manifest.reads == "pictures"), None)
    if index is None:
        raise NotOfPictures(
            "There is no index of pictures to tag by.", remedy="Ingest with --images conse."
        )
    name = index.manifest.encoder
    at_hand = (e for e in loaded if isinstance(e, PictureEncoder) and e.name == name)
    labeller = Labeller(next(at_hand, None) or load_picture_encoder(name, encoding), kept)
    count = 0
    for document in waiting:
        vectors = index.vectors(document)
        pictured = {
            r.page.number for r in librarian.page_records(Narrow.to([document.id])) if r.figures
        }
        tagged = {number: _tag(labeller, vectors.page(number)) for number in sorted(pictured)}
        librarian.set_tags(document, tagged)
        count += sum(bool(tags) for tags in tagged.values())
    return count


def _tag(labeller: Labeller, seen: PageVectors) -> dict[str, float]:
    """The likeliest labels of a page's pictures."""
    if not len(seen.vectors):
        return {}
    likely = labeller.probabilities(seen.vectors)
    best = sorted(zip(likely.tolist(), labeller.labels, strict=True), reverse=True)[:MOST]
    return {label: round(share, 4) for share, label in best if share >= LIKELY}
