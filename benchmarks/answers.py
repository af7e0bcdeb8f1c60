"""Extractive answers on a labelled set: cited pages and declined questions.

    python -m benchmarks.answers EVAL/mmlongbench-dev --home DIR [--top 5] [--fit]

DIR is a home that benchmarks.pages made. Every quote must stand word for word
on its page; the script exits 1 if one does not. Besides the set's own
unanswerable questions, those of data/questions.json are asked, whose documents
are not in this library, and thirty of general knowledge. For each kind it also
prints how many would be declined before a language model is called
(generation.context.abstain). --fit prints coefficients for
generation.extractive.confidence (balanced logistic regression), with AUC
cross-validated over documents.
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

from api.rag.evidence import retrieve_evidence
from generation.ask import ask
from generation.context.abstain import MIN_SCORE, should_abstain
from generation.models.extractive import Extractive
from ingest.library.home import Home
from retrieval.rerank.load_reranker import load_reranker
from retrieval.search import Searcher

GENERAL = """\
why is the sky blue
Why is the sky blue?
What is the capital of France?
Who wrote Romeo and Juliet?
How do vaccines work?
What is the boiling point of water?
How do I bake sourdough bread?
Who won the 1998 football world cup?
Which enzyme unwinds DNA?
What is the meaning of life?
How far away is the moon?
What is the derivative of sin x?
Write a poem about spring
Tell me a joke
How do I reverse a linked list in Python?
Who painted the Mona Lisa?
When did the Roman Empire fall?
What is the speed of light?
How do bees make honey?
What is the largest ocean?
What time is it?
How many bones are in the human body?
Who invented the telephone?
What language is spoken in Brazil?
Why do cats purr?
How tall is Mount Everest?
What causes earthquakes?
Who is the president of the United States?
What is photosynthesis?
Translate good morning into Spanish
""".splitlines()
"""Questions of general knowledge, which no library of reports answers."""

SAMPLES = Path(__file__).parents[1] / "data" / "questions.json"


KINDS = ("answerable", "unanswerable", "foreign", "general")


@dataclass(slots=True)
class Row:
    kind: str
    document: str
    features: dict[str, float]
    confidence: float
    declined: bool
    gold_cited: bool
    support: float
    far: dict[float, bool]
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
    searcher = Searcher(home, exhaustive_pages=1_000_000, reranker=load_reranker("auto"))
    model = Extractive()
    ids = {path: d.id for d in searcher.library.documents() for path in d.paths}
    asked = [
        (q["query"], "answerable" if q["answerable"] else "unanswerable", q["doc"], q)
        for q in json.loads((folder / "manifest.json").read_text())["queries"]
    ]
    foreign = json.loads(SAMPLES.read_text(encoding="utf-8"))
    asked += [(q["query"], "foreign", q["file"], {}) for q in foreign if "answer" in q]
    asked += [(query, "general", query, {}) for query in GENERAL]
    rows = []
    for query, kind, document, question in asked:
        prompt = retrieve_evidence(searcher, query, model, top=top).prompt
        answer = ask(prompt, model)
        gold = set()
        if kind == "answerable":
            gold = {
                (ids[str((folder / document).resolve())], n) for n in question["relevant_pages"]
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
                answer.support,
                {limit: should_abstain(prompt, limit) for limit in (0.3, MIN_SCORE, 0.4)},
                sum(not c.verified for c in answer.citations if c.quote),
            )
        )
    return rows


def report(rows: list[Row]) -> None:
    for kind in KINDS:
        some = [row for row in rows if row.kind == kind]
        declined = np.mean([row.declined for row in some])
        cited = np.mean([row.gold_cited for row in some])
        print(f"{kind:14}{len(some):5} questions, declined {declined:.2f}", end="")
        print(f", gold page cited {cited:.2f}" if kind == "answerable" else "")
        support = np.mean([row.support for row in some if not row.declined] or [0.0])
        far = {
            limit: round(float(np.mean([r.far[limit] for r in some])), 3) for limit in some[0].far
        }
        print(f"{'':14}support of the others {support:.2f}; no page is near, by limit: {far}")
    quotes = sum(row.false_quotes for row in rows)
    print(f"quotes that do not stand on their page: {quotes}")


def fit(rows: list[Row]) -> None:
    names = list(rows[0].features)
    rows = [row for row in rows if row.kind != "general"]
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
