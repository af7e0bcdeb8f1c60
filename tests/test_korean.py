"""Korean, mixed, Japanese and Chinese queries among mostly English pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from ingest.add import AddSettings, add
from ingest.encoders.embedded.minilm import known_share
from ingest.files.render import RenderSettings
from ingest.forms.terms import split_terms
from ingest.library.home import Home
from ingest.library.library import Library
from retrieval.search import Searcher

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
PAGES = {
    "battery": "배터리 교체 안내 | 휴대 전화의 배터리를 교체하려면 나사 네 개를 풀고 덮개를 엽니다. 배터리교체는 가까운 서비스센터에서도 합니다. 보증 기간은 구입한 날부터 2년이며, 부풀어 오른 배터리는 바로 사용을 멈추십시오.",
    "sales": "2023년 영업 실적 | 2023년 매출은 1조 2천억 원으로 전년보다 8% 늘었다. 영업 이익은 930억 원이다. 해외 매출 비중은 절반을 넘었고, 반도체 부문의 revenue가 가장 컸다.",
    "museum": "박물관 관람 안내 | 관람 시간은 오전 아홉 시부터 오후 여섯 시까지이며 월요일은 쉽니다. 관람료는 어른 3천 원, 어린이는 무료입니다. 전시실에서 사진을 찍을 수 없습니다.",
    "kimchi": "배추김치 담그기 | 배추를 소금물에 여덟 시간 절인 뒤 헹군다. 고춧가루, 마늘, 생강, 젓갈을 버무려 속을 만든다. 담근 김치는 하루 동안 밖에 두었다가 냉장고에 넣는다.",
    "lease": "전세 계약 해지 | 세입자는 계약이 끝나기 두 달 전까지 집주인에게 알려야 한다. 보증금은 이사하는 날 돌려받는다. 집주인이 보증금을 주지 않으면 임차권 등기를 신청할 수 있다.",
    "water": "물값 안내 | 물 값은 한 달에 한 번 낸다. 물을 아껴 쓰면 값이 내려간다. 책은 관리소에 있다.",
    "hanja": "大韓民國 憲法 前文 | 悠久한 歷史와 傳統에 빛나는 우리 大韓國民은 三一運動으로 建立된 大韓民國臨時政府의 法統을 繼承한다.",
    "denchi": "電池の交換 | 電池を交換するときは、必ず電源を切ってください。使用済みの電池はリサイクル箱に入れてください。保証期間は購入日から一年です。",
    "toshokan": "図書館の利用案内 | 本は二週間借りることができます。カードを作るには身分証明書が必要です。日曜日は午後五時に閉まります。",
    "dianchi": "电池更换说明 | 更换电池之前请先关闭电源。保修期为两年，从购买之日算起。旧电池请交给回收站，不要扔进垃圾桶。",
}
QUESTIONS = {
    "배터리를 어떻게 교체하나요?": "battery",
    "배터리교체": "battery",
    "배터리 교체": "battery",
    "휴대전화 덮개에서 나사는 몇 개인가요": "battery",
    "배터리 warranty period": "battery",
    "2023년 revenue 얼마": "sales",
    "２０２３년 매출은?": "sales",
    "해외매출이 차지하는 비중": "sales",
    "박물관이 쉬는 요일은?": "museum",
    "전시실에서 photo 촬영": "museum",
    "김치를 담글 때 배추를 몇 시간 절이나요?": "kimchi",
    "how long to salt 배추 for 김치": "kimchi",
    "집주인이 보증금을 안 주면 어떻게 해야 합니까": "lease",
    "전세계약을 해지하려면": "lease",
    "책이 어디에 있나요?": "water",
    "물은 값이 얼마예요": "water",
    "大韓民國 臨時政府": "hanja",
    "三一運動은 언제": "hanja",
    "電池の交換方法": "denchi",
    "ﾘｻｲｸﾙ": "denchi",
    "図書館は何時に閉まりますか": "toshokan",
    "本が借りられる期間": "toshokan",
    "怎么更换电池？": "dianchi",
    "保修期 how long": "dianchi",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        heading, _, body = text.partition(" | ")
        pdf = pymupdf.open()
        pdf.new_page().insert_htmlbox((60, 60, 535, 780), f"<h1>{heading}</h1><p>{body}</p>")
        pdf.save(folder / f"{name}.pdf")
    home = Home(tmp_path_factory.mktemp("home"))
    settings = AddSettings(RenderSettings(ocr="none"), workers=1)
    list(add(home, [folder, *SAMPLES.glob("*.pdf"), *SAMPLES.glob("*.png")], settings))
    return home


@pytest.fixture(scope="module", params=[1_000, 0], ids=["exact", "through candidates"])
def searcher(home: Home, request: pytest.FixtureRequest) -> Iterator[Searcher]:
    searcher = Searcher(home, exhaustive_pages=request.param)
    yield searcher
    searcher.close()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_pages_are_found_however_the_question_is_written(searcher: Searcher, form: str) -> None:
    found = {
        query: searcher.search(unicodedata.normalize(form, query), top=1)[0].page.document_name
        for query in QUESTIONS
    }
    assert found == {query: f"{name}.pdf" for query, name in QUESTIONS.items()}


def test_full_width_letters_are_the_same_question(searcher: Searcher) -> None:
    plain, wide = (
        searcher.search(query)
        for query in ("keeper of the lamp", "\uff4b\uff45\uff45\uff50\uff45\uff52 of the lamp")
    )
    assert [(hit.page, hit.score) for hit in plain] == [(hit.page, hit.score) for hit in wide]


def test_a_score_says_whether_the_question_is_about_the_library_in_any_language(
    searcher: Searcher,
) -> None:
    far = (
        "프랑스의 수도는 어디인가요?",
        "피아노 건반은 모두 몇 개야",
        "地震が起きたら",
        "法国的首都",
    )
    best_far = max(searcher.search(query, top=1)[0].score for query in far)
    near = [q for q, name in QUESTIONS.items() if name in {"battery", "museum", "lease", "denchi"}]
    assert min(searcher.search(query, top=1)[0].score for query in near) > best_far


def test_photos_do_not_stand_before_pages_that_have_the_words(searcher: Searcher) -> None:
    for query in ("배터리 보증 기간", "전시실에서 사진을 찍다"):
        kinds = [
            searcher.library.document(hit.page.document_id).kind
            for hit in searcher.search(query, top=3)
        ]
        assert kinds == ["pdf"] * 3


def test_what_is_not_in_latin_letters_minilm_does_not_know() -> None:
    assert known_share("What is the fee in 2023?") == 1
    assert known_share("요금은 얼마인가요") == 0
    assert known_share("배터리 warranty") == pytest.approx(1 / 3)
    assert known_share("2023") == known_share("?!") == known_share("") == 1


def test_a_file_name_that_macos_took_apart_is_found_as_people_type_it(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "전기요금.pdf")
    pdf = pymupdf.open()
    pdf.new_page().insert_text((72, 72), "Rates of the year.")
    pdf.save(tmp_path / apart)
    home = Home(tmp_path / "home")
    list(add(home, [tmp_path / apart], AddSettings(RenderSettings(ocr="none"), workers=1)))
    library = Library(home)
    assert library.document("전기요금.pdf") == library.document(apart) == library.documents()[0]


@pytest.mark.parametrize("name", ["lease", "dianchi", "denchi"])
def test_no_pair_of_characters_is_lost_where_a_line_ends(home: Home, name: str) -> None:
    library = Library(home)
    key = f"{library.document(f'{name}.pdf').id}-1"
    body = PAGES[name].partition(" | ")[2]
    assert [term for term in split_terms(body) if key not in library.match_terms([term])] == []
