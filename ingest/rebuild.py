"""Index rebuild: from the library, for a new encoder or a dropped index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from ingest.choose import load_encoders, read_quantizations
from ingest.encoders.encoder import Encoder, Encoding
from ingest.event import Event, Indexed, Quantized
from ingest.index.encode import encode_document
from ingest.index.index import Index, drop_indexes, open_indexes
from ingest.index.inverted.update import update_lists
from ingest.index.quantization import Quantization
from ingest.index.sync import sync_records
from ingest.index.vocabulary.update_vocabulary import is_outdated, update_vocabulary
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.readers.clip_reader import ClipReader
from ingest.readers.limits import ReadLimits
from ingest.remove import finish_interrupted


def fill_indexes(
    home: Home,
    library: LibraryWriter,
    encoders: Sequence[str],
    load: Callable[[], list[tuple[Encoder, Index]]],
    limits: ReadLimits,
) -> Iterator[Event]:
    """Encode documents that an index lacks. Cheap where none is missing.

    Args:
        limits: of the worker that reads the clips of videos from their files.
    """
    documents = library.documents()
    there = {index.manifest.encoder: index for index in open_indexes(home)}
    for index in there.values():
        sync_records(index, documents)
        index.records.close()
        update_lists(index, documents)
    lacking = {
        name
        for name in encoders
        if name not in there
        or not all(there[name].has(d) for d in documents)
        or is_outdated(there[name], documents)
    }
    if not documents or not lacking:
        return
    with closing(ClipReader(library, limits)) as add_clips:
        for encoder, index in load():
            if encoder.name not in lacking:
                continue
            for document in documents:
                if not index.has(document):
                    encode_document(library, encoder, index, document, add_clips)
                    library.touch()
                    yield Indexed(document, encoder.name)
            update_lists(index, documents)
            update_vocabulary(encoder, index, library)


def quantize(
    home: Home, library: LibraryWriter, encoders: Sequence[str], quantization: Quantization
) -> Iterator[Event]:
    """Convert the indexes of some encoders to a quantization, from the rows they hold.

    The writer's lock must be held.

    Raises:
        LossyConversion: an index holds int8 rows, and fp16 ones are wanted.
    """
    documents = library.documents()
    for index in open_indexes(home):
        if index.manifest.encoder in encoders and index.quantize(quantization, documents):
            library.touch()
            yield Quantized(index.manifest.encoder, quantization)
        index.records.close()


def rebuild_indexes(
    home: Home,
    encoders: Sequence[str],
    encoding: Encoding,
    *,
    dpi: int,
    limits: ReadLimits | None = None,
    quantization: Quantization | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Event]:
    """Drop every index and encode the library for `encoders` again.

    Args:
        dpi: what the pages were rendered at, for the manifests to remember.
        limits: of the worker that reads the clips of videos from their files.
        storage: how rows are kept, None as each index has them.
        on_wait: called once if another writer is waited for.

    Raises:
        What `ingest.choose.load_encoders` raises, before anything is dropped; HomeBusy, LibraryNotFound.
    """
    with home.writing(on_wait=on_wait):
        library = LibraryWriter(home)
        finish_interrupted(home, library)
        # Loaded first: what cannot be loaded drops nothing, and the old manifests say how to merge.
        wanted = load_encoders(home, encoders, encoding)
        before = read_quantizations(home)
        drop_indexes(home)
        loaded = [
            (
                encoder,
                Index.create(home, encoder, quantization or before.get(encoder.name), dpi=str(dpi)),
            )
            for encoder in wanted
        ]
        try:
            limits = limits or ReadLimits()
            yield from fill_indexes(home, library, encoders, lambda: loaded, limits)
        finally:
            for _, index in loaded:
                index.records.close()
