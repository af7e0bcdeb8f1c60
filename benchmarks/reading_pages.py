"""Made pages with known words and order, in ten languages and six layouts, as HTML.

Each page knows its paragraphs (words that follow each other), its rows of a table, and
what comes before what. Sentences are this project's own.
"""

from __future__ import annotations

import html
import random
from dataclasses import dataclass, field

SENTENCES = {
    "en": "The harbour office opens at seven and closes when the last ferry has left.|Every boat that stays for more than a week pays a deposit of forty crowns.|The committee has decided that the old crane will be repaired before winter.|Visitors may climb the tower on weekdays, because the lamp is serviced on Sundays.|A keeper walks along the quay twice a day and writes the depth of the water down.|Nobody remembers who painted the door of the shed in such a bright colour.",
    "de": "Das Hafenamt öffnet um sieben Uhr und schließt, wenn die letzte Fähre abgefahren ist.|Jedes Boot, das länger als eine Woche bleibt, zahlt eine Kaution von vierzig Kronen.|Der Ausschuss hat beschlossen, dass der alte Kran vor dem Winter ausgebessert wird.|Besucher dürfen den Turm an Werktagen besteigen, weil die Lampe sonntags gewartet wird.|Ein Wärter geht zweimal am Tag den Kai entlang und schreibt die Wassertiefe auf.",
    "fr": "Le bureau du port ouvre à sept heures et ferme quand le dernier bac est parti.|Chaque bateau qui reste plus d'une semaine verse une caution de quarante couronnes.|Le comité a décidé que la vieille grue sera réparée avant le début de l'hiver.|Les visiteurs peuvent monter à la tour en semaine, car la lampe est révisée le dimanche.|Un gardien longe le quai deux fois par jour et note la profondeur de l'eau.",
    "tr": "Liman ofisi saat yedide açılır ve son vapur kalktıktan sonra kapanır.|Bir haftadan uzun kalan her tekne kırk kron tutarında bir depozito öder.|Kurul, eski vincin kıştan önce onarılmasına oy birliğiyle karar verdi.|Ziyaretçiler kuleye hafta içi çıkabilir, çünkü lambanın bakımı pazar günleri yapılır.|Bekçi günde iki kez rıhtım boyunca yürür ve suyun derinliğini deftere yazar.",
    "ar": "يفتح مكتب الميناء في الساعة السابعة ويغلق بعد مغادرة آخر عبارة إلى الجزيرة.|كل قارب يبقى أكثر من أسبوع يدفع وديعة قدرها أربعون كرونة في المكتب.|قررت اللجنة إصلاح الرافعة القديمة قبل بداية فصل الشتاء القادم في المدينة.|يمكن للزوار صعود البرج في أيام الأسبوع لأن المصباح يصان يوم الأحد فقط.",
    "he": "משרד הנמל נפתח בשעה שבע ונסגר אחרי שהמעבורת האחרונה עוזבת את הרציף.|כל סירה שנשארת יותר משבוע משלמת פיקדון של ארבעים כתרים במשרד הנמל.|הוועדה החליטה לתקן את העגורן הישן לפני תחילת החורף הבא בעיר שלנו.|מבקרים רשאים לעלות למגדל בימי חול כי המנורה מטופלת בימי ראשון בלבד.",
    "hi": "बंदरगाह का कार्यालय सात बजे खुलता है और आखिरी नाव के जाने पर बंद होता है।|एक सप्ताह से अधिक ठहरने वाली हर नाव चालीस मुद्रा की जमानत देती है।|समिति ने तय किया है कि पुरानी क्रेन की मरम्मत सर्दी से पहले की जाएगी।|आगंतुक काम के दिनों में मीनार पर चढ़ सकते हैं क्योंकि रविवार को दीपक साफ होता है।",
    "zh": "港口办公室早上七点开门，最后一班渡轮离开以后才关门。|停留超过一个星期的每一条船都要交四十克朗的押金。|委员会决定在冬天到来之前修好码头上的旧起重机。|游客可以在工作日登上灯塔，因为星期天要检修那盏灯。|看守人每天两次沿着码头走一遍，并且记下水的深度。",
    "ja": "港の事務所は朝七時に開き、最後の渡し船が出たあとに閉まります。|一週間より長く泊まる船はどれも四十クローネの保証金を払います。|委員会は古いクレーンを冬が来る前に修理することに決めました。|日曜日には灯の手入れをするので、見学者は平日に塔へ登ることができます。|番人は一日に二度岸壁を歩き、水の深さを帳面に書きとめます。",
    "ko": "항구 사무실은 아침 일곱 시에 열고 마지막 배가 떠난 뒤에 문을 닫는다.|일주일 넘게 머무는 배는 모두 사십 크로네의 보증금을 사무실에 낸다.|위원회는 겨울이 오기 전에 낡은 기중기를 고치기로 결정하였다.|방문객은 평일에 탑에 오를 수 있는데 일요일에는 등불을 손보기 때문이다.|관리인은 하루에 두 번 부두를 따라 걸으며 물의 깊이를 적어 둔다.",
}
"""Sentences by language, parted by "|"."""
RIGHT_TO_LEFT = frozenset({"ar", "he"})
SPACELESS = frozenset({"zh", "ja"})
BROKEN_ANYWHERE = SPACELESS | {"ko"}
"""Languages whose lines may end within a word, without a hyphen."""
STYLE = """
@page { size: A4; margin: 0 }
body { margin: 0; font: 10.5pt/1.35 "DejaVu Serif", "Noto Serif CJK JP", "Noto Serif Devanagari" }
section { position: relative; width: 210mm; height: 296mm; padding: 22mm 20mm; box-sizing: border-box;
  break-after: page; overflow: hidden }
.running { position: absolute; top: 9mm; left: 20mm; right: 20mm; font-size: 8pt }
.folio { position: absolute; bottom: 9mm; left: 20mm; right: 20mm; font-size: 8pt; text-align: center }
h1 { font-size: 17pt; margin: 0 0 5mm } h2 { font-size: 12.5pt; margin: 3mm 0 1mm }
p { margin: 0 0 2.2mm; text-align: justify } .two { columns: 2; column-gap: 7mm }
.three { columns: 3; column-gap: 6mm; font-size: 9pt } .side { display: flex; gap: 8mm }
.side aside { width: 45mm; font-size: 8.5pt } .side main { flex: 1 }
td, th { padding: 1mm 6mm 1mm 0; text-align: start } .notes { font-size: 8pt; margin-top: 8mm }
.letter { display: flex; justify-content: space-between; font-size: 9pt; margin-bottom: 12mm }
"""


@dataclass
class MadePage:
    """Page with what is right of it.

    `texts` are paragraphs in their order; `rows` the cells of tables; `running` the
    header and footer; `asides` paragraphs that may come anywhere, but whole.
    """

    language: str
    layout: str
    body: str = ""
    texts: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)


class PageMaker:
    """Maker of one page."""

    def __init__(self, language: str, layout: str, seed: int) -> None:
        self._random = random.Random(f"{language} {layout} {seed}")
        self._sentences = SENTENCES[language].split("|")
        self._glue = "" if language in SPACELESS else " "
        self.page = MadePage(language, layout)

    def paragraph(self, sentences: int) -> str:
        """Text of some sentences, in an order of its own."""
        return self._glue.join(self._random.choice(self._sentences) for _ in range(sentences))

    def text(self, sentences: int, tag: str = "p", *, aside: bool = False) -> str:
        """Paragraph as HTML, noted as part of the text or as an aside."""
        said = self.paragraph(sentences)
        (self.page.asides if aside else self.page.texts).append(said)
        return f"<{tag}>{html.escape(said)}</{tag}>"

    def heading(self, tag: str) -> str:
        """Heading: the first words of a sentence."""
        sentence = self._random.choice(self._sentences)
        said = " ".join(sentence.split()[:4]) if self._glue else sentence[:8]
        self.page.texts.append(said)
        return f"<{tag}>{html.escape(said)}</{tag}>"

    def table(self, rows: int) -> str:
        """Table of labels and numbers."""
        lines = []
        for _ in range(rows):
            sentence = self._random.choice(self._sentences)
            label = " ".join(sentence.split()[:2]) if self._glue else sentence[:4]
            cells = [label, *(f"{self._random.randint(100, 9999)}" for _ in range(3))]
            self.page.rows.append(cells)
            lines.append("".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
        return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def make_pages(seeds: int = 2) -> list[MadePage]:
    """Pages of every language and layout."""
    return [
        _make(language, layout, seed)
        for language in SENTENCES
        for layout in ("two columns", "three columns", "sidebar", "table", "notes", "letter")
        for seed in range(seeds)
    ]


def _make(language: str, layout: str, seed: int) -> MadePage:
    make = PageMaker(language, layout, seed)
    parts = [make.heading("h1")]
    match layout:
        case "two columns" | "three columns":
            paragraphs = "".join(
                (make.heading("h2") if number % 3 == 0 else "") + make.text(4)
                for number in range(7 + seed)
            )
            kind = "two" if layout == "two columns" else "three"
            parts += [make.text(2), f'<div class="{kind}">{paragraphs}</div>', make.text(2)]
        case "sidebar":
            aside = "".join(make.text(2, aside=True) for _ in range(3))
            main = "".join(make.text(4) for _ in range(4 + seed))
            inside = f"<aside>{aside}</aside><main>{main}</main>"
            if seed % 2:
                inside = f"<main>{main}</main><aside>{aside}</aside>"
            parts.append(f'<div class="side">{inside}</div>')
        case "table":
            parts += [make.text(3), make.table(6 + seed), make.text(3)]
        case "notes":
            paragraphs = "".join(make.text(4) for _ in range(4))
            notes = make.text(1, aside=True).replace("<p>", "<p>1 ")
            parts += [f'<div class="two">{paragraphs}</div><div class="notes">{notes}</div>']
        case _:
            left = "".join(f"<div>{line}</div>" for line in ("Haven AS", "Quay 4", "5003 Bergen"))
            right = "".join(
                f"<div>{x}</div>" for x in ("12 May 2025", "Ref. 7-311", "Tel. 555 01 23")
            )
            parts = [f'<div class="letter"><div>{left}</div><div>{right}</div></div>', *parts]
            parts += [make.text(3), make.text(3), make.text(1)]
    make.page.running = [f"Report {seed + 7}", f"{seed + 41}"]
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    make.page.body = (
        f'<section lang="{language}" dir="{direction}"><div class="running">{make.page.running[0]}'
        f'</div>{"".join(parts)}<div class="folio">{make.page.running[1]}</div></section>'
    )
    return make.page


def as_html(pages: list[MadePage]) -> str:
    """One HTML document of all pages."""
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>' + "".join(
        page.body for page in pages
    )
