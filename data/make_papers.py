"""The single sheets of the sample corpus: a scanned letter, two Korean notices and a form."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
from make_layout import (
    BODY,
    BOLD,
    GREY,
    INK,
    KOREAN,
    NAVY,
    PALE,
    RED,
    SERIF_BOLD,
    TYPED,
    WHITE,
    Colour,
    mu,
    save,
    write,
    write_block,
)
from PIL import Image, ImageFilter

LETTER = (
    "Dear Mr Reyne,",
    "It was kind of you to show me round the lighthouse when I came up last month. I had not "
    "climbed those stairs since I was nine years old, and my knees have been telling me so.",
    "As I promised, I am sending you my father's things. He was Principal Keeper from 1948 "
    "until 1961, and my brother and I were the last children to live in the west cottage. In "
    "the box you will find his brass telescope, his oilskin hat, and the storm log that he "
    "kept for himself as well as the one he kept for his masters.",
    "Please look at the pages for 31 January 1953. He wrote that the sea came over the gallery "
    "rail and broke seven panes of the lantern, and that he and Mr Dunstan held a tarpaulin "
    "across the gap for five hours so that the lamp should not go out. It did not.",
    "I give all of it to the museum for good, and ask only two things: that the telescope be "
    "kept where children may look through it, and that my father's name, Gilbert Carrow, be "
    "put on the card.",
    "Yours sincerely,",
)

NOTICE = (
    "하늬섬 등대전시관은 여름을 맞아 밤에도 문을 엽니다. 등대 불빛이 바다를 비추는 모습을 "
    "가까이에서 보실 수 있으니 가족, 친구와 함께 찾아 주시기 바랍니다.",
    "전망실은 좁아서 한 회에 40명까지만 들어갈 수 있습니다. 관람을 원하시는 분은 하루 전 "
    "오후 5시까지 전화로 예약해 주십시오. 예약하신 분은 시작 10분 전까지 "
    "1층 안내소로 와 주시면 됩니다.",
    "주차장에는 자동차를 60대까지 세울 수 있습니다. 자리가 모자랄 때가 많으므로 하늬항 여객선 "
    "터미널에서 매시 정각에 출발하는 무료 순환 버스를 이용하시는 편이 좋습니다.",
    "바람이 초속 14미터를 넘으면 안전을 위해 전망실을 닫습니다. 이때는 예약하신 분께 문자로 "
    "알려 드리고 요금을 모두 돌려 드립니다.",
)
NOTICE_FACTS = (
    ("기간", "2025년 7월 18일(금) ~ 8월 24일(일), 매주 금·토·일요일"),
    ("시간", "오후 6시 ~ 밤 10시 (마지막 입장 밤 9시 20분)"),
    ("장소", "하늬섬 등대전시관 2층 전망실"),
    ("관람료", "어른 3,000원, 청소년 1,500원, 초등학생 이하 무료"),
    ("문의", "등대전시관 안내소 070-0000-0142"),
)
SCHOOL = (
    "하늬섬 등대에서 등대지기의 하루를 직접 겪어 볼 학급을 찾습니다. 학생들은 계단 98개를 올라 "
    "등명기를 살펴보고, 모스 부호로 이름을 보내며, 종이 등대를 만들어 집에 가져갑니다.",
    "신청이 많으면 섬과 농촌에 있는 학교를 먼저 뽑습니다. 결과는 9월 19일에 학교로 알려 드립니다. "
    "편한 신발을 신고 물과 도시락을 가져오십시오.",
)
SCHOOL_FACTS = (
    ("신청 기간", "2025년 9월 1일(월) ~ 9월 12일(금)"),
    ("체험 날짜", "2025년 10월 매주 화요일과 목요일, 오전 10시"),
    ("대상", "초등학교 4~6학년 학급, 한 번에 25명까지"),
    ("체험비", "학생 1인당 4,500원, 인솔 교사 무료"),
    ("장소", "하늬섬 등대 1층 교육실"),
    ("신청 전화", "070-0000-0187 (교육 담당 한여울)"),
)


# --- things that come out of a scanner


def scanned(
    image: Image.Image, seed: int, angle: float, grey: float, grain: float = 4.5
) -> Image.Image:
    """Make a clean page look scanned: tilted, a little soft, grey and grainy."""
    rng = np.random.default_rng(seed)
    turned = image.convert("L").rotate(angle, Image.Resampling.BICUBIC, fillcolor=244)
    soft = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.55)), dtype=np.float64)
    high, wide = soft.shape
    y, x = np.mgrid[0:high, 0:wide]
    shade = grey - 14 * (x / wide) ** 4 - 10 * ((y / high) - 0.5) ** 2
    paper = 26 + (soft / 255) * (shade - 26)
    specks = np.where(rng.random(soft.shape) > 0.99993, -70.0, 0.0)
    return Image.fromarray(
        np.clip(paper + rng.normal(0, grain, soft.shape) + specks, 0, 255).astype("u1")
    )


def picture_of(page: Any, dpi: int) -> Image.Image:
    return Image.open(io.BytesIO(page.get_pixmap(dpi=dpi).tobytes("png")))


def scrawl(page: pymupdf.Page, at: tuple[float, float], name: str, ink: Colour) -> None:
    """A signature: a tall first loop, then a run of small ones that fades to a line."""
    x, y = at
    end = mu.Point(x, y)
    for number, letter in enumerate(name):
        tall = 24.0 if number < 2 else 5.0 + ord(letter) % 7
        start, wide = end, 13.0 - number * 0.4
        end = mu.Point(start.x + wide, y - (ord(letter) % 3))
        up, down = (start.x + wide * 0.9, y - tall), (start.x - wide * 0.35, y - tall * 0.9)
        page.draw_bezier(start, up, down, end, color=ink, width=1.2)
    page.draw_bezier(end, (end.x + 20, y - 8), (end.x + 40, y + 4), (end.x + 64, y - 3), color=ink)


def make_letter(out: Path) -> None:
    page = mu.open().new_page(width=595, height=842)
    write(page, (340, 96), "7 Chapel Terrace", 11, TYPED)
    write(page, (340, 112), "Saint Orrin", 11, TYPED)
    write(page, (340, 140), "9 March 2023", 11, TYPED)
    y = 190.0
    for paragraph in LETTER:
        y = write_block(page, (76, y), paragraph, 446, 11.2, TYPED) + 9
    scrawl(page, (82, y + 28), "ECARROW", (0.05, 0.06, 0.12))
    write(page, (76, y + 60), "Edith Carrow (Mrs)", 11, TYPED)
    buffer = io.BytesIO()
    scanned(picture_of(page, 150), 1953, 1.2, 226).save(buffer, "JPEG", quality=62)
    doc = mu.open()
    sheet = doc.new_page(width=595, height=842)
    sheet.insert_image(sheet.rect, stream=buffer.getvalue())
    save(doc, out / "scanned-letter.pdf", "Scanned letter", "Tarrow Head Lighthouse Trust")


# --- notices in Korean


def notice(
    page: pymupdf.Page,
    title: str,
    facts: Sequence[tuple[str, str]],
    text: Sequence[str],
    signed: tuple[str, str],
) -> None:
    page.draw_rect(mu.Rect(0, 0, 595, 14), color=None, fill=NAVY)
    write(page, (297, 92), title, 25, KOREAN, NAVY, "centre")
    page.draw_line((72, 112), (523, 112), color=RED, width=1.6)
    y = write_block(page, (72, 148), text[0], 451, 12.5, KOREAN, leading=1.65) + 14
    page.draw_rect(mu.Rect(72, y - 12, 523, y + 30 * len(facts) + 2), color=NAVY, fill=PALE)
    for label, value in facts:
        write(page, (90, y + 12), label, 12.5, KOREAN, RED)
        write(page, (166, y + 12), value, 12.5, KOREAN)
        y += 30
    y += 34
    for paragraph in text[1:]:
        y = write_block(page, (72, y), paragraph, 451, 12.5, KOREAN, leading=1.65) + 10
    write(page, (297, y + 34), signed[0], 13, KOREAN, INK, "centre")
    write(page, (297, y + 62), signed[1], 17, KOREAN, NAVY, "centre")


def make_korean_notice(out: Path) -> None:
    doc = mu.open()
    page = doc.new_page(width=595, height=842)
    signed = ("2025년 6월 30일", "하늬섬 등대전시관장")
    notice(page, "여름밤 등대 야간 개방 안내", NOTICE_FACTS, NOTICE, signed)
    save(doc, out / "korean-notice.pdf", "여름밤 등대 야간 개방 안내", "하늬섬 등대전시관")


def make_korean_scan(out: Path) -> None:
    page = mu.open().new_page(width=595, height=640)
    signed = ("2025년 8월 18일", "하늬섬 등대전시관")
    notice(page, "등대지기 체험 학급 모집", SCHOOL_FACTS, SCHOOL, signed)
    image = scanned(picture_of(page, 145), 98, -0.5, 238, 2.0)
    levels = image.point(lambda v: v // 6 * 6)
    levels.quantize(64, dither=Image.Dither.NONE).save(out / "korean-scan.png", optimize=True)


# --- the form

FIELDS = (
    ("full_name", "Full name", "Priya Lanwarne", 62, 150, 300),
    ("born", "Date of birth", "17 June 1986", 382, 150, 151),
    ("address", "Address", "4 Ropewalk Cottages, Saint Orrin", 62, 206, 471),
    ("phone", "Telephone", "01632 960417", 62, 262, 200),
    ("email", "Email", "priya@lanwarne.example", 282, 262, 251),
    (
        "emergency",
        "Person to ring in an emergency",
        "Tom Lanwarne (brother), 01632 960852",
        62,
        318,
        471,
    ),
    ("start", "Can start on", "Saturday 5 April 2025", 282, 374, 251),
    (
        "health",
        "Anything we should know about your health",
        "Allergic to wasp stings",
        62,
        528,
        471,
    ),
)
SKILLS = (
    "Ten years as a primary school teacher. Holds a first aid certificate (renewed November 2024) "
    "and can splice rope. Would like to lead the knots and signals table."
)


def make_form(out: Path) -> None:
    doc = mu.open()
    page = doc.new_page(width=595, height=842)
    page.draw_rect(mu.Rect(0, 0, 595, 96), color=None, fill=NAVY)
    write(page, (62, 52), "Volunteer application", 25, SERIF_BOLD, WHITE)
    write(page, (62, 76), "Tarrow Head Lighthouse Trust - form V2", 11.5, BODY, PALE)
    write(
        page,
        (62, 122),
        "Please type or use capital letters, and tick every box that applies.",
        9.5,
        BODY,
        GREY,
    )
    for name, label, value, x, y, width in FIELDS:
        write(page, (x, y), label, 10, BOLD)
        _widget(page, name, value, mu.Rect(x, y + 6, x + width, y + 30))
    write(page, (62, 374), "Role wanted", 10, BOLD)
    _choice(page, "role", ["Tower guide", "Boat crew", "Tea room", "Gardener"], "Tower guide",
            mu.Rect(62, 380, 262, 404))  # fmt: skip
    write(page, (62, 432), "Days free", 10, BOLD)
    for number, day in enumerate(("Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        _tick(page, f"day_{day.lower()}", day in ("Wed", "Sat", "Sun"), 62 + number * 78, 442)
        write(page, (62 + number * 78 + 24, 454), day, 11)
    write(page, (62, 484), "Hours a week", 10, BOLD)
    _widget(page, "hours", "6", mu.Rect(150, 470, 210, 492))
    write(page, (282, 484), "Jacket size", 10, BOLD)
    _widget(page, "jacket", "Medium", mu.Rect(360, 470, 450, 492))
    write(page, (62, 584), "Skills and experience", 10, BOLD)
    box = mu.Rect(62, 590, 533, 664)
    _widget(page, "skills", SKILLS, box, lines=True)
    write(page, (62, 698), "I agree to the safety rules and to the two days of training.", 10.5)
    _tick(page, "agreed", True, 515, 686)
    _signature(page)
    office = "For the office: taken in by C. Reyne on 3 March 2025. Reference V-0147."
    write(page, (62, 800), office, 9.5, BODY, GREY)
    save(doc, out / "volunteer-form.pdf", "Volunteer application", "Tarrow Head Lighthouse Trust")


def _new(name: str, kind: int, box: pymupdf.Rect) -> Any:
    widget = mu.Widget()
    widget.field_name, widget.field_type, widget.rect = name, kind, box
    widget.border_color, widget.fill_color, widget.border_width = GREY, (0.97, 0.98, 1.0), 0.8
    widget.text_font, widget.text_fontsize, widget.text_color = "Helv", 11, (0.05, 0.1, 0.45)
    return widget


def _widget(
    page: pymupdf.Page, name: str, value: str, box: pymupdf.Rect, lines: bool = False
) -> None:
    widget = _new(name, mu.PDF_WIDGET_TYPE_TEXT, box)
    widget.field_value = value
    if lines:
        widget.field_flags = mu.PDF_TX_FIELD_IS_MULTILINE
    page.add_widget(widget)


def _choice(
    page: pymupdf.Page, name: str, options: list[str], value: str, box: pymupdf.Rect
) -> None:
    widget = _new(name, mu.PDF_WIDGET_TYPE_COMBOBOX, box)
    widget.choice_values, widget.field_value = options, value
    page.add_widget(widget)


def _tick(page: pymupdf.Page, name: str, ticked: bool, x: float, y: float) -> None:
    widget = _new(name, mu.PDF_WIDGET_TYPE_CHECKBOX, mu.Rect(x, y, x + 16, y + 16))
    widget.field_value = ticked
    page.add_widget(widget)


def _signature(page: pymupdf.Page) -> None:
    write(page, (62, 738), "Signature", 10, BOLD)
    write(page, (382, 738), "Date", 10, BOLD)
    page.draw_line((62, 774), (350, 774), color=GREY, width=0.8)
    page.draw_line((382, 774), (533, 774), color=GREY, width=0.8)
    blue = (0.05, 0.1, 0.45)
    scrawl(page, (74, 768), "PLANWARN", blue)
    write(page, (392, 768), "1 March 2025", 12, BODY, blue)
