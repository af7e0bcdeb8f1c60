"""Terms of lexical search: words, and character pairs of CJK scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.forms.index_text import join_words
from ingest.forms.terms import split_terms
from ingest.page import Word

CJK = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x3041, max_codepoint=0x3096),
    ),
    min_size=2,
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The Lamp's 2,400 mm lens", ["the", "lamp", "s", "2", "400", "mm", "lens"]),
        ("snake_case-word", ["snake", "case", "word"]),
        ("등대지기", ["등대", "대지", "지기"]),
        ("등", ["등"]),
        ("東京都", ["东京", "京都"]),
        ("カメラ", ["カメ", "メラ"]),
        ("2025년 9월", ["2025", "년", "9", "월"]),
        ("GPU를 쓴다", ["gpu", "를", "쓴다"]),
        ("使用Python编程", ["使用", "python", "编程"]),
        ("Ωμέγα Привет", ["ωμεγα", "привет"]),
        ("ＡＢＣ１２", ["abc12"]),
        ("ﬁsh", ["fish"]),
        ("", []),
        ("… — !?", []),
        ("𠀀𠀁", ["𠀀𠀁"]),
    ],
)
def test_text_is_split_by_script(text: str, terms: list[str]) -> None:
    assert split_terms(text) == terms


@pytest.mark.parametrize("grown", ["등대를", "등대에서", "등대지기의", "옛등대는"])
def test_a_korean_noun_is_found_whatever_has_grown_on(grown: str) -> None:
    assert set(split_terms("등대")) <= set(split_terms(grown))


def test_letters_apart_and_composed_are_the_same() -> None:
    assert split_terms("cafe\u0301") == split_terms("caf\u00e9") == ["cafe"]
    assert split_terms("\u1112\u1161\u11ab\u1100\u116e\u11a8") == split_terms("한국")


def test_half_width_kana_are_the_same_as_full_width() -> None:
    assert split_terms("ｶﾒﾗ") == split_terms("カメラ")


@given(text=CJK, data=st.data())
def test_every_substring_of_two_characters_or_more_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 2))
    end = data.draw(st.integers(start + 2, len(text)))
    assert set(split_terms(text[start:end])) <= set(split_terms(text))


@given(before=CJK, after=CJK, word=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_a_latin_word_between_cjk_stays_whole(before: str, after: str, word: str) -> None:
    assert word in split_terms(before + word + after)


@given(st.text())
def test_terms_are_what_the_index_can_hold(text: str) -> None:
    for term in split_terms(text):
        assert term
        assert not any(c.isspace() or c in "\"'*^:()" for c in term)


@given(st.text(), st.text())
def test_a_text_has_the_terms_of_its_parts(left: str, right: str) -> None:
    assert split_terms(f"{left}\n{right}") == split_terms(left) + split_terms(right)


def test_a_line_that_breaks_within_a_word_is_read_as_one() -> None:
    def line(row: int, *texts: str) -> list[Word]:
        return [
            Word(text, (0.1 + 0.2 * i, 0.1 * row, 0.25 + 0.2 * i, 0.1 * row + 0.05))
            for i, text in enumerate(texts)
        ]

    korean = [*line(1, "보증금을", "돌"), *line(2, "려받는다")]
    assert join_words(korean) == "보증금을 돌려받는다"
    assert join_words([*line(1, "旧电池请", "不"), *line(2, "要扔进")]) == "旧电池请 不要扔进"
    assert join_words([*line(1, "the", "red"), *line(2, "lamp")]) == "the red lamp"
    assert join_words([*line(1, "warranty", "2년"), *line(2, "GPU")]) == "warranty 2년 GPU"
    assert join_words(line(1, "등대", "요금")) == "등대 요금"
    assert join_words([*line(5, "끝", "말"), *line(1, "다른")]) == "끝 말 다른"  # the next column
    assert join_words([]) == ""
