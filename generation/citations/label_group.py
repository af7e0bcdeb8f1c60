"""Label groups: labels that stand together, and the quote that ends before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from generation.citations import gap
from generation.citations.labels import Label, find_labels
from generation.citations.marks import QuoteMarks


@dataclass(slots=True)
class LabelGroup:
    """Labels that share their quotes.

    `closer` is the offset of the mark that ends the quote before them.
    """

    labels: list[Label]
    closer: int | None = None

    @property
    def start(self) -> int:
        """Offset where the first label begins."""
        return self.labels[0].start

    @property
    def end(self) -> int:
        """Offset where the last label ends."""
        return self.labels[-1].end

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of all labels, each once."""
        return tuple(dict.fromkeys(n for label in self.labels for n in label.numbers))

    def end_of(self, number: int) -> int:
        """Offset where the label with a number ends."""
        return next(label.end for label in self.labels if number in label.numbers)


def group_labels(text: str, marks: QuoteMarks) -> list[LabelGroup]:
    """Group the labels of a text.

    Those inside a quote with a label of its own are left out.
    """
    labels = list(find_labels(text))
    closers = [_closer_of(text, marks, label) for label in labels]
    return list(_group(text, _outside_quotes(labels, closers, marks)))


def _group(text: str, labels: Iterable[tuple[Label, int | None]]) -> Iterator[LabelGroup]:
    group: LabelGroup | None = None
    for label, closer in labels:
        if group is None:
            group = LabelGroup([label], closer)
            continue
        own = closer if closer is not None and closer >= group.end else None
        if own is None and gap.joins_labels(text[group.end : label.start]):
            group.labels.append(label)
        else:
            yield group
            group = LabelGroup([label], own)
    if group is not None:
        yield group


def _closer_of(text: str, marks: QuoteMarks, label: Label) -> int | None:
    closer = marks.closer_before(label.start)
    if closer is None or label.start - closer > gap.MAX_GAP:
        return None
    return closer if gap.joins_label(text[closer + 1 : label.start]) else None


def _outside_quotes(
    labels: Sequence[Label], closers: Sequence[int | None], marks: QuoteMarks
) -> Iterator[tuple[Label, int | None]]:
    """Labels that are no words of a quote which a label follows."""
    ends = sorted((marks.pairs[c], c) for c in {*closers} if c is not None and c in marks.pairs)
    at, reach = 0, -1
    for label, closer in zip(labels, closers, strict=True):
        while at < len(ends) and ends[at][0] < label.start:
            reach = max(reach, ends[at][1])
            at += 1
        if label.start >= reach:
            yield label, closer
