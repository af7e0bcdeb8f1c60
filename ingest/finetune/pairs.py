"""Image-caption pairs from a JSON Lines file, split into training and validation.

    {"image": "photos/boat.jpg", "text": "a boat at low tide"}
    {"image": "photos/barn.jpg", "text": "a barn in snow", "split": "val"}

Paths are relative to the file's folder. A line that cannot be used is skipped and
reported.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.error import InvalidInputError, PageglassError

SPLITS = ("train", "val")
MIN_PAIRS = 2
"""Pairs to train on: a contrastive loss needs two."""


class PairsMissing(InvalidInputError):
    """The pairs file is missing, or has too few pairs."""

    code = "pairs-missing"


class InvalidPair(InvalidInputError):
    """A line of the pairs file cannot be used."""

    code = "invalid-pair"


@dataclass(frozen=True, slots=True)
class Pair:
    """Image and caption.

    `image` identifies the image: its real path relative to the file's folder.
    """

    line: int
    path: Path
    image: str
    text: str
    split: str = ""

    @property
    def words(self) -> str:
        """Identifies the caption, without case and whitespace."""
        return " ".join(self.text.split()).casefold()


def read_pairs(file: Path) -> tuple[list[Pair], list[tuple[int, PageglassError]]]:
    """Read the pairs of a file, and the errors of lines that cannot be used.

    No image is opened.

    Raises:
        PairsMissing: the file cannot be read.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise PairsMissing(
            f"{file} cannot be opened: {error.strerror}.",
            hint='Give a file with a line {"image": PATH, "text": CAPTION} for each pair.',
        ) from error
    pairs: list[Pair] = []
    bad: list[tuple[int, PageglassError]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            pairs.append(_read_line(line, number, file))
        except InvalidPair as error:
            bad.append((number, error))
    return pairs, bad


def split_pairs(pairs: Sequence[Pair], share: float) -> tuple[list[Pair], list[Pair]]:
    """Split pairs into training and validation, without a common image.

    If any line names a split, lines that name none are for training. Otherwise the
    hash of an image's name decides, so that the split of an image does not depend
    on the other lines.

    Args:
        share: share of images for validation; above 0 there is at least one.

    Raises:
        PairsMissing: fewer than two pairs are left to train on.
    """
    if any(pair.split for pair in pairs):
        held = {pair.image for pair in pairs if pair.split == "val"}
    else:
        shares = {image: _hash_share(image) for image in {pair.image for pair in pairs}}
        held = {image for image, draw in shares.items() if draw < share}
        if share > 0 and shares:
            held = held or {min(shares, key=lambda image: shares[image])}
    train = [replace(pair, split="train") for pair in pairs if pair.image not in held]
    if len(train) < MIN_PAIRS:
        raise PairsMissing(
            f"{len(train)} of {len(pairs)} usable pairs are left to train on, and {MIN_PAIRS} are needed.",
            hint="Add pairs, or lower the validation share.",
        )
    return train, [replace(pair, split="val") for pair in pairs if pair.image in held]


def fingerprint(pairs: Sequence[Pair]) -> str:
    """Hash of pairs, to recognize them when a training is resumed."""
    rows = [(pair.image, pair.text, pair.split) for pair in pairs]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _read_line(line: bytes, number: int, file: Path) -> Pair:
    where = f"{file.name}, line {number}"
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidPair(
            f"{where} is not JSON: {error}.", hint="Write one JSON object on each line."
        ) from None
    if not isinstance(values, dict):
        raise InvalidPair(
            f"{where} is not a JSON object.", hint='Write {"image": ..., "text": ...}.'
        )
    image, text = _text(values, "image", where), _text(values, "text", where)
    split = values.get("split", "")
    if split not in ("", *SPLITS):
        raise InvalidPair(
            f"{where}: there is no split {json.dumps(split)[:60]}.", hint='Take "train" or "val".'
        )
    path = file.parent / image
    try:
        real = os.path.realpath(path)
    except ValueError as error:
        raise InvalidPair(f"{where}: {error}.", hint="Write the path of an image.") from None
    return Pair(number, path, os.path.relpath(real, os.path.realpath(file.parent)), text, split)


def _text(values: dict[str, Any], name: str, where: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidPair(f'{where} has no "{name}".', hint=f'Give "{name}" as a text.')
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidPair(
            f'{where}: "{name}" is no text: {error.reason}.', hint="Write it as UTF-8."
        ) from None
    return value.strip()


def _hash_share(image: str) -> float:
    """A number from 0 to 1, the hash of an image's name."""
    digest = hashlib.sha256(image.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64
