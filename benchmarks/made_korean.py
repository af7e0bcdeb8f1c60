"""Synthetic Korean pages and queries, Korean and mixed, from a small grammar.

Every page is about one subject: a maker and a thing, a town and a project, a
theatre and a piece, an office and a rule. Makers, towns and the rest each come
back on several pages with another partner, all pages of a kind state the same
facts with other numbers, and each mentions another subject. So finding a page
takes both halves of a name, or half a name and a fact, and pages that only
mention it compete. Queries are as people type them: with particles, with and
without spaces, polite or short. Mixed ones use English words, few of which are
on the page.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEADS = "가 누 다 라 모 보 새 아 자 차 카 타 파 하 도 미 한 온 별 솔".split()
TAILS = "람 온 빛 율 담 겸 든 찬 울 림 결 봄 솜 들 움 본 슬 윤 채 혜".split()
THINGS = "청소기 제습기 전기밥솥 공기청정기 선풍기 가습기 세탁기 안마의자 정수기 식기세척기".split()
WORKS = "하수관 정비|도서관 증축|자전거 도로 건설|공영 주차장 조성|가로등 교체|하천 복원|체육관 신축|보행교 설치|버스 차고지 이전|놀이터 개선".split(
    "|"
)
PIECES = "겨울 등대|두 번째 우산|종이배의 노래|느린 우체국|달빛 정류장|소금 창고|열두 계단|안개 시장|푸른 재봉틀|마지막 염전".split(
    "|"
)
RULES = "출장비 지급|재택근무|휴가 신청|차량 배차|물품 구매|보안 출입|당직 근무|교육비 지원|회의실 예약|자료 보존".split(
    "|"
)


@dataclass(frozen=True, slots=True)
class MadeQuestion:
    """A question and the number of the one page that answers it; `mixed` where English stands in it."""

    text: str
    page: int
    mixed: bool


@dataclass(frozen=True, slots=True)
class _Names:
    """Who and what a page is about, and whom and what it mentions."""

    who: str
    what: str
    other_who: str
    other_what: str


@dataclass(frozen=True, slots=True)
class _Subject:
    heading: str
    text: str
    korean: tuple[str, ...]
    mixed: tuple[str, ...]


def make_korean(count: int, asked: int, seed: int = 1) -> tuple[list[str], list[MadeQuestion]]:
    """Texts of `count` pages (400 at most), heading first, and `asked` questions about as many of them, half mixed."""
    draw = random.Random(seed)
    names = [head + tail for head in HEADS for tail in TAILS]
    draw.shuffle(names)
    kinds: list[tuple[list[str], Callable[[random.Random, _Names], _Subject]]] = [
        (THINGS, _manual),
        (WORKS, _project),
        (PIECES, _play),
        (RULES, _rule),
    ]
    drawn = []
    for kind, (partners, tell) in enumerate(kinds):
        own = names[kind * 10 : kind * 10 + 10]
        pairs = [(who, what) for who in own for what in partners]
        drawn += [(tell, _Names(*pair, *draw.choice(pairs))) for pair in pairs]
    draw.shuffle(drawn)
    subjects = [tell(draw, about) for tell, about in drawn[:count]]
    questions = []
    for number, place in enumerate(draw.sample(range(count), asked)):
        mixed = number % 2 == 1
        forms = subjects[place].mixed if mixed else subjects[place].korean
        questions.append(MadeQuestion(draw.choice(forms), place, mixed))
    return [f"{s.heading}\n\n{s.text}" for s in subjects], questions


def write_korean(folder: Path, texts: list[str]) -> list[Path]:
    """A PDF a text, in order; the same bytes for the same text."""
    import pymupdf

    paths = []
    for number, text in enumerate(texts):
        heading, _, body = text.partition("\n\n")
        pdf = pymupdf.open()
        page = pdf.new_page()
        page.insert_textbox((60, 60, 535, 120), heading, fontname="korea", fontsize=20)
        page.insert_textbox((60, 140, 535, 780), body, fontname="korea", fontsize=11)
        paths.append(folder / f"korean-{number:03}.pdf")
        pdf.save(paths[-1], no_new_id=True)
        pdf.close()
    return paths


def closed(noun: str) -> bool:
    """Whether a Korean word ends in a consonant, which decides its particles."""
    return (ord(unicodedata.normalize("NFC", noun)[-1]) - 0xAC00) % 28 > 0


def _with(noun: str, after_consonant: str, after_vowel: str) -> str:
    return noun + (after_consonant if closed(noun) else after_vowel)


def _manual(draw: random.Random, about: _Names) -> _Subject:
    maker, thing = about.who, about.what
    name = f"{maker} {thing}"
    years, watts, weeks = draw.randint(1, 9), draw.randint(3, 90) * 20, draw.randint(2, 26)
    code, call = f"E{draw.randint(10, 99)}", f"15{draw.randint(10, 99)}-{draw.randint(1000, 9999)}"
    text = (
        f"{_with(name, '을', '를')} 구입해 주셔서 감사합니다. 사용하기 전에 설명서를 끝까지 읽어 주십시오. "
        f"이 제품의 정격 소비 전력은 {watts}W이며 제품 보증 기간은 구입일로부터 {years}년입니다. "
        f"필터는 {weeks}주마다 흐르는 물에 씻어 그늘에서 말리고, 물기가 남은 채로 끼우지 마십시오. "
        f"화면에 {_with(code, '이', '가')} 나타나면 전원을 끄고 뚜껑이 닫혔는지 살펴본 뒤 다시 켭니다. "
        f"고장 신고는 {maker} 고객 센터 {call}번으로 하고, 방문 수리는 평일에만 합니다. "
        f"이 제품의 부품은 {about.other_who} {about.other_what}에도 맞으며, 보증 기간이 지난 뒤에는 유료입니다. "
        "어린이의 손이 닿지 않는 곳에 두고, 전원 코드를 당겨서 뽑지 마십시오."
    )
    return _Subject(
        f"{name} 사용 설명서",
        text,
        (
            f"{name}의 보증 기간은 몇 년인가요?",
            f"{maker}{thing} 소비전력",
            f"{_with(thing, '은', '는')} {maker}에서 샀는데 필터를 얼마나 자주 씻어야 합니까?",
            f"고장 났을 때 {call}번으로 전화하라는 {maker} 제품이 뭐였지?",
            f"{maker} 제품 중에 소비 전력이 {watts}와트이고 필터를 {weeks}주마다 씻는 것은 무엇입니까",
        ),
        (
            f"{name} warranty period",
            f"{maker} {thing} {code} error 뜨면 어떻게 해?",
            f"{name} filter 몇 주마다 wash?",
            f"{maker}에서 만든 {watts}W appliance의 warranty는 얼마나 되나요?",
        ),
    )


def _project(draw: random.Random, about: _Names) -> _Subject:
    town, work = about.who, about.what
    name = f"{town}시 {work}"
    cost, year, month = draw.randint(11, 990), draw.randint(2015, 2026), draw.randint(1, 12)
    metres, firm = draw.randint(2, 95) * 40, draw.choice(HEADS) + draw.choice(TAILS)
    text = (
        f"{town}시는 {work} 사업의 추진 현황을 알린다. 총사업비는 {cost}억 원으로, 절반은 도비로 충당한다. "
        f"공사는 {year}년 {month}월에 착공하였고 대상 구간의 길이는 {metres}m이다. "
        f"시공은 {firm}건설이 맡고 감리는 별도로 선정한다. "
        f"설계는 {about.other_who}시 {about.other_what} 사업을 본떴다. "
        "공사 중에는 우회 도로를 이용해야 하며 소음이 큰 작업은 낮에만 한다. "
        f"주민 설명회는 {town}시청 대강당에서 두 차례 열렸고, 보상 협의는 끝났다. "
        "문의 사항은 도시기반과로 전화하거나 시청 누리집에 남기면 된다."
    )
    return _Subject(
        f"{name} 사업 개요",
        text,
        (
            f"{town}시 {work}의 총사업비는 얼마입니까?",
            f"{town}시에서 하는 {work.replace(' ', '')} 공사는 언제 착공했나요?",
            f"{town}시 {work} 시공을 맡은 회사가 어디야",
            f"{town}시가 {year}년에 시작한 길이 {metres}미터 공사의 시공사를 알려 주세요",
            f"{firm}건설이 {town}시에서 맡은 사업의 사업비",
        ),
        (
            f"{town}시 {work} budget 얼마",
            f"{town}시의 {work} construction start date",
            f"{year}년 {town}시 {work} contractor가 누구?",
            f"{firm}건설 {town}시 project total cost가 얼마인지",
        ),
    )


def _play(draw: random.Random, about: _Names) -> _Subject:
    theatre, piece = about.who, about.what
    name = f"{theatre}극장 연극 「{piece}」"
    price, minutes, seats = draw.randint(8, 60) * 1000, draw.randint(60, 170), draw.randint(60, 900)
    writer = draw.choice("김이박최정강조윤장임") + draw.choice(HEADS) + draw.choice(TAILS)
    text = (
        f"{theatre}극장은 이번 철에 연극 「{piece}」을 무대에 올린다. 희곡은 {writer}이 썼고 쉬는 시간 없이 {minutes}분 동안 이어진다. "
        f"관람료는 어른 {price:,}원이고 학생은 절반이다. {theatre}극장의 객석은 {seats}석으로, 휠체어 자리는 맨 앞줄에 있다. "
        f"지난 철에는 {about.other_who}극장에서 「{about.other_what}」을 올려 호평을 받았다. "
        "막이 오른 뒤에는 들어갈 수 없으며 사진을 찍을 수 없다. "
        "예매는 극장 누리집에서 하고, 공연 하루 전까지 취소하면 전액을 돌려받는다. "
        "월요일은 쉬고, 수요일 낮 공연 뒤에는 배우와 이야기를 나누는 자리가 있다."
    )
    return _Subject(
        name,
        text,
        (
            f"{theatre}극장 {piece} 관람료가 얼마예요?",
            f"{theatre}극장에서 올리는 {_with(piece, '은', '는')} 몇 분 동안 하나요",
            f"{_with(piece, '을', '를')} 쓴 희곡 작가는 누구입니까? {theatre}극장 공연",
            f"{writer} 작가의 연극이 {theatre}극장에서 몇 분 동안 공연되나요?",
            f"{theatre} 극장에서 {minutes}분짜리 연극의 어른 관람료는 얼마였습니까",
        ),
        (
            f"{theatre}극장 {piece} ticket price",
            f"{theatre}극장의 {piece} running time 몇 분",
            f"who wrote {piece} {theatre}극장",
            f"{writer} play {theatre}극장 student discount 있나요?",
        ),
    )


def _rule(draw: random.Random, about: _Names) -> _Subject:
    firm, rule = about.who, about.what
    name = f"{firm}상사 {rule} 규정"
    number, days, sum_ = draw.randint(3, 48), draw.randint(2, 45), draw.randint(2, 80) * 5
    text = (
        f"이 규정은 {firm}상사 임직원의 {rule}에 관한 사항을 정한다. 신청은 늦어도 {days}일 전에 전자 결재로 올리고 팀장이 승인한다. "
        f"한 사람의 한도는 한 해 {sum_}만 원으로 하며, 이를 넘는 경우에는 본부장의 허가를 얻는다. "
        f"자세한 절차는 제{number}조에 따르고, 증빙 서류는 다섯 해 동안 보관한다. "
        f"계열사인 {about.other_who}상사의 {about.other_what} 규정도 함께 살핀다. "
        "거짓으로 신청한 사람은 받은 금액을 돌려주고 징계를 받는다. "
        "이 규정에 없는 것은 취업 규칙을 따르며, 고칠 때에는 노사 협의회를 거친다."
    )
    return _Subject(
        name,
        text,
        (
            f"{firm}상사에서는 {_with(rule, '을', '를')} 며칠 전에 신청해야 하나요?",
            f"{firm}상사 {rule} 한도는 얼마인가",
            f"{firm}상사의 {rule.replace(' ', '')}규정 절차가 몇 조에 있어?",
            f"{firm} 상사에서 한 해에 {sum_}만 원까지 쓸 수 있는 것은 어떤 규정에 나와 있습니까?",
            f"{days}일 전까지 결재를 올리라는 {firm}상사 규정",
        ),
        (
            f"{firm}상사 {rule} 규정 deadline 며칠 전",
            f"{firm}상사 {rule} annual limit {sum_}만 원",
            f"{firm}상사의 {rule} policy 누가 approve 하나요",
            f"{firm}상사에서 {days}일 전 신청해야 하는 rule이 뭐야",
        ),
    )
