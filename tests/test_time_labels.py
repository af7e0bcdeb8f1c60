"""Times in answers as labels of shots."""

from __future__ import annotations

import pytest

from generation.answer import SelfAssessment, Usage
from generation.ask import ask
from generation.citations.time_labels import TimeLabels
from generation.prompt import Evidence, Prompt
from generation.text.moment import seconds_of
from ingest.files.video.shot_view import ShotView
from ingest.page import Page, TimeSpan, Word

SHOTS = [
    (0.0, 12.6, "The keeper lit the lamp"),
    (12.6, 30.0, "Tea was served to 37 guests"),
    (60.0, 70.0, "Goodbye to all of you"),
    (3_700.0, 3_730.0, "An hour later"),
]


def shots(document: str = "d" * 20, first: int = 1) -> list[Evidence]:
    return [
        Evidence(
            first + at,
            Page(document, at + 1, "talk.mp4", span=TimeSpan(start, end)),
            tuple(Word(word, (0.0, 0.0, 1.0, 1.0)) for word in words.split()),
            lambda: b"",
            1.0,
            shot=lambda count: ShotView(),
        )
        for at, (start, end, words) in enumerate(SHOTS)
    ]


def rewritten(text: str, *, is_whole: bool = False, step: int = 1_000) -> tuple[str, int]:
    labels = TimeLabels(shots(), is_whole=is_whole)
    pieces = [labels.feed(text[at : at + step]) for at in range(0, len(text), step)]
    return "".join([*pieces, labels.close()]), labels.dropped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It burns [0:05].", "It burns [1]."),
        ("Tea [0:12]", "Tea [2]"),  # the shot that begins in this second
        ("Tea [00:14] and bye [at 1:05]", "Tea [2] and bye [3]"),
        ("Later [1:01:45]", "Later [4]"),
        ("From [0:05-0:20]", "From [1][2]"),
        ("Both [0:05, 1:02]", "Both [1][3]"),
        ("Between shots [0:40]", "Between shots [2]"),
        ('Said "lit the lamp" [0:14]', 'Said "lit the lamp" [1]'),  # the model's time is off
        ("A label [2] and 12:31 alone", "A label [2] and 12:31 alone"),
        ("The train (0:05) leaves", "The train (0:05) leaves"),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 1_000])
def test_times_become_labels(text: str, expected: str, step: int) -> None:
    assert rewritten(text, step=step) == (expected, 0)


def test_round_brackets_count_in_a_whole_recording() -> None:
    assert rewritten("It burns (0:05).", is_whole=True) == ("It burns [1].", 0)


def test_a_time_that_no_shot_is_near_is_counted() -> None:
    assert rewritten("It ends [59:59].") == ("It ends [59:59].", 1)


def test_a_time_in_two_recordings_is_not_guessed() -> None:
    labels = TimeLabels([*shots(), *shots("e" * 20, 5)])
    assert labels.feed("It burns [0:05].") == "It burns [0:05]."
    assert labels.dropped == 1


def test_without_shots_nothing_is_rewritten() -> None:
    assert TimeLabels([]).feed("at [0:05") == "at [0:05"


def test_seconds_of_times() -> None:
    assert [seconds_of(time) for time in ("0:05", "61:01", "1:01:01")] == [5, 3_661, 3_661]


class Scripted:
    name = "scripted"
    uses_images = True
    chat = None

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, prompt: Prompt) -> list[str | Usage | SelfAssessment]:
        return [self.text]


def test_citations_are_checked_against_the_shots() -> None:
    text = 'Tea: "37 guests" [0:20]. A wall is blue [1:05]. "Never said" [0:05]. Over [59:59].'
    answer = ask(Prompt("q", tuple(shots()), is_whole=True), Scripted(text))  # type: ignore[arg-type]
    assert (
        answer.text == 'Tea: "37 guests" [2]. A wall is blue [3]. "Never said" [1]. Over [59:59].'
    )
    assert [(c.page.number, c.grounded, c.verified) for c in answer.citations] == [
        (2, "quote", True),
        (3, "seen", False),
        (1, "none", False),
    ]
    assert answer.dropped_labels == 1
