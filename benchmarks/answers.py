"""The extractive model on a labelled set: does it cite the right page, and decline when it should?

    python -m benchmarks.answers EVAL/mmlongbench-dev --home DIR [--top 5] [--fit]

DIR is a home that benchmarks.pages made. Every quote must stand word for word
on its page; the script exits 1 if one does not. Besides the set's own
unanswerable questions, those of data/questions.json are asked, whose documents
are not in this library. --fit prints coefficients for generation.confidence
(logistic regression, balanced), with AUC cross-validated over documents.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from api.evidence import gather
from generation.ask import ask
from generation.models.extractive import Extractive
from ingest.home import Home
from retrieval.search import Searcher

SAMPLES = Path(__file__).parents[1] / "data" / "questions.json"


@dataclass(slots=True)
class Row:
    kind: str
    document: str
    features: dict[str, float]
    confidence: float
    declined: bool
    gold_cited: bool
    false_quotes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--top", type=int, default=5)
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    rows = collect(args.folder, Home(args.home), args.top)
    report(rows)
    if args.fit:
        fit(rows)
    if any(row.false_quotes for row in rows):
        sys.exit("A quote does not stand on its page.")


def collect(folder: Path, home: Home, top: int) -> list[Row]:
    searcher, model = Searcher(home, exhaustive_pages=1_000_000), Extractive()
    ids = {path: d.id for d in searcher.library.documents() for path in d.paths}
    asked = [
        (q["query"], "answerable" if q["answerable"] else "unanswerable", q["doc"], q)
        for q in json.loads((folder / "manifest.json").read_text())["queries"]
    ]
    foreign = json.loads(SAMPLES.read_text(encoding="utf-8"))
    asked += [(q["query"], "foreign", q["file"], {}) for q in foreign if "answer" in q]
    rows = []
    for query, kind, document, question in asked:
        prompt = gather(searcher, query, model, top=top)
        answer = ask(prompt, model)
        gold = set()
        if kind == "answerable":
            gold = {
                (ids[str((folder / document).absolute())], n) for n in question["relevant_pages"]
            }
        cited = {(c.page.document_id, c.page.number) for c in answer.citations}
        rows.append(
            Row(
                kind,
                document,
                model.features(prompt),
                answer.confidence or 0.0,
                answer.declined,
                bool(gold & cited),
                sum(not c.verified for c in answer.citations if c.quote),
            )
        )
    return rows


def report(rows: list[Row]) -> None:
    for kind in ("answerable", "unanswerable", "foreign"):
        some = [row for row in rows if row.kind == kind]
        declined = np.mean([row.declined for row in some])
        cited = np.mean([row.gold_cited for row in some])
        print(f"{kind:14}{len(some):5} questions, declined {declined:.2f}", end="")
        print(f", gold page cited {cited:.2f}" if kind == "answerable" else "")
    quotes = sum(row.false_quotes for row in rows)
    print(f"quotes that do not stand on their page: {quotes}")


def fit(rows: list[Row]) -> None:
    names = list(rows[0].features)
    values = np.array([[row.features[name] for name in names] for row in rows])
    # Positive where quoting is right; answerable questions whose page was missed are neither.
    positive = np.array([row.kind == "answerable" for row in rows])
    model = LogisticRegression(class_weight="balanced", C=1.0)
    groups = [row.document for row in rows]
    folds = GroupKFold(5)
    predicted = cross_val_predict(
        model, values, positive, groups=groups, cv=folds, method="predict_proba"
    )[:, 1]
    for kind in ("unanswerable", "foreign"):
        some = np.array([row.kind in {"answerable", kind} for row in rows])
        auc = roc_auc_score(positive[some], predicted[some])
        print(f"cross-validated AUC, answerable against {kind}: {auc:.3f}")
    model.fit(values, positive)
    print("BIAS =", round(float(model.intercept_[0]), 2))
    print({name: round(float(c), 2) for name, c in zip(names, model.coef_[0], strict=True)})
    for threshold in (0.3, 0.4, 0.5, 0.6):
        declined = predicted < threshold
        shares = {
            kind: round(float(declined[[row.kind == kind for row in rows]].mean()), 2)
            for kind in ("answerable", "unanswerable", "foreign")
        }
        print(f"threshold {threshold}: declined {shares}")


if __name__ == "__main__":
    main()
