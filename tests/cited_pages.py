"""Pages in nine languages, and the citations that are read of an answer about them."""

from __future__ import annotations

from collections.abc import Iterator

from generation.answer import Answer, SelfAssessment, Usage
from generation.ask import ask
from generation.prompt import Evidence, Prompt
from ingest.page import Page, Word

PAGES = [
    "A visitor climbs 142 steps to the lamp. The lens weighs 3.4 tonnes. The keepers' house is dry.",
    "The visitors count on three things: light, fog and time. North 1,200 South 900 East: 50",
    "등대는 밤에도 문을 엽니다. 어른은 3,000원을 냅니다.",
    "灯塔共有142级台阶。成人票价为30元，儿童免费。",
    "灯台は百四十二段の階段があります。入場料は300円です。",
    "Latarnia ma 142 schody. Bilet kosztuje 12 zł, dzieci wchodzą za darmo.",
    "Der Leuchtturm hat 142 Stufen. Der Eintritt kostet 5 Euro.",
    "Le phare compte 142 marches. L'entrée coûte 5 euros.",
    "تضم المنارة 142 درجة. سعر التذكرة 20 ريالا.",
    'במגדלור 142 מדרגות. מפקד צה"ל ביקר במקום.',
]  # fmt: skip


def no_image() -> bytes:
    raise AssertionError("nobody asked for the image")


def evidence(label: int, text: str) -> Evidence:
    words = tuple(
        Word(token, (0.01 * at, 0.1, 0.01 * at + 0.009, 0.12))
        for at, token in enumerate(text.split())
    )
    return Evidence(label, Page("d" * 16, label, "guide.pdf"), words, no_image, 1 / label)


PROMPT = Prompt("?", tuple(evidence(at, text) for at, text in enumerate(PAGES, 1)))


class Said:
    """A model that says what it is told to."""

    name = "said"
    uses_images = True
    chat = None

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        yield from self.pieces


def answer(*pieces: str) -> Answer:
    return ask(PROMPT, Said(*pieces))


def cited(*pieces: str) -> list[tuple[int, str]]:
    """Citations, sorted; a quote that is not printed has a "?" before it."""
    return sorted(
        (each.label, each.quote if each.verified or not each.quote else f"?{each.quote}")
        for each in answer(*pieces).citations
    )


STEPS, LENS = "142 steps", "The lens weighs 3.4 tonnes"
ZH, JA, KO = "灯塔共有142级台阶", "入場料は300円です", "어른은 3,000원을 냅니다"
PL, DE, FR = "Bilet kosztuje 12 zł", "Der Leuchtturm hat 142 Stufen", "Le phare compte 142 marches"
AR, HE = "تضم المنارة 142 درجة", "במגדלור 142 מדרגות"
S, L = (1, STEPS), (1, LENS)
