"""Forms in which models cite, in nine languages, each with its right reading."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

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

    def stream(self, prompt: Prompt) -> Sequence[str | Usage | SelfAssessment]:
        return self.pieces


def answer(*pieces: str) -> Answer:
    return ask(PROMPT, Said(*pieces))  # type: ignore[arg-type]


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

FORMS: list[tuple[str, list[tuple[int, str]]]] = [
    # A straight-quoted quote that ends in a character which may stand before an opening mark.
    ('"three things:" [2]', [(2, "three things:")]),
    ('It says "灯塔共有142级台阶。" [4]', [(4, ZH + "。")]),
    ('"成人票价为30元，" [4]', [(4, "成人票价为30元，")]),
    ('"入場料は300円です、" [5]', [(5, JA + "、")]),
    ('"142 steps-" [1]', [(1, "142 steps-")]),
    ('"142 steps–" [1]', [(1, "142 steps–")]),
    ('"142 steps—" [1]', [(1, "142 steps—")]),
    ('"142 steps/" [1]', [(1, "142 steps/")]),
    ('"142 steps：" [1]', [(1, "142 steps：")]),
    ('"three things:" [2] and "142 steps" [1]', [(2, "three things:"), S]),
    # Markup.
    ('**"142 steps"** [1]', [S]),
    ('"142 steps" **[1]**', [S]),
    ('**"142 steps" [1]**', [S]),
    ('"**142 steps**" [1]', [S]),
    ('*"142 steps"* [1]', [S]),
    ('_"142 steps"_ _[1]_', [S]),
    ('***"142 steps"***[1]', [S]),
    ('"climbs **142** steps" [1]', [(1, "climbs 142 steps")]),
    ('<b>"142 steps"</b> [1]', [S]),
    ('<q>"142 steps"</q><sup>[1]</sup>', [S]),
    ('"142 steps"<sup>[1]</sup>', [S]),
    ('"142 steps" ~~[1]~~', [S]),
    ('> "142 steps"\n> [1]', [S]),
    ('- **Steps:** "142 steps" [1]', [S]),
    ('1. "142 steps" [1]\n2. "The lens weighs 3.4 tonnes" [1]', [S, L]),
    (r'\"142 steps\" [1]', [S]),
    ("`142 steps` [1]", [S]),
    # Brackets.
    ('("142 steps" [1])', [S]),
    ('"142 steps" ([1])', [S]),
    ('("142 steps", [1])', [S]),
    ('"142 steps" [[1]]', [S]),
    ('"142 steps"[[1]](https://example.org/x)', [S]),
    ('"142 steps" [1](#page-1)', [S]),
    ('"142 steps" (page [1])', [S]),
    ('"142 steps" (see [1])', [S]),
    ('"142 steps" (guide.pdf, page 1) [1]', [S]),
    ('"142 steps", page [1]', [S]),
    ('"142 steps" — [1]', [S]),
    ('"142 steps" – page [1].', [S]),
    ('"142 steps". [1]', [S]),
    ('"142 steps"; [1]', [S]),
    ('"142 steps"... [1]', [S]),
    # Pairs of quotation marks.
    ("“142 steps” [1]", [S]),
    ("„142 steps“ [1]", [S]),
    ("„142 steps” [1]", [S]),
    ("”142 steps” [1]", [S]),
    ("»142 steps« [1]", [S]),
    ("«142 steps» [1]", [S]),
    ("« 142 steps » [1]", [S]),
    ("»142 steps» [1]", [S]),
    ("‹142 steps› [1]", [S]),
    ("›142 steps‹ [1]", [S]),
    ("‘142 steps’ [1]", [S]),
    ("‚142 steps‘ [1]", [S]),
    ("’142 steps’ [1]", [S]),
    ("'142 steps' [1]", [S]),
    ("'The keepers' house is dry' [1]", [(1, "The keepers' house is dry")]),
    ("‘The keepers’ house is dry’ [1]", [(1, "The keepers’ house is dry")]),
    ("「142 steps」 [1]", [S]),
    ("『142 steps』 [1]", [S]),
    ("《142 steps》 [1]", [S]),
    ("〝142 steps〟 [1]", [S]),
    ("＂142 steps＂ [1]", [S]),
    ("``142 steps'' [1]", [S]),
    ('" 142 steps " [1]', [S]),
    ("It's the visitor's 'lamp', isn't it? It's high [1].", [(1, "")]),
    ("The keepers' [1]", [(1, "")]),
    ('a 5" pipe and "142 steps" [1]', [S]),
    # Label before the quote.
    ('[1] "142 steps"', [S]),
    ('[1]: "142 steps"', [S]),
    ('- [1] – "142 steps"', [S]),
    ('**[1]** “142 steps”', [S]),
    ('[1]\n"142 steps"', [S]),
    ('[1]:\n> "142 steps"', [S]),
    ('Page [1]: "142 steps".', [S]),
    ('According to [1], "142 steps".', [S]),
    ('Page [1] says that there are "142 steps".', [S]),
    ('[1] "142 steps" [2] "light, fog and time"', [S, (2, "light, fog and time")]),
    ('[1] "142 steps". [2] "light, fog and time".', [S, (2, "light, fog and time")]),
    ('The tower is high.[^1]\n\n[^1]: "142 steps"', [(1, ""), S]),
    # Label on another line or in a cell of its own.
    ('"142 steps"\n[1]', [S]),
    ('"142 steps"\r\n[1]', [S]),
    ('"142 steps"\n— page [1]', [S]),
    ("| Steps | \"142 steps\" | [1] |", [S]),
    ('| quote | page |\n|---|---|\n| "142 steps" | [1] |\n| "The lens weighs 3.4 tonnes" | [1] |', [S, L]),
    ('| [1] | "142 steps" |\n| [2] | "light, fog and time" |', [S, (2, "light, fog and time")]),
    # Forms of labels.
    ('"142 steps" [1-2]', [S, (2, "?142 steps")]),
    ('"142 steps" [1–3]', [S, (2, "?142 steps"), (3, "?142 steps")]),
    ('"142 steps" [1; 2]', [S, (2, "?142 steps")]),
    ('"142 steps" [1 and 2]', [S, (2, "?142 steps")]),
    ('"142 steps" [1] and [2]', [S, (2, "?142 steps")]),
    ('"142 steps" 【1】', [S]),
    ('"142 steps"【1†source】', [S]),
    ('"142 steps"【1†L3-L9】', [S]),
    ('"142 steps" ［1］', [S]),
    ('"142 steps" ［１］', [S]),
    ('"142 steps" 〔1〕', [S]),
    ('"142 steps" [^1]', [S]),
    ('"142 steps" [p. 1]', [S]),
    ('"142 steps" [Page 1]', [S]),
    ('"142 steps" [page\u00a01]', [S]),
    ('"142 steps" [#1]', [S]),
    ('"142 steps" [source: 1]', [S]),
    (r'"142 steps" \[1\]', [S]),
    ('"142 steps"\u00a0[1]', [S]),
    ('"142 steps"\u202f[\u00a01\u00a0]', [S]),
    ('"142\u00a0steps" [1]', [S]),
    ('"142 steps" [S. 1]', [S]),
    ('"142 steps" [第1页]', [S]),
    # Several quotes before one label.
    ('"142 steps" and "The lens weighs 3.4 tonnes" [1]', [S, L]),
    ('"142 steps", "The lens weighs 3.4 tonnes" [1]', [S, L]),
    ('"142 steps" and "900 lamps" [1]', [(1, "?900 lamps"), S]),
    ('It has "142 steps", and its lens is heavy: "The lens weighs 3.4 tonnes" [1].', [S, L]),
    ('| "142 steps" | "The lens weighs 3.4 tonnes" | [1] |', [S, L]),
    ('"142 steps" and "light, fog and time" [1][2]', [S, (2, "light, fog and time")]),
    # Over a line end.
    ('"climbs 142\nsteps to the lamp" [1]', [(1, "climbs 142 steps to the lamp")]),
    ('> "climbs 142\n> steps to the lamp" [1]', [(1, "climbs 142 steps to the lamp")]),
    ("“The lens\nweighs 3.4\ntonnes” [1]", [L]),
    # Rows of a table.
    ('"North: 1,200" [2]', [(2, "North: 1,200")]),
    ('"East: 50" [2]', [(2, "East: 50")]),
    ('"East 50" [2]', [(2, "East 50")]),
    ('"South | 900" [2]', [(2, "South | 900")]),
    ('"North: 900" [2]', [(2, "?North: 900")]),
    # The label in the quote.
    ('"The lens weighs 3.4 tonnes [1]."', [L]),
    ("„142 steps [1]“.", [S]),
    # Languages.
    (f"Es heißt: „{DE}“ [7].", [(7, DE)]),
    (f"Laut Seite [7]: »{DE}«.", [(7, DE)]),
    (f"„{DE}“ (siehe Seite [7])", [(7, DE)]),
    ('"142 steps" (142 Stufen) [1]', [S]),
    (f"Selon la page [8], « {FR} ».", [(8, FR)]),
    (f"«\u00a0{FR}\u00a0»\u00a0[8].", [(8, FR)]),
    ("« L’entrée coûte 5 euros » [8]", [(8, "L’entrée coûte 5 euros")]),
    (f"Cena: „{PL}” [6].", [(6, PL)]),
    (f"„{PL}” oraz „dzieci wchodzą za darmo” [6].", [(6, PL), (6, "dzieci wchodzą za darmo")]),
    (f"„{PL}” (str. [6])", [(6, PL)]),
    (f"{'“'}{ZH}。”[4]", [(4, ZH + "。")]),
    (f"页面写道：“{ZH}”（见[4]）。", [(4, ZH)]),
    (f'页面写道："{ZH}"[4]。', [(4, ZH)]),
    (f'共有"{ZH}"的记载【4】。', [(4, ZH)]),
    (f"「{JA}」と記載[5]。", [(5, JA)]),
    (f"『{JA}』［5］", [(5, JA)]),
    (f"ページ[5]：「{JA}」", [(5, JA)]),
    (f'"{JA}。" [5]', [(5, JA + "。")]),
    (f'"{KO}"라고 [3] 합니다.', [(3, KO)]),
    (f"“{KO}”라고 합니다 [3].", [(3, KO)]),
    (f"‘{KO}’ [3]", [(3, KO)]),
    (f"페이지 [3]에 따르면 “{KO}”.", [(3, KO)]),
    (f"«{AR}» [9]", [(9, AR)]),
    (f"“{AR}” [٩]", [(9, AR)]),
    (f"\u200f«{AR}»\u200f \u200e[9]", [(9, AR)]),
    (f'"{AR}" (صفحة [9])', [(9, AR)]),
    (f'"{HE}" [10]', [(10, HE)]),
    (f"”{HE}” [10]", [(10, HE)]),
    (f"„{HE}” [10]", [(10, HE)]),
    ('"מפקד צה"ל ביקר" [10]', [(10, 'מפקד צה"ל ביקר')]),
    # What is no citation.
    ('It says "142 steps".', []),
    ("See [here] and [x1] and (1).", []),
    ("In [2019] and [2019-2021].", []),
    ('"142 steps" and much later, in another sentence. It is high [1].', [(1, "")]),
]  # fmt: skip


def test_there_are_ninety() -> None:
    assert len({text for text, _ in FORMS}) == len(FORMS) >= 90


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_is_read(text: str, expected: list[tuple[int, str]]) -> None:
    assert cited(text) == sorted(expected)
    assert cited(*text) == sorted(expected)
    assert cited(f"{text}\n") == sorted(expected)
