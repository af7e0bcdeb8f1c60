"""Letter likelihood: text of many languages against ciphers of it."""

from __future__ import annotations

import pytest

from ingest.reading.text_layer.letter_likelihood import FLUENT, letter_likelihood, script_of
from tests.make_scan import shift_letters

TEXTS = [
    "The captain keeps the spare key in the green cabinet.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren",
    "Tous les êtres humains naissent libres et égaux",
    "Wszyscy ludzie rodzą się wolni i równi",
    "Minden emberi lény szabadon születik",
    "Kaikki ihmiset syntyvät vapaina",
    "Gizon-emakume guztiak aske jaiotzen dira, duintasun eta eskubide",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_likely_and_a_cipher_of_it_is_not(text: str) -> None:
    likely = letter_likelihood(text)
    ciphered = letter_likelihood(text.translate(shift_letters(1)))
    assert likely is not None
    assert ciphered is not None
    assert ciphered < FLUENT < likely


def test_scripts_of_one_text_are_judged_apart() -> None:
    russian = "Договор вступает в силу со дня подписания"
    both, ciphered = f"{russian} by both of the parties", f"{russian} cz cpui pg uif qbsujft"
    assert letter_likelihood(both) > FLUENT > letter_likelihood(ciphered.partition("ния ")[2])
    assert letter_likelihood(both) > letter_likelihood(ciphered)


@pytest.mark.parametrize("text", ["", "4,120 77", "— – ·", "მთვარე", "ทั้งหลาย"])
def test_nothing_is_said_of_digits_and_unknown_scripts(text: str) -> None:
    assert letter_likelihood(text) is None


def test_chinese_of_common_characters_is_likely() -> None:
    common, rare = (
        letter_likelihood("船长把备用钥匙放在绿色的柜子里"),
        letter_likelihood("仞僘僃仠倉傧儐儬"),
    )
    assert common is not None
    assert rare is not None
    assert rare < FLUENT < common


@pytest.mark.parametrize(
    ("text", "script"),
    [("Abc", "LATIN"), ("Ελλάδα", "GREEK"), ("灯台の灯", "CJK"), ("등대", "HANGUL"), ("12", "")],
)
def test_the_script_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script
