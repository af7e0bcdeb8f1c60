"""Slice file: consecutive pages of a document, read and encoded, as safetensors.

The tensor `about` is compressed JSON: the file's inspection, the pages' words, and the
offsets into `images` and into each encoder's `N.vectors` and `N.boxes`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from ingest.files.render import Inspection
from ingest.page import Page, PageVectors, Rendered, Word

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Slice:
    """Pages of a document with what each encoder, by name, made of them.

    The vectors are `Rendered.prepared` of the pages. `title` is the document's.
    """

    inspection: Inspection
    title: str
    pages: list[Rendered]


def pack_slice(
    inspection: Inspection,
    title: str,
    pages: Sequence[Rendered],
    encoded: Mapping[str, Sequence[PageVectors]],
) -> bytes:
    """Pack pages with their vectors; numbers stay exact."""
    tensors = {"images": np.frombuffer(b"".join(page.image for page in pages), np.uint8)}
    rows: dict[str, list[int]] = {}
    for at, (name, vectors) in enumerate(encoded.items()):
        tensors[f"{at}.vectors"] = np.concatenate([seen.vectors for seen in vectors])
        tensors[f"{at}.boxes"] = np.concatenate([seen.boxes for seen in vectors])
        rows[name] = _offsets([len(seen.vectors) for seen in vectors])
    about = {
        "inspection": asdict(inspection),
        "title": title,
        "pages": [_pack_page(page) for page in pages],
        "images": _offsets([len(page.image) for page in pages]),
        "rows": rows,
    }
    packed = zlib.compress(json.dumps(about, separators=(",", ":")).encode("ascii"))
    tensors["about"] = np.frombuffer(packed, np.uint8)
    return bytes(save({name: np.ascontiguousarray(rows) for name, rows in tensors.items()}))


def unpack_slice(packed: bytes, document_id: str, name: str) -> Slice:
    """Unpack what `pack_slice` packed, for a document of this id and name."""
    tensors = load(packed)
    about = json.loads(zlib.decompress(tensors["about"].tobytes()))
    vectors = {
        encoder: [
            PageVectors(tensors[f"{at}.vectors"][start:end], tensors[f"{at}.boxes"][start:end])
            for start, end in pairwise(offsets)
        ]
        for at, (encoder, offsets) in enumerate(about["rows"].items())
    }
    images = tensors["images"].tobytes()
    pages = [
        _unpack_page(
            values,
            Page(document_id, values["number"], name),
            images[start:end],
            {encoder: each[at] for encoder, each in vectors.items()},
        )
        for at, (values, (start, end)) in enumerate(
            zip(about["pages"], pairwise(about["images"]), strict=True)
        )
    ]
    return Slice(Inspection(**about["inspection"]), about["title"], pages)


def _offsets(lengths: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(lengths, dtype=int).tolist()]


def _pack_page(page: Rendered) -> dict[str, Any]:
    return {
        "number": page.page.number,
        "size": [page.width, page.height],
        "words": [[w.text, _box(w.box), w.block, w.role, _box(w.rest)] for w in page.words],
        "figures": [_box(figure) for figure in page.figures],
        "source": page.source,
        "note": page.note,
        "unreadable": page.unreadable,
        "label": page.label,
    }


def _unpack_page(
    values: dict[str, Any], page: Page, image: bytes, prepared: dict[str, PageVectors]
) -> Rendered:
    width, height = values["size"]
    return Rendered(
        page,
        image,
        width,
        height,
        tuple(
            Word(text, tuple(box), block, role, tuple(rest) if rest else None)
            for text, box, block, role, rest in values["words"]
        ),
        tuple(tuple(figure) for figure in values["figures"]),
        values["source"],
        prepared=prepared,
        note=values["note"],
        unreadable=values["unreadable"],
        label=values["label"],
    )


def _box(box: Sequence[float] | None) -> list[float] | None:
    return [float(edge) for edge in box] if box else None
