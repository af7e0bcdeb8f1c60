"""Answer on the terminal: its text as it streams, footnotes, or a document."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from api.cli.options import AnswerFormat
from api.cli.terminal import Terminal
from api.printable import plain
from api.rag.answer import AnsweredQuery, Piece
from api.rag.evidence import RetrievedEvidence
from api.rag.label_numbers import LabelNumbers, number_footnotes
from api.results.page_images import PageImages
from generation.answer import Answer, Usage


class AnswerView:
    """Shows the answers of a conversation, and each note once."""

    def __init__(self, terminal: Terminal, format: AnswerFormat) -> None:
        self._terminal = terminal
        self._format = format
        self._numbers = LabelNumbers(())
        self._noted: set[str] = set()

    def begin(self, evidence: RetrievedEvidence) -> Callable[[Piece], None] | None:
        """Begin an answer; returns what prints its text, for people alone."""
        self._numbers = LabelNumbers(page.label for page in evidence.prompt.evidence)
        return self._print_piece if self._format is AnswerFormat.TEXT else None

    def show(self, answered: AnsweredQuery, images: PageImages, saved: Sequence[Path]) -> None:
        """Print what is left of an answer once it is whole."""
        answer, evidence = answered.answer, answered.evidence
        paths = [plain(str(path)) for path in saved]
        match self._format:
            case AnswerFormat.JSON:
                from api.schemas.answers import AnswerBody

                body = AnswerBody.of(answer, evidence).model_dump()
                self._terminal.record({**body, "saved": paths})
                return
            case AnswerFormat.MD:
                from api.results.answer_document import answer_markdown

                document = answer_markdown(answer, evidence)
                self._terminal.result("\n".join(map(plain, document.split("\n"))))
            case AnswerFormat.HTML:
                from api.results.answer_document import answer_html

                self._terminal.result(answer_html(answer, evidence, images))
            case AnswerFormat.TEXT:
                self._show_notes(answer)
        # A document on stdout has nothing else beside it.
        say = self._terminal.result if self._format is AnswerFormat.TEXT else self._terminal.note
        for path in paths:
            say(f"saved {path}")

    def _print_piece(self, piece: Piece) -> None:
        if isinstance(piece, str):
            _write(self._numbers.feed(piece))

    def _show_notes(self, answer: Answer) -> None:
        _write(self._numbers.end())
        terminal = self._terminal
        terminal.result()
        if answer.declined and (line := confidence_line(answer.confidence, answer.threshold)):
            terminal.result(line)
        if answer.citations:
            terminal.result()
        for note in number_footnotes(answer.citations, self._numbers):
            terminal.result(f"[{note.number}] {plain(str(note))}")
        if answer.dropped_labels:
            count = answer.dropped_labels
            terminal.note(f"{count} of the labels in the text name{'s' * (count == 1)} no page.")
        if answer.note and answer.note not in self._noted:
            self._noted.add(answer.note)
            terminal.note(answer.note)
        if answer.usage.input_tokens:
            terminal.note(usage_line(answer.usage))


def confidence_line(confidence: float | None, threshold: float | None) -> str:
    """Line on a confidence below its threshold; empty for any other.

    It has digits enough to tell the two apart.
    """
    if confidence is None or threshold is None or confidence >= threshold:
        return ""
    digits = 2
    while f"{confidence:.{digits}f}" == f"{threshold:.{digits}f}":
        digits += 1
    return f"Confidence {confidence:.{digits}f}, below the threshold of {threshold:.{digits}f}."


def usage_line(usage: Usage) -> str:
    """Tokens and cost of an answer, in a line."""
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    cost = "" if usage.cost is None else f", about ${usage.cost:.4f}"
    return (
        f"{plain(usage.model)}: {usage.input_tokens:,} tokens in{cached},"
        f" {usage.output_tokens:,} out{cost}."
    )


def _write(text: str) -> None:
    sys.stdout.write("\n".join(map(plain, text.split("\n"))))
    sys.stdout.flush()
