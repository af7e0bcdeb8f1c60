"""Zero-shot classification of image files with labels given as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.error import InvalidInputError

if TYPE_CHECKING:
    from api.settings import Settings
    from ingest.annotate.classify import Labeller
    from ingest.encoders.encoder import ImageEncoder
    from ingest.library.home import Home
    from ingest.readers.reader_pool import ReaderPool


class ImageEncoderMissing(InvalidInputError):
    """Classification takes an image encoder, and "none" was asked for."""

    code = "image-encoder-missing"


@dataclass(frozen=True, slots=True)
class Classifier:
    """Image encoder and labels; made by `open_classifier`."""

    encoder: ImageEncoder
    labeller: Labeller
    spec: str
    readers: ReaderPool

    def classify(self, path: Path) -> dict[str, float]:
        """Probabilities of the labels, the highest first, adding to 1.

        Raises:
            UnreadableFile: the file is missing, no image that can be read, or beyond a limit.
        """
        from ingest.readers.read_now import read_query_image
        from retrieval.query.encode import render_query_image

        page = render_query_image(read_query_image(path, self.readers))
        likely = self.labeller.probabilities(self.encoder.encode_pages([page])[0].vectors)
        ranked = sorted(zip(likely.tolist(), self.labeller.labels, strict=True), reverse=True)
        return {label: share for share, label in ranked}


def open_classifier(
    home: Home,
    settings: Settings,
    labels: Sequence[str],
    readers: ReaderPool,
    *,
    encoder: str | None = None,
    device: str | None = None,
) -> Classifier:
    """Load the image encoder of a home, or another by name, with labels.

    Args:
        labels: what is told apart, two or more.
        readers: open the image files.
        encoder: "conse" or "clip:MODEL"; None takes the settings' or the home's.
        device: where a torch model runs; None takes the settings'.

    Raises:
        ImageEncoderMissing, NotAnImageEncoder, LabelsMissing
        What `ingest.encoders.load.load_encoder` raises.
    """
    from ingest.annotate.classify import Labeller, load_image_encoder
    from ingest.choose import canonical, choose_image_encoder

    wanted = encoder or settings.images
    spec = canonical(wanted) if wanted else choose_image_encoder(home)
    if spec == "none":
        raise ImageEncoderMissing("There is no image encoder.", hint="Name one, such as conse.")
    encoding = settings.encoding()
    if device:
        encoding = replace(encoding, device=device)
    loaded = load_image_encoder(spec, encoding)
    return Classifier(loaded, Labeller(loaded, labels), spec, readers)


def classify_images(
    classifier: Classifier, paths: Sequence[Path]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield each file's printable name and the probabilities of its labels.

    Raises:
        UnreadableFile: a file is missing, or no image that can be read.
    """
    from ingest.library.documents import readable

    for path in paths:
        yield readable(str(path)), classifier.classify(path)
