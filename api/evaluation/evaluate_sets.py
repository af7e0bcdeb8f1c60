"""Evaluation: labelled sets ingested, queried, answered and summarised."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.evaluation.evaluate_answers import answer_questions, has_answers, summarise_answers
from api.factory import make_model, make_searcher, open_home
from api.ingestion import IngestOptions, plan_ingest, run_ingest
from api.settings import Settings
from api.version import find_version
from ingest.encoders.encoder import WORDLESS
from ingest.error import InvalidInputError
from ingest.event import Event
from ingest.extras import require
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.home import Home
from ingest.shards.sharded_library import open_library
from retrieval.evaluate.interval import Sampling
from retrieval.evaluate.quantizations import Converted
from retrieval.evaluate.result import FORMAT, summarise

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from ingest.index.quantization import Quantization
    from retrieval.evaluate.dataset import Dataset
    from retrieval.search import Searcher

Run = dict[str, Any]
"""Results of one set under one setting (docs/eval.md)."""


class EncodersGivenForQuestions(InvalidInputError):
    """Questions about a home are asked of it as it is: encoders cannot be chosen."""

    code = "encoders-given-for-questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """Options of an evaluation; None takes the setting of the same name.

    Attributes:
        home: where a set is ingested; without it a home in the user's cache folder.
        split: the split of BEIR and ViDoRe sets, "test" without it.
        signals: also measure each ranking signal alone.
        quantizations: measure these kinds of rows, converted from the home's own.
        answers: also ask the questions, and measure the answers.
        model: what answers them.
        sampling: how intervals and p-values are drawn.
    """

    encoder: str | None = None
    images: str | None = None
    pool: int | None = None
    ocr: str | None = None
    home: Path | None = None
    split: str | None = None
    signals: bool = False
    quantizations: Sequence[Quantization] = ()
    answers: bool = False
    model: str | None = None
    sampling: Sampling = field(default_factory=Sampling)


class EvaluationProgress:
    """Progress of an evaluation; this one shows nothing."""

    def ingesting(self) -> AbstractContextManager[Callable[[Event], None]]:
        """Context of an ingest; the function is called with each event."""
        return nullcontext(lambda _event: None)

    def querying(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Context of `total` questions of a set; the function is called after each."""
        return nullcontext(lambda: None)

    def note(self, text: str) -> None:
        """Show a message beside the results."""


def evaluate_path(
    path: Path, settings: Settings, options: EvaluationOptions, progress: EvaluationProgress
) -> Iterator[Run]:
    """Evaluate the sets of a folder, or a file of questions about the home.

    Raises:
        MissingExtra: scipy is not installed.
        InvalidDataset: the folder or file cannot be read.
        EncodersGivenForQuestions
        What ingesting and searching raise.
    """
    require("scipy", extra="eval", feature="Evaluation")
    if path.is_dir():
        evaluated = _evaluate_folder(path, settings, options, progress)
    else:
        evaluated = _evaluate_questions(path, settings, options, progress)
    yield from evaluated


def describe_environment(sampling: Sampling) -> dict[str, Any]:
    """Versions, machine and sampling that results were made with."""
    return {
        "format": FORMAT,
        "pageglass": find_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("chromadb", "numpy", "onnxruntime", "scipy")},
        "sampling": asdict(sampling),
    }


def _evaluate_questions(
    path: Path, settings: Settings, options: EvaluationOptions, progress: EvaluationProgress
) -> Iterator[Run]:
    from retrieval.evaluate.questions import read_questions

    if options.encoder or options.images or options.pool or options.ocr:
        raise EncodersGivenForQuestions(
            "A file of questions is asked of a home as it is.",
            hint="Leave out the encoders, pooling and OCR; they are chosen when files are ingested.",
        )
    home = open_home(settings, options.home)
    dataset = read_questions(path, open_library(home))
    ids = {item: item for item in dataset.items}
    model = _load_model(settings, options)
    measure = _Measurement(home, settings, options, progress, model, whole_home=True)
    yield from measure.runs(dataset, ids)


def _evaluate_folder(
    path: Path, settings: Settings, options: EvaluationOptions, progress: EvaluationProgress
) -> Iterator[Run]:
    from ingest.caches.kept_files import cache_folder
    from ingest.choose import default_images, default_pages
    from ingest.index.manifest import slug
    from retrieval.evaluate.corpus import fingerprint, identify
    from retrieval.evaluate.load import read_datasets

    cache = cache_folder() / "eval"
    sets = read_datasets(path, cache / "files" / path.resolve().name, options.split)
    ids = identify(sets[0].items)
    if options.home is None:
        encoder = options.encoder or settings.encoder or "+".join(default_pages())
        images = options.images or settings.images or default_images()
        reading = (options.ocr or settings.ocr, str(settings.dpi), str(options.pool or 1))
        key = "-".join(slug(part) for part in (encoder, images, *reading))
        home = Home(cache / "homes" / f"{fingerprint(ids)}-{key}")
    else:
        home = Home(options.home)
    model = _load_model(settings, options)
    _ingest(home, list(sets[0].items.values()), settings, options, progress)
    measure = _Measurement(home, settings, options, progress, model)
    for dataset in sets:
        yield from measure.runs(dataset, ids)


def _load_model(settings: Settings, options: EvaluationOptions) -> VisionModel | None:
    return make_model(settings, options.model) if options.answers else None


def _ingest(
    home: Home,
    files: Sequence[Path],
    settings: Settings,
    options: EvaluationOptions,
    progress: EvaluationProgress,
) -> None:
    wanted = IngestOptions(
        encoder=options.encoder, images=options.images, pool=options.pool or 0, ocr=options.ocr
    )
    plan = plan_ingest(home, settings, wanted)
    with progress.ingesting() as show:
        for event in run_ingest(home, files, plan):
            show(event)


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Measurement of sets over one home, as it is and with its rows converted.

    `model` answers the questions, if they are asked. `whole_home`: every document of
    the home is of the set.
    """

    home: Home
    settings: Settings
    options: EvaluationOptions
    progress: EvaluationProgress
    model: VisionModel | None
    whole_home: bool = False

    def runs(self, dataset: Dataset, ids: Mapping[str, str]) -> Iterator[Run]:
        """A run a quantization; one of the home as it is without them."""
        for quantization in self.options.quantizations:
            with Converted(self.home, quantization) as converted:
                yield self._run(dataset, ids, converted)
        if not self.options.quantizations:
            yield self._run(dataset, ids, None)

    def _run(self, dataset: Dataset, ids: Mapping[str, str], converted: Converted | None) -> Run:
        from retrieval.evaluate.corpus import describe, judge
        from retrieval.evaluate.run import Plan, collect, run, time_encoding

        corpus = converted.resize(describe(self.home)) if converted else describe(self.home)
        indexes = corpus["indexes"]
        opener = converted.open if converted else None
        searcher = make_searcher(self.home, self.settings, opener=opener)
        try:
            held = {document.id for document in searcher.library.documents()}
            wanted = set(ids.values())
            others = set() if self.whole_home else held - wanted
            plan = Plan(
                by_page=dataset.by_page,
                within=sorted(wanted & held) if others else None,
                images=dataset.kind == "photos" and any(i["modality"] == "image" for i in indexes),
                signals=self.options.signals,
                text_encoders=[i["encoder"] for i in indexes if i["modality"] not in WORDLESS],
            )
            questions = judge(dataset, ids)
            queries = [one.question.query for one in questions]
            encoding = time_encoding(
                self.home, queries, self.settings.encoding(), images=plan.images
            )
            with self.progress.querying(dataset.name, len(questions)) as advance:
                ranked = collect(run(searcher, questions, plan), advance)
            answers = self._answers(searcher, dataset, ids, plan.within)
        finally:
            searcher.close()
        if others:
            self.progress.note(f"{len(others)} documents of the home are not of {dataset.name}.")
        encoders = " + ".join(index["encoder"] for index in indexes)
        found = summarise(
            dataset,
            ranked,
            encoding,
            self.options.sampling,
            setting=f"{encoders}, {converted.kind}" if converted else encoders,
            encoders=encoders,
            quantization=converted.kind if converted else None,
            corpus=corpus,
            not_read=sorted(item for item, key in ids.items() if key not in held),
            exhaustive_pages=self.settings.exhaustive_pages,
        )
        return {**found, "answers": answers} if answers else found

    def _answers(
        self,
        searcher: Searcher,
        dataset: Dataset,
        ids: Mapping[str, str],
        within: Sequence[str] | None,
    ) -> dict[str, Any] | None:
        """Answers to the set's questions; None where they are not asked for, or not known."""
        from retrieval.evaluate.corpus import judge

        if self.model is None:
            return None
        questions = judge(dataset, ids, [*dataset.questions, *dataset.unanswerable])
        if not has_answers(questions):
            self.progress.note(f"{dataset.name} has no answers to measure.")
            return None
        top = self.settings.evidence_pages
        filter = ALL_PAGES if within is None else PageFilter.to(within)
        answered = []
        with self.progress.querying(f"{dataset.name}, answers", len(questions)) as advance:
            for one in answer_questions(searcher, self.model, questions, top=top, filter=filter):
                answered.append(one)
                advance()
        return summarise_answers(answered, self.model.name, top, self.options.sampling)
