"""Other engines on the same pages: Chroma's recipe, scan, Qdrant, LanceDB, PLAID.

Each is used as its own documentation shows it for multi-vectors, is filled from
a home's pages in the folder PEERS of that home, and is opened again where it
exists. The recipe queries the nearest patches of each token, fetches every patch
of the pages met, and scores those. The full scan scores every page with
colpali-engine, as byaldi does. Qdrant runs in its client, in local mode, which
has no graph and scores every page; LanceDB lies on disk, without an index (it
scores every row) and with one of inverted lists of 8-bit product codes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.made_home import read_pages

TOKEN_NEIGHBOURS = 50
TOP = 10
Find = Callable[[npt.NDArray[np.float32]], str]


class Missing(Exception):
    """A peer is not installed."""


def patches(root: Path) -> tuple[Find, int]:
    """Chroma, a record a patch."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        str(root / "peers" / "patches"), Settings(anonymized_telemetry=False)
    )
    collection: Any = client.get_or_create_collection(
        "patches", embedding_function=None, configuration={"hnsw": {"space": "ip"}}
    )
    if not collection.count():
        for key, rows in read_pages(root):
            collection.add(
                ids=[f"{key}-{i}" for i in range(len(rows))],
                embeddings=rows.astype(np.float32),
                metadatas=[{"page": key}] * len(rows),
            )

    def find(question: npt.NDArray[np.float32]) -> str:
        near = collection.query(
            query_embeddings=question, n_results=TOKEN_NEIGHBOURS, include=["metadatas"]
        )
        met = sorted({str(m["page"]) for token in near["metadatas"] for m in token})
        scores = []
        for key in met:
            held = collection.get(where={"page": key}, include=["embeddings"])["embeddings"]
            scores.append(float((question @ np.asarray(held).T).max(axis=1).mean()))
        return met[int(np.argmax(scores))]

    return find, collection.count()


def scan(root: Path) -> tuple[Find, int]:
    """Every page in memory, scored by colpali-engine."""
    import torch
    from colpali_engine.utils.processing_utils import BaseVisualRetrieverProcessor

    keys, tensors = [], []
    for key, rows in read_pages(root):
        keys.append(key)
        tensors.append(torch.from_numpy(rows.astype(np.float32)))

    def find(question: npt.NDArray[np.float32]) -> str:
        scores = BaseVisualRetrieverProcessor.score_multi_vector(
            [torch.from_numpy(question)], tensors, device="cpu"
        )
        return keys[int(scores[0].argmax())]

    return find, 0


def qdrant(root: Path) -> tuple[Find, int]:
    """Qdrant's client in local mode, a point a page, MaxSim of cosines."""
    try:
        from qdrant_client import QdrantClient, models
    except ImportError:
        raise Missing("qdrant-client is not installed") from None

    client = QdrantClient(":memory:")
    client.create_collection(
        "pages",
        vectors_config=models.VectorParams(
            size=128,
            distance=models.Distance.COSINE,
            multivector_config=models.MultiVectorConfig(
                comparator=models.MultiVectorComparator.MAX_SIM
            ),
        ),
    )
    for number, (key, rows) in enumerate(read_pages(root)):
        point = models.PointStruct(
            id=number, vector=rows.astype(np.float32).tolist(), payload={"page": key}
        )
        client.upsert("pages", [point])

    def find(question: npt.NDArray[np.float32]) -> str:
        found = client.query_points("pages", query=question.tolist(), limit=TOP)
        return str((found.points[0].payload or {})["page"])

    return find, int(client.count("pages").count)


def lance(root: Path) -> tuple[Find, int]:
    """LanceDB, a row a page, every row scored."""
    return _lance(root, indexed=False)


def lance_indexed(root: Path) -> tuple[Find, int]:
    """LanceDB, a row a page, through its index at its default settings."""
    return _lance(root, indexed=True)


def _lance(root: Path, indexed: bool) -> tuple[Find, int]:
    try:
        import lancedb
        import pyarrow as pa
    except ImportError:
        raise Missing("lancedb is not installed") from None

    name = "indexed" if indexed else "plain"
    folder = root / "peers" / f"lance-{name}"
    database = lancedb.connect(folder)
    if folder.joinpath("pages.lance").exists():
        table = database.open_table("pages")
    else:
        vector = pa.list_(pa.list_(pa.float16(), 128))
        schema = pa.schema([pa.field("page", pa.string()), pa.field("vector", vector)])

        def batches() -> Any:
            for key, rows in read_pages(root):
                inner = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), 128)
                vectors = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), inner)
                yield pa.RecordBatch.from_arrays([pa.array([key]), vectors], schema=schema)

        table = database.create_table("pages", batches(), schema=schema)
        if indexed:
            table.create_index(metric="cosine", vector_column_name="vector")

    def find(question: npt.NDArray[np.float32]) -> str:
        asked: Any = table.search(question).distance_type("cosine")
        return str(asked.select(["page"]).limit(TOP).to_list()[0]["page"])

    return find, int(table.count_rows())


def plaid(root: Path) -> tuple[Find, int]:
    """fast-plaid, which is pylate's PLAID too, at its default settings."""
    try:
        import torch
        from fast_plaid import search
    except ImportError:
        raise Missing("fast-plaid is not installed") from None

    folder = root / "peers" / "plaid"
    keys, rows = zip(*read_pages(root), strict=True)
    there = folder.exists()
    index = search.FastPlaid(index=str(folder), device="cpu")
    if not there:
        index.create([torch.from_numpy(np.array(some)).float() for some in rows])

    def find(question: npt.NDArray[np.float32]) -> str:
        asked = torch.from_numpy(question)[None]
        found = index.search(asked, top_k=TOP, show_progress=False)
        return str(keys[found[0][0][0]])

    return find, len(keys)


PEERS: dict[str, Callable[[Path], tuple[Find, int]]] = {
    "patches": patches,
    "scan": scan,
    "qdrant": qdrant,
    "lance": lance,
    "lance_indexed": lance_indexed,
    "plaid": plaid,
}
