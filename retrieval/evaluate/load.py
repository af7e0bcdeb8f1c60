"""Dataset loader: detects the format of a folder and reads it."""

from __future__ import annotations

from pathlib import Path

from retrieval.evaluate.beir import CORPUS, read_beir
from retrieval.evaluate.dataset import Dataset, InvalidDataset
from retrieval.evaluate.manifest_set import FILE, read_manifest_set
from retrieval.evaluate.vidore import find_tables, read_vidore


def read_datasets(folder: Path, written: Path, split: str | None = None) -> list[Dataset]:
    """Read the datasets of a folder: one, or one for each language of its manifest.

    Args:
        written: the folder for images extracted from other files.
        split: of BEIR and ViDoRe datasets.

    Raises:
        InvalidDataset: the format is unknown, or a file is invalid.
        MissingExtra: pyarrow is not installed.
    """
    if (folder / FILE).is_file():
        return read_manifest_set(folder)
    if (folder / CORPUS).is_file():
        return [read_beir(folder, written, split)]
    if folder.is_dir() and find_tables(folder):
        return [read_vidore(folder, written, split)]
    raise InvalidDataset(
        f"There is no set of questions in {folder}.",
        hint=f"Give a folder with {FILE}, {CORPUS} or parquet files; see docs/eval.md.",
    )
