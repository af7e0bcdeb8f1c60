"""BEIR reader: corpus.jsonl, queries.jsonl and qrels/*.tsv, with page images.

An entry's image is the file that its `image` (or `image_path`, `image_filename`,
`file`) names, or images/ID.* in the folder. An entry of text alone is set as a PDF;
entries are ranked, each by its best page.
"""

from __future__ import annotations

import hashlib
import html
import io
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ingest.disk.atomic import write_atomically
from ingest.files.formats.kinds import IMAGE_SUFFIXES
from retrieval.evaluate.dataset import (
    Dataset,
    InvalidDataset,
    Question,
    SplitNotFound,
    Target,
    validate,
)
from retrieval.evaluate.table import Row, read_lines, read_text, text, texts

CORPUS = "corpus.jsonl"
IMAGE_FIELDS = ("image", "image_path", "image_filename", "file")
LABELS = ("language", "content_type", "query_types", "query_format")
Grades = Mapping[str, Mapping[str, float]]


def read_beir(folder: Path, written: Path, split: str | None = None) -> Dataset:
    """Read a BEIR dataset.

    Args:
        written: the folder for PDFs made of text entries.
        split: the name of the file in qrels/; None takes test, or the only one.

    Raises:
        InvalidDataset: a file is missing, or a line is invalid.
    """
    items, clusters = {}, {}
    for where, row in read_lines(folder / CORPUS):
        key = text(row, where, "_id", "id")
        items[key] = _file(folder, key, row, where, written)
        meta = row.get("metadata")
        clusters[key] = str((meta if isinstance(meta, dict) else row).get("doc_id") or "")
    queries = {
        text(row, where, "_id", "id"): row for where, row in read_lines(folder / "queries.jsonl")
    }
    grades = _read_qrels(_qrels_file(folder / "qrels", split), items)
    return assemble(folder, "beir", items, clusters, queries, grades)


def assemble(
    source: Path,
    format: str,
    items: Mapping[str, Path],
    clusters: Mapping[str, str],
    queries: Mapping[str, Row],
    grades: Grades,
) -> Dataset:
    """Dataset of a corpus, queries and relevance judgements.

    Queries without judgements are left out.
    """
    questions = []
    for key, row in queries.items():
        right: dict[Target, float] = {
            (item, None): grade for item, grade in grades.get(key, {}).items() if grade > 0
        }
        if not right:
            continue
        labels = {name: texts(row.get(name)) for name in LABELS}
        labels = {name: values for name, values in labels.items() if values}
        cluster = clusters.get(next(iter(right))[0], "")
        query = text(row, f"query {key}", "text", "query")
        questions.append(Question(key, query, right, None, labels, cluster))
    name = source.resolve().name
    left_out = len(queries) - len(questions)
    return validate(Dataset(name, format, "pages", items, questions, left_out), source)


def pick_split(names: set[str], split: str | None, where: Path) -> str:
    """The split by name, or test, or the only one.

    Raises:
        SplitNotFound: there is no such split, or several to choose from.
    """
    for name in (split,) if split else ("test", *(names if len(names) == 1 else ())):
        if name in names:
            return str(name)
    there = ", ".join(sorted(names)) or "none"
    raise SplitNotFound(
        f"{where} has no split {split or 'test'!r}, but {there}.",
        hint="Name one of these splits.",
    )


def _file(folder: Path, key: str, row: Row, where: str, written: Path) -> Path:
    named = next((row[f] for f in IMAGE_FIELDS if isinstance(row.get(f), str)), None)
    places = (
        [folder / named, folder / "images" / named]
        if named
        else [folder / "images" / f"{key}{suffix}" for suffix in sorted(IMAGE_SUFFIXES)]
    )
    for place in places:
        if place.is_file():
            return place
    words = "\n\n".join(str(row[f]) for f in ("title", "text") if row.get(f))
    if named or not words.strip():
        raise InvalidDataset(
            f"{where}: there is no image {named or f'images/{key}.*'}.",
            hint="Add the file, or name it in a field `image`.",
        )
    return _write_pdf(words, written)


def _write_pdf(words: str, written: Path) -> Path:
    """Write words as a PDF named by their hash; its path."""
    path = written / f"{hashlib.sha256(words.encode()).hexdigest()[:20]}.pdf"
    if path.exists():
        return path
    import pymupdf

    story = pymupdf.Story(f"<p>{html.escape(words).replace(chr(10), '<br>')}</p>")
    paper = pymupdf.paper_rect("a4")
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    more = 1
    while more:
        device = writer.begin_page(paper)
        more, _ = story.place(paper + pymupdf.Rect(54, 54, -54, -54))
        story.draw(device)
        writer.end_page()
    writer.close()
    written.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())
    return path


def _qrels_file(folder: Path, split: str | None) -> Path:
    names = {path.stem for path in folder.glob("*.tsv")}
    return folder / f"{pick_split(names, split, folder)}.tsv"


def _read_qrels(path: Path, items: Mapping[str, Path]) -> Grades:
    """Grades by query and item, of BEIR's three columns or TREC's four."""
    grades: dict[str, dict[str, float]] = defaultdict(dict)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        cells = line.split("\t") if "\t" in line else line.split()
        if not cells or (number == 1 and "id" in cells[0]):
            continue
        where = f"qrels/{path.name}, line {number}"
        try:
            query, item, grade = cells[0], cells[-2], float(cells[-1])
            if len(cells) not in (3, 4):
                raise ValueError(f"{len(cells)} columns")
        except (ValueError, IndexError) as error:
            raise InvalidDataset(
                f"{where} is not a judgement: {error}.",
                hint="Write query-id, corpus-id and score with tabs between them.",
            ) from None
        if item not in items:
            raise InvalidDataset(f"{where}: {item!r} is not in {CORPUS}.", hint="Add it there.")
        grades[query][item] = grade
    return grades
