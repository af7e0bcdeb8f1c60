"""Several devices at once: a process each, pages dealt out among them.

A process, not a thread: one interpreter cannot feed two GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.encoders.encoder import DeviceUnavailable, Encoder, Encoding, Preparer
from ingest.encoders.load import load_encoder
from ingest.page import PageVectors, QueryVectors, Rendered
from ingest.worker import start_pool, start_worker


class MultiDeviceEncoder:
    """One encoder on every device of `encoding.device`, which names them with commas.

    Raises:
        DeviceUnavailable: one of them is not there; what `load_encoder` raises.
    """

    def __init__(self, spec: str, encoding: Encoding) -> None:
        devices = [device.strip() for device in encoding.device.split(",")]
        if not all(devices) or "auto" in devices:
            raise DeviceUnavailable(
                f"{encoding.device!r} does not name devices.",
                hint="Say which, such as --device cuda:0,cuda:1.",
            )
        self._ships = [
            start_pool(1, _launch, (spec, replace(encoding, device=device))) for device in devices
        ]
        # All load at once; the first one speaks for the others.
        signs = [ship.submit(_describe) for ship in self._ships]
        self._about, *_ = [sign.result() for sign in signs]
        self.name, self.model, self.dim = self._about.name, self._about.model, self._about.dim
        self.modality, self.cosine_range = self._about.modality, self._about.cosine_range
        self.provenance = self._about.provenance
        self.batch_pages = self._about.batch_pages * len(devices)

    def preparer(self) -> Preparer | None:
        """The encoder's own."""
        return self._about.prepare

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """As one encoder would, each device a share of the pages."""
        shares = [pages[i :: len(self._ships)] for i in range(len(self._ships))]
        coming = [
            ship.submit(_encode_pages, share)
            for ship, share in zip(self._ships, shares, strict=True)
        ]
        encoded: list[PageVectors | None] = [None] * len(pages)
        for i, share in enumerate(coming):
            encoded[i :: len(self._ships)] = share.result()
        return [page for page in encoded if page is not None]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """On the first device."""
        return self._ships[0].submit(_encode_queries, list(queries)).result()


class _About:
    """What the parent needs to know of an encoder that lives elsewhere."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.model, self.dim = encoder.name, encoder.model, encoder.dim
        self.modality, self.cosine_range, self.provenance = (
            encoder.modality,
            encoder.cosine_range,
            encoder.provenance,
        )
        self.batch_pages, self.prepare = encoder.batch_pages, encoder.preparer()


_encoder: Encoder | None = None
_fault: Exception | None = None


def _launch(spec: str, encoding: Encoding) -> None:
    global _encoder, _fault
    start_worker(niceness=0)
    try:
        _encoder = load_encoder(spec, encoding)
    except Exception as error:
        # Told by the first task: an initializer that raises only says that the pool is broken.
        _fault = error


def _loaded() -> Encoder:
    if _fault:
        raise _fault
    assert _encoder is not None
    return _encoder


def _describe() -> _About:
    return _About(_loaded())


def _encode_pages(pages: Sequence[Rendered]) -> list[PageVectors]:
    return _loaded().encode_pages(pages)


def _encode_queries(queries: Sequence[str]) -> list[QueryVectors]:
    return _loaded().encode_queries(queries)
