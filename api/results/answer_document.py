"""Answer as a document: Markdown, or a web page that holds its pictures itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from api.rag.label_numbers import LabelNumbers, number_footnotes
from api.rag.neutral_markdown import escape_markdown, neutralize
from api.results import html
from api.results.page_image import crop_page_image
from ingest.error import StorageError

if TYPE_CHECKING:
    from api.rag.evidence import RetrievedEvidence
    from api.results.page_images import PageImages
    from generation.answer import Answer

CROP = 1_000
"""Pixels of a cited crop's longer side."""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d1d1f;background:#fff}h1{font-size:1.4rem}figure{margin:1.5rem 0}"
    "img{max-width:100%;height:auto}figcaption,footer{color:#555;font-size:.9rem}"
)


class PageNotSaved(StorageError):
    """A page cannot be written where it was asked for."""

    code = "page-not-saved"


def answer_markdown(answer: Answer, evidence: RetrievedEvidence) -> str:
    """Answer in Markdown, cited pages as footnotes; its text loads and links nothing."""
    numbers = _numbers(evidence, "[^{}]")
    text = numbers.feed(neutralize(answer.text)) + numbers.end()
    notes = [
        f"[^{note.number}]: {escape_markdown(str(note))}"
        for note in number_footnotes(answer.citations, numbers)
    ]
    parts = [f"## {escape_markdown(answer.question)}", text.strip(), "\n".join(notes)]
    if answer.note:
        parts.append(f"*{escape_markdown(answer.note)}*")
    return "\n\n".join(filter(None, parts)) + "\n"


def answer_html(answer: Answer, evidence: RetrievedEvidence, images: PageImages) -> str:
    """Answer as a web page with the cited crops embedded, their quotes marked.

    It needs no other file and loads none; all text is escaped.

    Raises:
        PageNotFound: a cited page has been removed.
    """
    numbers = _numbers(evidence)
    text = html.escape(numbers.feed(answer.text) + numbers.end())
    figures = [
        f"<figure><figcaption>[{note.number}] {html.escape(str(note))}</figcaption>"
        f"{html.image(crop_page_image(images, note.page, note.boxes), str(note.page), CROP)}"
        "</figure>"
        for note in number_footnotes(answer.citations, numbers)
    ]
    title, said = html.escape(answer.question), html.escape(answer.note)
    footer = f"<footer>{said}</footer>" if said else ""
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{title}</h1>\n<p>{text}</p>\n{''.join(figures)}{footer}</body></html>\n"
    )


def save_answer(
    path: Path, answer: Answer, evidence: RetrievedEvidence, images: PageImages
) -> Path:
    """Write an answer as a web page that holds its pictures.

    Raises:
        PageNotFound: a cited page has been removed.
        PageNotSaved: the file is not called .html, or cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise PageNotSaved(
            f"{path} is no name of a web page.", hint="Give a name that ends in .html."
        )
    try:
        path.write_text(answer_html(answer, evidence, images), encoding="utf-8")
    except OSError as error:
        raise PageNotSaved(
            f"{path} cannot be written: {error.strerror}.",
            hint="Give a file in a folder that can be written.",
        ) from error
    return path


def _numbers(evidence: RetrievedEvidence, form: str = "[{}]") -> LabelNumbers:
    return LabelNumbers((page.label for page in evidence.prompt.evidence), form)
