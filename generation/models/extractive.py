"""Extractive model: the best sentences of the evidence, without a language model.

Scores each passage of the evidence by the question's terms in it, by the cosine
of the MiniLM vectors, and by the score of its region in the search. Declines
where the confidence is low (`generation.extractive.confidence`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from generation.answer import SelfAssessment, Usage
from generation.extractive.choice import choose
from generation.extractive.choice_by_part import choose_by_part
from generation.extractive.confidence import THRESHOLD
from generation.extractive.page.main_passages import main_passages
from generation.extractive.page.passage import Passage
from generation.extractive.question.library_question import NOTES, library_question, says_pages
from generation.extractive.question.yes_no import is_about, settles
from generation.extractive.steps.find_steps import Find, find_steps
from generation.prompt import Prompt, Step
from ingest.encoders.embedded.minilm import MiniLmEncoder, load_minilm
from retrieval.query.terms import content_stems

NOTE = (
    "No language model was used: these are sentences from the pages that match the question best, "
    "word for word."
)
STEPS = " The first quote names what the last one is about."
COUNTED = " The number counts them."
UNANSWERED = " Nothing in these pages answers: {}."
NOTHING = "Nothing in these pages answers the question well enough."
NO_PAGES = "There is no page to answer from."
NO_WORDS = "There are no words to quote on these pages."

_PAIRS = (('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))


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
        asked = library_question(prompt.question) if prompt.task == "answer" else None
        if asked and asked != "page_count":
            yield from self._decline(NOTES[asked])
            return
        if prompt.task != "answer":
            yield from self._quote_pages(prompt)
            return
        if prompt.steps:
            yield SelfAssessment(
                min(step.sure for step in prompt.steps),
                THRESHOLD,
                declined=False,
                note=NOTE + STEPS,
            )
            quotes = [quoted(q, step.evidence.label) for step in prompt.steps for q in step.quotes]
            yield "\n".join(quotes)
            yield Usage(self.name)
            return
        if not prompt.evidence:
            yield SelfAssessment(None, None, declined=True)
            yield NO_PAGES
            yield Usage(self.name)
            return
        choice = choose_by_part(prompt, self._encoder)
        sure = choice.sure
        if asked == "page_count" and not any(says_pages(p.text) for p in choice.passages):
            yield from self._decline(NOTES["page_count"])
            return
        if choice.passages and not self._is_about(prompt, _first_answer(choice.passages)):
            sure = min(sure, THRESHOLD / 2)
        declined = sure < THRESHOLD
        note = NOTE + COUNTED if choice.count and not declined else NOTE
        if choice.unanswered and not declined:
            note += UNANSWERED.format("; ".join(choice.unanswered))
        yield SelfAssessment(sure, THRESHOLD, declined, note)
        if declined:
            nearest = choice.passages[0].evidence if choice.passages else prompt.evidence[0]
            yield f"{NOTHING} The nearest page is [{nearest.label}]."
        else:
            if choice.count:
                yield f"{choice.count}:\n"
            for number, passage in enumerate(choice.passages):
                name = f"{_plain_name(passage)}: " if choice.by_document else ""
                yield ("\n" if number else "") + name + _quotes(passage)
        yield Usage(self.name)

    def _decline(self, why: str) -> Iterator[str | Usage | SelfAssessment]:
        yield SelfAssessment(0.0, THRESHOLD, declined=True, note=NOTE)
        yield why
        yield Usage(self.name)

    def find_steps(self, question: str, find: Find) -> tuple[Step, ...]:
        """Steps of a question that describes what it asks about; `find` searches for each."""
        return find_steps(question, find, self._encoder)

    def _is_about(self, prompt: Prompt, best: Passage) -> bool:
        page = content_stems(" ".join(word.text for word in best.evidence.words))
        return is_about(prompt.question, best.text, page, self._encoder) and settles(
            prompt.question, f"{best.context} {best.text}", self._encoder
        )

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
        return choose(prompt, self._encoder).features.as_dict()


def quoted(text: str, label: int) -> str:
    """Quote a text as `"text" [label]`, in quotation marks that it does not hold."""
    for opening, closing in _PAIRS:
        if opening not in text and closing not in text:
            return f"{opening}{text}{closing} [{label}]"
    return f"“{re.sub('[“”]', chr(39), text)}” [{label}]"


def _plain_name(passage: Passage) -> str:
    """Name of a passage's document, without what a citation could be read from."""
    return re.sub(r"[^\w .,+&-]", "_", passage.evidence.page.document_name)


def _quotes(passage: Passage) -> str:
    """A passage as it is quoted: its label, where it has one, before it."""
    return " ".join(quoted(text, passage.evidence.label) for text in passage.quotes())


def _first_answer(passages: Sequence[Passage]) -> Passage:
    """The first passage that is no row of heads."""
    return next((passage for passage in passages if not passage.is_head), passages[0])
