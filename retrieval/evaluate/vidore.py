"""ViDoRe reader: parquet files, or a folder written by `save_to_disk` of datasets.

Two schemas (https://huggingface.co/vidore). Version 1 is one table with a row for
each `query`, its `image` and `image_filename`; later versions, and the BEIR
forms of the first, have three: corpus, queries and qrels.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.disk.atomic import write_atomically
from ingest.extras import require
from retrieval.evaluate.beir import LABELS, assemble, pick_split
from retrieval.evaluate.dataset import Dataset, InvalidDataset, Question, validate
from retrieval.evaluate.table import Row, texts

TABLES = ("corpus", "queries", "qrels")
BATCH = 16
"""Rows read at once: a row may contain a page image."""


def find_tables(folder: Path) -> list[Path]:
    """The parquet and Arrow files of a folder."""
    found = [*folder.rglob("*.parquet"), *folder.rglob("*.arrow")]
    return sorted(path for path in found if not path.name.startswith((".", "cache-")))


def read_vidore(folder: Path, written: Path, split: str | None = None) -> Dataset:
    """Read a ViDoRe dataset.

    Args:
        written: the folder for its images.
        split: None takes test, or the only one.

    Raises:
        MissingExtra: pyarrow is not installed.
        InvalidDataset: a table or a column is missing.
    """
    files = find_tables(folder)
    tables = {name: [path for path in files if _is_of(path, folder, name)] for name in TABLES}
    if all(tables.values()):
        return _read_three(folder, tables, written, split)
    return _read_one(folder, _of_split(files, folder, split), written)


def _read_three(
    folder: Path, tables: dict[str, list[Path]], written: Path, split: str | None
) -> Dataset:
    items, clusters, grades = {}, {}, defaultdict[str, dict[str, float]](dict)
    for where, row in _rows(_of_split(tables["corpus"], folder, split)):
        key = _id(row, where, "corpus_id", "_id", "id")
        items[key] = _write(row, where, written)
        clusters[key] = str(row.get("doc_id") or "")
    queries = {
        _id(row, where, "query_id", "_id", "id"): row
        for where, row in _rows(_of_split(tables["queries"], folder, split))
    }
    for where, row in _rows(_of_split(tables["qrels"], folder, split)):
        item = _id(row, where, "corpus_id")
        if item not in items:
            raise InvalidDataset(f"{where}: corpus has no {item}.", hint="Get the whole dataset.")
        score = row.get("score")
        grades[_id(row, where, "query_id")][item] = 1.0 if score is None else float(score)
    return assemble(folder, "vidore", items, clusters, queries, grades)


def _read_one(folder: Path, files: Sequence[Path], written: Path) -> Dataset:
    items: dict[str, Path] = {}
    relevant: dict[str, dict[tuple[str, int | None], float]] = defaultdict(dict)
    labels: dict[str, dict[str, tuple[str, ...]]] = {}
    for where, row in _rows(files):
        path = _write(row, where, written)
        key = str(row.get("image_filename") or path.name)
        items[key] = path
        query = str(row.get("query") or row.get("question") or "").strip()
        if query:
            relevant[query][key, None] = 1.0
            labels[query] = {name: values for name in LABELS if (values := texts(row.get(name)))}
    questions = [
        Question(str(number), query, right, None, labels[query])
        for number, (query, right) in enumerate(relevant.items(), 1)
    ]
    name = folder.resolve().name
    return validate(Dataset(name, "vidore", "pages", items, questions), folder)


def _is_of(path: Path, folder: Path, name: str) -> bool:
    parts = path.relative_to(folder).parts
    return name in parts[:-1] or parts[-1].startswith(name)


def _split(path: Path, folder: Path) -> str:
    """A file's split: from its name, or from its folder's for `save_to_disk`."""
    if not path.name.startswith("data-"):
        head = path.stem.split("-")[0]
        return "test" if head in TABLES else head
    parent = path.parent
    return "test" if parent == folder or parent.name in TABLES else parent.name


def _of_split(files: Sequence[Path], folder: Path, split: str | None) -> list[Path]:
    splits = {path: _split(path, folder) for path in files}
    wanted = pick_split(set(splits.values()), split, folder)
    return [path for path in files if splits[path] == wanted]


def _rows(files: Sequence[Path]) -> Iterator[tuple[str, Row]]:
    """Rows with their places; hyphens in column names become underscores."""
    require("pyarrow", extra="eval", feature="A dataset in parquet or Arrow files")
    import pyarrow as arrow  # type: ignore[import-not-found, import-untyped, unused-ignore]
    import pyarrow.parquet as parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]

    for path in files:
        number = 0
        try:
            if path.suffix == ".parquet":
                batches = parquet.ParquetFile(path).iter_batches(batch_size=BATCH)
            else:
                batches = iter(arrow.ipc.open_stream(arrow.memory_map(str(path))))
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH):
                    for row in batch.slice(start, BATCH).to_pylist():
                        number += 1
                        named = {key.replace("-", "_"): value for key, value in row.items()}
                        yield f"{path.name}, row {number}", named
        except (arrow.ArrowException, OSError) as error:
            raise InvalidDataset(
                f"{path} cannot be read: {error}.", hint="Get the file again."
            ) from error


def _id(row: Row, where: str, *names: str) -> str:
    for name in names:
        if row.get(name) is not None:
            return str(row[name])
    raise InvalidDataset(
        f"{where} has no {names[0]} among {', '.join(row)}.",
        hint="Give a ViDoRe dataset: docs/eval.md lists its columns.",
    )


def _write(row: Row, where: str, written: Path) -> Path:
    """Write a row's image as a file named by its hash; its path."""
    image: Any = row.get("image")
    data = image.get("bytes") if isinstance(image, dict) else image
    if not isinstance(data, bytes):
        raise InvalidDataset(
            f"{where} has no image in its column `image`.",
            hint="Save the dataset with its images embedded, as datasets does by default.",
        )
    suffix = ".png" if data.startswith(b"\x89PNG") else ".jpg"
    path = written / f"{hashlib.sha256(data).hexdigest()[:20]}{suffix}"
    if not path.exists():
        written.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    return path
