"""Korean and mixed queries on synthetic Korean pages beside English documents.

    python -m benchmarks.korean [--home DIR] [--beside FOLDER ...]

Makes 200 pages and 100 questions, half of them mixed with English
(benchmarks/made_korean.py), ingests the pages beside the sample documents, or
the given ones, and prints recall@1 and @5 of each signal and of the default
over the whole library. Half of each question's words, drawn at random, are
used too, so that names alone do not decide. The last lines print how well the
best page's score separates these questions from 20 about other things (area
under the curve), which abstaining before a language model depends on.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.made_korean import MadeQuestion, make_korean, write_korean
from ingest.add import AddSettings, add
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from retrieval.evaluate.ablation import rank_by_signal
from retrieval.search import Searcher

READER = "minilm"
PAGES, QUESTIONS = 200, 100
SHOWN = {
    "BM25": "BM25",
    f"late interaction, {READER}": "late interaction",
    f"dense, {READER}": "dense",
    "default": "default",
}
ELSEWHERE = (
    "프랑스의 수도는 어디인가요?",
    "고래는 물고기입니까 포유류입니까",
    "피아노 건반은 모두 몇 개야?",
    "태양에서 지구까지의 거리",
    "삼국지를 쓴 사람은 누구인가",
    "김치찌개 맛있게 끓이는 법",
    "비타민 C가 많은 과일",
    "축구 경기는 몇 분 동안 하나요",
    "빛의 속도는 초속 얼마?",
    "파이썬에서 list 정렬하는 법",
    "강아지에게 초콜릿을 먹여도 되나요",
    "화성의 위성은 몇 개입니까",
    "올림픽은 몇 년마다 열려?",
    "커피나무는 어디에서 자라나요",
    "셰익스피어가 쓴 비극을 알려줘",
    "지진이 나면 어떻게 대피해야 합니까",
    "unemployment rate 한국 2020년",
    "blood pressure 정상 수치",
    "세계에서 가장 긴 강",
    "한글은 누가 만들었나요",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path)
    parser.add_argument("--beside", type=Path, nargs="*", default=[Path("data/samples")])
    args = parser.parse_args()
    home = Home(args.home or tempfile.mkdtemp(prefix="pageglass-bench-"))
    texts, questions = make_korean(PAGES, QUESTIONS)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_korean(Path(folder), texts)
        for event in add(home, [*paths, *args.beside], AddSettings(RenderSettings(ocr="none"))):
            if isinstance(event, Done):
                print(f"{event.added} files, {event.pages / event.seconds:.2f} pages/s")
    searcher = Searcher(home, exhaustive_pages=1_000_000)
    print(f"{searcher.library.page_count()} pages, {PAGES} of them made\n")
    print(f"{'':54}{'Korean':>14}{'mixed':>15}")
    _ask(searcher, questions, "")
    _ask(searcher, _halve(questions), ", half of the words")
    _tell_apart(searcher, [question.text for question in questions])
    searcher.close()


def _ask(searcher: Searcher, questions: Sequence[MadeQuestion], note: str) -> None:
    keys = {d.name: f"{d.id}-1" for d in searcher.library.documents()}
    ranks: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for question in questions:
        ranking = searcher.rank(question.text)
        ranked = [record.page.key for record in ranking.pages]
        place = ranked.index(keys[f"korean-{question.page:03}.pdf"])
        for name, order in rank_by_signal(ranking, [READER]).items():
            if name in SHOWN:
                ranks[SHOWN[name], question.mixed].append(order.index(place))
    for name in SHOWN.values():
        print(f"{name + note + ', recall@1 / @5':54}", end="")
        for mixed in (False, True):
            found = np.array(ranks[name, mixed])
            print(f"{np.mean(found < 1):8.2f} /{np.mean(found < 5):5.2f}", end="")
        print()


def _halve(questions: Sequence[MadeQuestion]) -> list[MadeQuestion]:
    draw = random.Random(0)
    halved = []
    for question in questions:
        words = question.text.split()
        kept = sorted(draw.sample(range(len(words)), max(1, len(words) // 2)))
        text = " ".join(words[i] for i in kept)
        halved.append(MadeQuestion(text, question.page, question.mixed))
    return halved


def _tell_apart(searcher: Searcher, queries: Sequence[str]) -> None:
    near, far = (
        np.array([searcher.search(query, top=1)[0].score for query in some])
        for some in (queries, ELSEWHERE)
    )
    area = np.mean((near[:, None] > far) + 0.5 * (near[:, None] == far))
    print(f"\nbest score: median {np.median(near):.2f}, {np.median(far):.2f} for questions")
    print(f"about other things; area under the curve {area:.3f}")


if __name__ == "__main__":
    main()
