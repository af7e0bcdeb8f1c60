"""Extractive model: the best sentences of the evidence, without a language model.

Scores each passage of the evidence by the question's terms in it, by the cosine
of the MiniLM vectors, and by the score of its region in the search. Declines
where the confidence is low (`generation.extractive.confidence`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generation.answer import SelfAssessment, Usage
from generation.extractive.asked_forms import AskedForms
from generation.extractive.confidence import THRESHOLD, Features, confidence
from generation.extractive.main_passages import main_passages
from generation.extractive.passage import Passage, heads_of, read_passages, with_neighbour
from generation.extractive.scoring import (
    COSINE_WEIGHT,
    SHORTLIST,
    Scorer,
    best_first,
    latin_share,
    named_share,
)
from generation.extractive.yes_no import is_about
from generation.prompt import Prompt
from ingest.encoders.embedded.minilm import MiniLmEncoder, load_minilm
from retrieval.query.syntax import parse_query
from retrieval.query.terms import content_stems

NOTE = (
    "No language model was used: these are sentences from the pages that match the question best, "
    "word for word."
)
NOTHING = "Nothing in these pages answers the question well enough."
NO_WORDS = "There are no words to quote on these pages."

MAX_QUOTES = 3
MAX_GAP = 0.15
"""A further quote is given where its score is at most this far below the best."""

_PAIRS = (('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen passages, best first, features of the best, and what missing forms cost."""

    passages: tuple[Passage, ...]
    features: Features
    forms_factor: float = 1.0


class Extractive:
    """Extractive question answering.

    Args:
        encoder: a loaded MiniLM to share; by default it loads its own.

    Raises:
        WeightsMissing, WeightsChanged: from loading the encoder.
    """

    name = "extractive"
    uses_images = False
    chat = None

    def __init__(self, encoder: MiniLmEncoder | None = None) -> None:
        self._encoder = encoder or load_minilm(0)

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Stream a line `"quote" [label]` for each chosen passage, or that none is."""
        if prompt.task != "answer":
            yield from self._quote_pages(prompt)
            return
        choice = self.choose(prompt)
        sure = confidence(choice.features) * choice.forms_factor if choice.passages else 0.0
        if choice.passages and not self._is_about(prompt, _first_answer(choice.passages)):
            sure = min(sure, THRESHOLD / 2)
        declined = sure < THRESHOLD
        yield SelfAssessment(sure, THRESHOLD, declined, NOTE)
        if declined:
            yield NOTHING
            if prompt.evidence:
                nearest = choice.passages[0].evidence if choice.passages else prompt.evidence[0]
                yield f" The nearest page is [{nearest.label}]."
        else:
            for number, passage in enumerate(choice.passages):
                yield ("\n" if number else "") + _quotes(passage)
        yield Usage(self.name)

    def _is_about(self, prompt: Prompt, best: Passage) -> bool:
        page = content_stems(" ".join(word.text for word in best.evidence.words))
        return is_about(prompt.question, best.text, page, self._encoder)

    def _quote_pages(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Quote the main content of the pages, or of each the heading and first sentence."""
        chosen = main_passages(prompt)
        sure = 1.0 if chosen else 0.0
        yield SelfAssessment(sure, THRESHOLD, declined=not chosen, note=NOTE)
        if not chosen:
            yield NO_WORDS
        for number, passage in enumerate(chosen):
            yield ("\n" if number else "") + quoted(passage.text, passage.evidence.label)
        yield Usage(self.name)

    def features(self, prompt: Prompt) -> dict[str, float]:
        """Features of the confidence, by name; for fitting."""
        return self.choose(prompt).features.as_dict()

    def choose(self, prompt: Prompt) -> Choice:
        """Choose the one to three best passages, some joined with their label."""
        prompt = replace(prompt, question=parse_query(prompt.question).text)
        every = read_passages(prompt)
        asked = AskedForms.find(prompt.question, every)
        passages = asked.keep(every)
        scorer = Scorer(prompt.question, passages, asked, self._encoder)
        if not passages or not scorer.terms:
            return Choice((), Features())
        places = np.array([scorer.place(passage) for passage in passages])
        listed = best_first(places)[:SHORTLIST]
        shortlist = [passages[at] for at in listed]
        cosines = scorer.cosines(shortlist)
        totals = places[listed] + COSINE_WEIGHT * latin_share(scorer.terms) * cosines
        order = best_first(totals)
        best = order[0]
        chosen: list[Passage] = []
        for at in order[: 4 * MAX_QUOTES]:
            passage = with_neighbour(shortlist[at], passages, scorer.terms)
            if totals[at] >= totals[best] - MAX_GAP and not any(_same(passage, c) for c in chosen):
                chosen += [*heads_of(passage, passages, chosen, scorer.stems), passage]
        features = _features(prompt, shortlist[best], scorer, float(cosines[best]))
        return Choice(tuple(chosen[:MAX_QUOTES]), features, asked.confidence)


def quoted(text: str, label: int) -> str:
    """Quote a text as `"text" [label]`, in quotation marks that it does not hold."""
    for opening, closing in _PAIRS:
        if opening not in text and closing not in text:
            return f"{opening}{text}{closing} [{label}]"
    return f"“{re.sub('[“”]', chr(39), text)}” [{label}]"


def _quotes(passage: Passage) -> str:
    """A passage as it is quoted: its label, where it has one, before it."""
    return " ".join(quoted(text, passage.evidence.label) for text in passage.quotes())


def _first_answer(passages: Sequence[Passage]) -> Passage:
    """The first passage that is no row of heads."""
    return next((passage for passage in passages if not passage.is_head), passages[0])


def _same(one: Passage, other: Passage) -> bool:
    """Whether they say the same, or are parts of each other."""
    if one.evidence is other.evidence and one.start < other.end and other.start < one.end:
        return True
    return one.terms == other.terms


def _features(prompt: Prompt, best: Passage, scorer: Scorer, cosine: float) -> Features:
    page = scorer.page_terms[best.evidence.label]
    latin = latin_share(scorer.terms)
    return Features(
        cosine=max(0.0, cosine) * latin,
        nearby=scorer.share(best.terms | best.context_terms),
        on_page=scorer.share(page),
        named=named_share(scorer.names, page, best.evidence.page.document_name),
        latin=latin,
        page=latin * max(each.score for each in prompt.evidence),
    )
