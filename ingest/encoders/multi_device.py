"""Multi-device encoder: one worker process per device, pages shared among them.

Processes and not threads, because one interpreter cannot keep two GPUs busy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.encoders.encoder import (
    DescribedEncoder,
    DeviceUnavailable,
    Encoder,
    EncoderFacts,
    Encoding,
    Preparer,
)
from ingest.page import PageVectors, QueryVectors, Rendered
from ingest.worker import start_pool, start_worker

LoadEncoder = Callable[[str, Encoding], Encoder]
"""Loads an encoder by name. A module-level function, so that it pickles by its path."""


class MultiDeviceEncoder(DescribedEncoder):
    """Encoder that runs one copy of another encoder on each of several devices.

    Args:
        spec: the encoder's name, as `load` takes it.
        encoding: its `device` names the devices, separated by commas.
        load: called in each worker process to load the encoder.

    Raises:
        DeviceUnavailable: one of the devices is not available.
        What `load` raises.
    """

    def __init__(self, spec: str, encoding: Encoding, load: LoadEncoder) -> None:
        devices = [device.strip() for device in encoding.device.split(",")]
        if not all(devices) or "auto" in devices:
            raise DeviceUnavailable(
                f"{encoding.device!r} is not a list of devices.",
                hint="Name each device, such as cuda:0,cuda:1.",
            )
        self._pools = [
            start_pool(1, _start, (load, spec, replace(encoding, device=device)))
            for device in devices
        ]
        # All load at the same time; they are copies, so the first describes them all.
        pending = [pool.submit(_describe) for pool in self._pools]
        facts, *_ = [future.result() for future in pending]
        super().__init__(facts)
        self.batch_pages *= len(devices)
        self._preparer = facts.preparer

    def preparer(self) -> Preparer | None:
        """The wrapped encoder's preparer."""
        return self._preparer

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages, an equal share on each device; see `Encoder`."""
        shares = [pages[i :: len(self._pools)] for i in range(len(self._pools))]
        pending = [
            pool.submit(_encode_pages, share)
            for pool, share in zip(self._pools, shares, strict=True)
        ]
        encoded: list[PageVectors | None] = [None] * len(pages)
        for i, future in enumerate(pending):
            encoded[i :: len(self._pools)] = future.result()
        return [page for page in encoded if page is not None]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries on the first device; see `Encoder`."""
        return self._pools[0].submit(_encode_queries, list(queries)).result()


_encoder: Encoder | None = None
_load_error: Exception | None = None


def _start(load: LoadEncoder, spec: str, encoding: Encoding) -> None:
    global _encoder, _load_error
    start_worker(niceness=0)
    try:
        _encoder = load(spec, encoding)
    except Exception as error:
        # Raised by the first task: an initializer that raises only breaks the pool, without a reason.
        _load_error = error


def _loaded() -> Encoder:
    if _load_error:
        raise _load_error
    assert _encoder is not None
    return _encoder


def _describe() -> EncoderFacts:
    return EncoderFacts.of(_loaded())


def _encode_pages(pages: Sequence[Rendered]) -> list[PageVectors]:
    return _loaded().encode_pages(pages)


def _encode_queries(queries: Sequence[str]) -> list[QueryVectors]:
    return _loaded().encode_queries(queries)
