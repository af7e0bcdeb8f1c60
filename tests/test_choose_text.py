"""Text of a page: broken fonts, hidden layers and pictures with print, by real OCR."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageDraw

from ingest.files.open import open_source
from ingest.files.render import RenderSettings, render
from ingest.ocr.corners import Corners
from ingest.ocr.ocr import OcrLine
from ingest.page import WHOLE, Page, Rendered
from ingest.reading.choose_text import choose_text
from ingest.reading.text_layer.fonts import (
    Verdicts,
    ciphered_fonts,
    has_lost_letters,
    unmapped_fonts,
)
from ingest.reading.text_line import LineWord, TextLine
from tests.make_scan import (
    CJK,
    DEJAVU,
    SCAN,
    draw_lines,
    map_font,
    save_scan,
    shift_letters,
    write_page,
)

PROSE = [
    "The ferry Larkspur carries ninety passengers and eleven bicycles.",
    "Her engine was replaced in the shipyard at Ostwick.",
    "The captain keeps the spare key in the green cabinet.",
]
GERMAN = [
    "Die Fähre befördert neunzig Fahrgäste und elf Fahrräder.",
    "Ihr Motor wurde in der Werft von Ostwick ersetzt.",
    "Der Kapitän verwahrt den Schlüssel im grünen Schrank.",
]
MINUTES = [
    "Minutes of the rowing club",
    "The club bought a used coxed four named Wagtail",
    "for eight hundred crowns. The roof is repaired",
    "by Ines Calloway before the spring.",
]
MISREAD = [
    "Mnutcs cf tbe rcvving c1uh",
    "Tbc cluh hcugbt a uscd ccxcd fcur narncd VVagtai1",
    "fcr cigbt bundrcd crcvvns. Tbc rccf ls rcpaircd",
    "hy lncs Ca1lcvvay hcfcrc tbc sprlng.",
]
SLIGHTLY_MISREAD = [
    "Minutes of the rowing club",
    "The dub bought a used coxed four named Wagtall",
    "for eight hundred crowns. The roof is repalred",
    "by lnes Calloway before the sprlng.",
]
KOREAN = ["등대지기 체험 학급 모집", "하늬섬 등대에서 하루를", "학생들은 계단을 올라"]
RUSSIAN = ["Паром перевозит пассажиров", "Двигатель заменили на верфи", "Ключ лежит в шкафу"]


def read(path: Path, ocr: str = "rapidocr") -> Rendered:
    [page] = render(path, Page(path.name, 1, path.name), 1, RenderSettings(ocr=ocr))
    return page


def words(lines: Sequence[str]) -> Counter[str]:
    return Counter(" ".join(lines).split())


def shown(page: Rendered) -> Counter[str]:
    return Counter(word.text for word in page.words if word.role != "hidden")


def write_ciphered(path: Path, lines: Sequence[str], by: int) -> Path:
    pdf = pymupdf.open()
    page = pdf.new_page(width=450, height=200)
    write_page(page, lines)
    map_font(pdf, page, "helv", shift_letters(by))
    pdf.save(path)
    return path


@pytest.mark.parametrize(("lines", "by"), [(PROSE, 1), (GERMAN, 13)])
def test_a_font_that_maps_letters_to_others_is_read_by_ocr(
    tmp_path: Path, lines: list[str], by: int
) -> None:
    path = write_ciphered(tmp_path / "a.pdf", lines, by)
    assert lines[0].split()[0] not in {w.text for w in open_source(path).page_image(1, 72).words}
    page = read(path)
    assert page.source == "ocr"
    assert shown(page) == words(lines)


MONGOLIAN = ["Монгол улсын ерөнхийлөгч", "Усан онгоцны зогсоол", "Түлхүүр нь шүүгээнд бий"]


@pytest.mark.parametrize("lines", [[*RUSSIAN, PROSE[2]], [*MONGOLIAN, "North Pier Ltd, Ostwick"]])
def test_lines_in_two_scripts_are_no_cipher(lines: list[str], tmp_path: Path) -> None:
    """OCR reads the one and not the other."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=450, height=200)
    page.insert_font(fontname="dj", fontfile=str(DEJAVU))
    write_page(page, lines, font="dj")
    pdf.save(tmp_path / "a.pdf")
    assert shown(read(tmp_path / "a.pdf")) == words(lines)


@pytest.mark.parametrize("broken", [shift_letters(3), {c: chr(0xE000 + c) for c in range(33, 127)}])
def test_only_the_words_of_the_broken_font_are_replaced(
    tmp_path: Path, broken: dict[int, str]
) -> None:
    pdf = pymupdf.open()
    page = pdf.new_page()
    write_page(page, ["Exhibit list of the ferry line"], font="hebo")
    write_page(page, PROSE * 4, top=100)
    map_font(pdf, page, "hebo", broken)
    pdf.save(tmp_path / "a.pdf")
    read_page = read(tmp_path / "a.pdf")
    assert read_page.source == "text+ocr"
    assert shown(read_page) == words(["Exhibit list of the ferry line", *PROSE * 4])


def test_without_ocr_letters_that_may_be_a_cipher_stay(tmp_path: Path) -> None:
    path = write_ciphered(tmp_path / "a.pdf", PROSE, 1)
    assert read(path, "never").words[0].text == "Uif"


class RefusingOcr:
    """OCR that nobody may ask."""

    name = "refusing"

    def detect(self, image: Image.Image) -> list[Corners]:
        raise AssertionError("the detector was asked")

    def recognize(self, image: Image.Image, lines: Sequence[Corners]) -> list[OcrLine]:
        raise AssertionError("the reader was asked")


def lines_of(texts: Sequence[str], font: str = "f") -> list[TextLine]:
    return [
        TextLine(
            tuple(
                LineWord(word, (at / 20, row / 20, (at + 0.9) / 20, (row + 0.8) / 20), font)
                for at, word in enumerate(text.split())
            )
        )
        for row, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        PROSE,
        GERMAN,
        KOREAN,
        RUSSIAN,
        ["Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar"],
        ["Tất cả mọi người sinh ra đều được tự do và bình đẳng"],
        ["船长把备用钥匙放在绿色的柜子里。", "渡轮可以搭载九十名乘客。"],
        ["灯台守は毎晩七時に明かりをともす。"],
        ["كل الناس يولدون أحراراً متساوين في الكرامة والحقوق"],
        ["सभी मनुष्यों को गौरव और अधिकारों के मामले में"],
        ["4,120 1,893 77 12.50", "9,317 2,004 81 13.75"],
        ["for i in range(len(xs)): total = total + weights[i]"],
        ["ANNUAL REPORT OF THE LIGHTHOUSE TRUST"],
    ],
)
def test_ordinary_text_costs_no_ocr(texts: list[str]) -> None:
    lines = lines_of(texts)
    assert unmapped_fonts(lines) == set()
    image = Image.new("RGB", (600, 600), "white")
    assert ciphered_fonts(RefusingOcr(), image, lines, Verdicts()) == set()


def test_part_numbers_are_asked_about_once_and_stay(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    parts = ["QFP-7741-XK BDRV ZPQX-1120", "KXR-99/TRW GHTX-33 BCDF"] * 12
    write_page(pdf.new_page(), parts)
    pdf.save(tmp_path / "a.pdf")
    page_image = open_source(tmp_path / "a.pdf").page_image(1, 144)
    from ingest.ocr.load_ocr import load_ocr

    verdicts = Verdicts()
    chosen = choose_text(
        page_image.image, page_image.lines, (), load_ocr("rapidocr"), "auto", verdicts
    )
    assert Counter(w.text for line in chosen.lines for w in line.words) == words(parts)
    assert list(verdicts.confirmed) == ["Helvetica"]
    assert ciphered_fonts(RefusingOcr(), page_image.image, page_image.lines, verdicts) == set()


def test_bullets_of_a_symbol_font_are_no_broken_font() -> None:
    assert unmapped_fonts(lines_of(["\uf0b7 \uf0b7 \uf0b7 \uf0a8"], "Symbol")) == set()
    assert unmapped_fonts(lines_of(["\ue001\ue002\ue003\ue004 \ue005"], "Bad")) == {"Bad"}


def test_words_with_joiners_lack_no_letters() -> None:
    lines = lines_of(["پایان می\u200cیابد", "اجاره\u200cنامه", "Wert\u00adpapier x\u2060y"])
    is_lost = has_lost_letters(lines)
    assert not any(is_lost(word) for line in lines for word in line.words)


def test_a_font_that_maps_all_letters_to_one_is_broken() -> None:
    assert unmapped_fonts(lines_of(["TAA AAAAAAA AAAA", "JAAAAA AA Waaa Aaaaa"], "One")) == {"One"}
    assert unmapped_fonts(lines_of(["S S S S O S S S", "xxxx fee is xxxx"], "Cells")) == set()


# --- hidden layers over scans


@pytest.mark.parametrize(
    "layer",
    [MISREAD, SLIGHTLY_MISREAD, MINUTES[:2], ["zq xx 3k"] * 4, [*MINUTES[2:], *MINUTES[:2]]],
)
def test_a_worse_hidden_layer_gives_way(tmp_path: Path, layer: list[str]) -> None:
    """Also one whose words belong to other places of the page."""
    page = read(save_scan(tmp_path / "a.pdf", draw_lines(MINUTES), layer))
    assert [w.text for w in page.words if w.role != "hidden"] == " ".join(MINUTES).split()


def test_a_hidden_layer_of_signs_gives_way(tmp_path: Path) -> None:
    signs = ["~!@ ## 1l|l ;;; ,,,", "|||| .... ==== ++++", "^^ ** (( ))", "%% $$ ## @@"]
    found = read(save_scan(tmp_path / "a.pdf", draw_lines(MINUTES), signs))
    assert shown(found) == words(MINUTES)


@pytest.mark.parametrize("lines", [PROSE, PROSE * 4])
def test_words_whose_capitals_are_lost_are_read_by_ocr(tmp_path: Path, lines: list[str]) -> None:
    """The rest of their lines stays as it is in the text layer."""
    pdf = pymupdf.open()
    page = pdf.new_page()
    write_page(page, lines)
    map_font(pdf, page, "helv", {c: chr(0xE000 + c if c < 97 else c) for c in range(65, 123)})
    pdf.save(tmp_path / "a.pdf")
    found = read(tmp_path / "a.pdf")
    assert found.source == "text+ocr"
    assert shown(found) == words(lines)


@pytest.mark.parametrize(
    ("lines", "font"),
    [(MINUTES, DEJAVU), (GERMAN, DEJAVU), (RUSSIAN, DEJAVU), (KOREAN, CJK)],
)
def test_a_good_hidden_layer_stays_once(tmp_path: Path, lines: list[str], font: str) -> None:
    page = read(save_scan(tmp_path / "a.pdf", draw_lines(lines, font=font), lines, font))
    assert page.source == "text"
    assert shown(page) == words(lines)
    assert all(word.role != "hidden" for word in page.words)


def test_the_target_of_a_link_on_a_scan_is_not_taken_for_its_print(tmp_path: Path) -> None:
    path = save_scan(tmp_path / "a.pdf", draw_lines(MINUTES))
    with pymupdf.open(path) as pdf:
        place = pymupdf.Rect(50, 48, 350, 78) * (72 / SCAN)  # of the first line
        link = {"kind": pymupdf.LINK_URI, "from": place, "uri": "https://a.example/x"}
        pdf[0].insert_link(link)
        pdf.save(tmp_path / "b.pdf")
    found = read(tmp_path / "b.pdf")
    assert [w.role for w in found.words if "example" in w.text] == ["hidden"]
    assert shown(found) == words(MINUTES)


def test_a_layer_below_its_scan_is_compared_too(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.pdf", tmp_path / "good.pdf"
    save_scan(bad, draw_lines(MINUTES), SLIGHTLY_MISREAD, render_mode=0)
    save_scan(good, draw_lines(MINUTES), MINUTES, render_mode=0)
    assert shown(read(bad)) == words(MINUTES)
    kept = read(good)
    assert (kept.source, shown(kept)) == ("text", words(MINUTES))


def test_force_reads_a_good_layer_anew_and_never_reads_nothing(tmp_path: Path) -> None:
    path = save_scan(tmp_path / "a.pdf", draw_lines(MINUTES), SLIGHTLY_MISREAD[:1] + MISREAD[1:])
    forced = read(path, "force")
    assert (forced.source, shown(forced)) == ("ocr", words(MINUTES))
    never = read(path, "never")
    assert never.source == "text"
    assert "VVagtai1" in shown(never)


# --- pictures and drawn letters on pages of text


def test_a_small_stamp_on_a_page_of_text_is_read(tmp_path: Path) -> None:
    image = Image.new("RGB", (360, 120), "white")
    ImageDraw.Draw(image).rectangle((3, 3, 356, 116), outline="red", width=5)
    image.paste(draw_lines(["Received"], (250, 90), 30), (20, 10))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    pdf = pymupdf.open()
    page = pdf.new_page()
    write_page(page, PROSE * 6)
    page.insert_image((350, 600, 500, 650), stream=buffer.getvalue())
    pdf.save(tmp_path / "a.pdf")
    stamped = read(tmp_path / "a.pdf")
    assert stamped.source == "text+ocr"
    assert shown(stamped) == words([*PROSE * 6, "Received"])


def test_letters_that_are_drawn_as_shapes_are_read(tmp_path: Path) -> None:
    drawn = pymupdf.open()
    write_page(drawn.new_page(), ["Approved by Cordelia Tench"], top=600)
    svg = drawn[0].get_svg_image(text_as_path=True)
    shapes = pymupdf.open("pdf", pymupdf.open("svg", svg.encode()).convert_to_pdf())
    pdf = pymupdf.open()
    page = pdf.new_page()
    write_page(page, PROSE * 6)
    page.show_pdf_page(page.rect, shapes, 0)
    pdf.save(tmp_path / "a.pdf")
    assert shown(read(tmp_path / "a.pdf")) == words([*PROSE * 6, "Approved by Cordelia Tench"])


def test_text_rules_and_curves_are_not_shown_to_the_detector() -> None:
    pdf = pymupdf.open()
    page = pdf.new_page()
    write_page(page, PROSE * 6)
    for at in range(8):
        page.draw_line((50, 450 + 20 * at), (500, 450 + 20 * at))
        page.draw_line((50 + 60 * at, 450), (50 + 60 * at, 590))
    page.draw_curve((60, 620), (200, 800), (400, 600))
    pixmap = page.get_pixmap(dpi=144)
    image = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
    found = page.get_text("words")
    lines = [
        TextLine((LineWord(text, (x / 595, y / 842, right / 595, bottom / 842), "f"),))
        for x, y, right, bottom, text, *_ in found
    ]
    chosen = choose_text(image, lines, (), RefusingOcr())
    assert (chosen.source, chosen.lines, chosen.turned) == ("text", tuple(lines), 0.0)


@pytest.mark.parametrize("color", ["white", "navy", (250, 249, 252)])
def test_a_blank_page_is_not_shown_to_the_detector(color: str) -> None:
    chosen = choose_text(Image.new("RGB", (300, 300), color), (), (), RefusingOcr())
    assert (chosen.source, chosen.lines) == ("none", ())


def test_a_sliver_is_not_shown_to_the_detector() -> None:
    noise = Image.effect_noise((3_000, 3), 90).convert("RGB")
    assert choose_text(noise, (), (), RefusingOcr()).lines == ()


def test_a_large_photo_without_print_is_looked_at_small() -> None:
    sizes = []

    class Blind(RefusingOcr):
        def detect(self, image: Image.Image) -> list[Corners]:
            sizes.append(image.size)
            return []

    photo = Image.linear_gradient("L").resize((2_400, 1_800)).convert("RGB")
    assert choose_text(photo, (), (WHOLE,), Blind()).source == "none"
    page = Image.new("RGB", (2_400, 1_800), "white")
    page.paste("black", (500, 500, 900, 520))
    assert choose_text(page, (), (WHOLE,), Blind()).source == "none"
    assert sizes == [(640, 480), (2_400, 1_800)]
