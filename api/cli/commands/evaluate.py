"""`pageglass eval DATASET...`: how well labelled questions find their pages, and which setting is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.session import HomeOption, JsonOption, Session, session

if TYPE_CHECKING:
    from ingest.index.quantization import Quantization
    from retrieval.evaluate.interval import Sampling
    from retrieval.evaluate.quantizations import Converted


def evaluate(
    ctx: typer.Context,
    datasets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATASET...",
            help="Folders (manifest.json, BEIR or ViDoRe), or a file of questions about this home.",
            show_default=False,
        ),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            help="What sees pages, as for ingest. Given twice or more, each is measured and compared.",
            show_default="what the home has, or minilm",
        ),
    ] = None,
    images: Annotated[
        str | None, typer.Option(help="What sees photos and figures.", show_default="conse")
    ] = None,
    pool: Annotated[
        int | None, typer.Option(min=1, max=16, help="As for ingest.", show_default="1")
    ] = None,
    ocr: Annotated[
        str | None, typer.Option(help="As for ingest.", show_default="PAGEGLASS_OCR")
    ] = None,
    quantization: Annotated[
        list[str] | None,
        typer.Option(
            help="What rows kept as int8, binary+int8 or binary+fp16 would cost against fp16. May be repeated; all is every kind.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Of BEIR and ViDoRe sets.", show_default="test")
    ] = None,
    signals: Annotated[
        bool, typer.Option("--signals", help="Measure each signal alone too.")
    ] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="A B",
            help="Compare two files that --out wrote; measures nothing.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write results here, as JSON.", show_default=False)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw results here, as PNG.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of intervals and p-values.")] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, only results.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Measure how well labelled questions find their pages.

    A folder is ingested into a home of its own, in the user's cache folder or
    where --home says, and kept: a second run only searches. A file of questions
    (.jsonl, .csv, .tsv) is asked of the home as it is.
    """
    found = session(ctx, json=json)
    if bool(datasets) == (compare is not None):
        raise InvalidUsage(
            "Give a DATASET, or --compare A B, one of them.",
            hint="`pageglass eval --help` shows how.",
        )
    from ingest.extras import require

    drawn = ("matplotlib",) if plot else ()
    require("scipy", *drawn, extra="eval", feature="Evaluation")
    from api.cli.eval_report import show_comparisons, show_run, show_storages
    from retrieval.evaluate.interval import Sampling
    from retrieval.evaluate.quantizations import read_kinds
    from retrieval.evaluate.result import compare as compare_runs
    from retrieval.evaluate.result import compare_rankings, read_results, write_results

    sampling = Sampling(seed=seed)
    kinds = read_kinds(quantization or [])
    if compare:
        first, second = (read_results(path)["runs"] for path in compare)
        comparisons = compare_runs(first, second, sampling, (str(compare[0]), str(compare[1])))
        _finish(found, {"comparisons": comparisons}, json)
        if not json:
            show_comparisons(found.terminal, comparisons)
        return
    runs: list[dict[str, Any]] = []
    failed = 0
    try:
        for path in datasets or []:
            specs: list[str | None] = [*encoder] if encoder else [None]
            for spec in specs:
                for run in _evaluate(
                    found,
                    path,
                    spec,
                    images,
                    pool,
                    ocr,
                    split,
                    signals,
                    sampling,
                    quiet,
                    home,
                    kinds,
                ):
                    runs.append(run)
                    failed += len(run["not_read"])
                    if not json:
                        show_run(found.terminal, run)
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was ingested is kept.",
            "The same command goes on where this one stopped.",
        )
        raise typer.Exit(ExitCode.STOPPED) from None
    comparisons = []
    for place, run in enumerate(runs):
        for other in runs[place + 1 :]:
            if _differ(run, other):
                comparisons += compare_runs([run], [other], sampling)
        for name in run["rankings"] if signals else ():
            if name not in {"default", "images"}:
                comparisons += compare_rankings(
                    run, name, run, "default", sampling, (name, "default")
                )
    results = {**_about(sampling), "runs": runs, "comparisons": comparisons}
    if out:
        write_results(out, results)
    if plot:
        from ingest.library.atomic import write_atomically
        from retrieval.evaluate.plot import draw_results

        write_atomically(plot, draw_results(runs))
    _finish(found, results, json)
    if not json:
        show_comparisons(found.terminal, comparisons)
        if kinds:
            show_storages(found.terminal, runs, comparisons)
    raise typer.Exit(ExitCode.SOME_FAILED if failed else ExitCode.DONE)


def _differ(run: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two runs are worth comparing: of one storage, or of one home with fp16 first."""
    if other["set"] != run["set"] or other["setting"] == run["setting"]:
        return False
    same_home = other["encoders"] == run["encoders"] and run["quantization"] == "fp16"
    return bool(same_home or other["quantization"] == run["quantization"])


def _finish(found: Session, results: dict[str, Any], json: bool) -> None:
    if json:
        found.terminal.record(results)


def _about(sampling: Sampling) -> dict[str, Any]:
    """What the results were made with."""
    import platform
    from dataclasses import asdict
    from datetime import UTC, datetime
    from importlib.metadata import version

    from api.version import find_version
    from retrieval.evaluate.result import FORMAT

    return {
        "format": FORMAT,
        "pageglass": find_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("chromadb", "numpy", "onnxruntime", "scipy")},
        "sampling": asdict(sampling),
    }


def _evaluate(
    found: Session,
    path: Path,
    encoder: str | None,
    images: str | None,
    pool: int | None,
    ocr: str | None,
    split: str | None,
    signals: bool,
    sampling: Sampling,
    quiet: bool,
    home: Path | None,
    kinds: Sequence[Quantization],
) -> Iterator[dict[str, Any]]:
    """Results of each set that a DATASET holds, with each kind of storage."""
    from platformdirs import user_cache_path

    from ingest.library.home import Home
    from ingest.library.library import Library
    from retrieval.evaluate.corpus import fingerprint, identify
    from retrieval.evaluate.load import read_datasets
    from retrieval.evaluate.questions import read_questions

    asked: Sequence[Quantization | None] = kinds or [None]
    cache = user_cache_path("pageglass", appauthor=False) / "eval"
    own = home or found.home
    if not path.is_dir():
        if encoder or images or pool or ocr:
            raise InvalidUsage(
                "A file of questions is asked of a home as it is.",
                hint="Leave out --encoder, --images, --pool and --ocr; `pageglass ingest` has them.",
            )
        opened = found.open_home(home)
        dataset = read_questions(path, Library(opened))
        ids = {item: item for item in dataset.items}
        for kind in asked:
            yield _measure(
                found, opened, dataset, ids, signals, sampling, quiet, kind, all_of_it=True
            )
        return
    written = cache / "files" / path.resolve().name
    sets = read_datasets(path, written, split)
    ids = identify(sets[0].items)
    spec, pictures = encoder or found.settings.encoder, images or found.settings.images
    reads = (ocr or found.settings.ocr, str(found.settings.dpi), str(pool or 1))
    if own is None:
        from ingest.index.manifest import slug

        key = "-".join(slug(part) for part in (spec or "minilm", pictures or "conse", *reads))
        opened = Home(cache / "homes" / f"{fingerprint(ids)}-{key}")
    else:
        opened = Home(own)
    _ingest(found, opened, list(sets[0].items.values()), spec, pictures, pool, reads[0], quiet)
    for one in sets:
        for kind in asked:
            yield _measure(found, opened, one, ids, signals, sampling, quiet, kind)


def _ingest(
    found: Session,
    home: Any,
    files: Sequence[Path],
    encoder: str | None,
    images: str | None,
    pool: int | None,
    ocr: str,
    quiet: bool,
) -> None:
    from dataclasses import replace

    from api.cli.commands.ingest import _check_ocr, _progress
    from ingest.add import AddSettings, add
    from ingest.choose import choose_encoders
    from ingest.event import Failed
    from ingest.files.render import RenderSettings

    _check_ocr(ocr)
    settings = AddSettings(
        render=RenderSettings(found.settings.dpi, ocr, None),
        encoders=choose_encoders(home, encoder, images).encoders,
        encoding=replace(found.settings.encoding(), pool_factor=pool or 0),
        workers=found.settings.workers,
    )
    with _progress(found.terminal, quiet) as progress:
        for event in add(home, files, settings):
            if progress:
                progress.show(event)
            if isinstance(event, Failed):
                found.terminal.note(f"not read: {event.failure.path}: {event.failure.reason}")


def _measure(
    found: Session,
    home: Any,
    dataset: Any,
    ids: dict[str, str],
    signals: bool,
    sampling: Sampling,
    quiet: bool,
    quantization: Quantization | None = None,
    all_of_it: bool = False,
) -> dict[str, Any]:
    """Ask every question of the home, as it is or with its rows made into a kind of storage."""
    if quantization is None:
        return _ask(found, home, dataset, ids, signals, sampling, quiet, None, all_of_it)
    from retrieval.evaluate.quantizations import Converted

    with Converted(home, quantization) as made:
        return _ask(found, home, dataset, ids, signals, sampling, quiet, made, all_of_it)


def _ask(
    found: Session,
    home: Any,
    dataset: Any,
    ids: dict[str, str],
    signals: bool,
    sampling: Sampling,
    quiet: bool,
    made: Converted | None,
    all_of_it: bool,
) -> dict[str, Any]:
    from api.cli.eval_report import Asking
    from api.cli.session import make_searcher
    from retrieval.evaluate.corpus import describe, judge
    from retrieval.evaluate.result import summarise
    from retrieval.evaluate.run import Plan, collect, run, time_encoding

    searcher = make_searcher(home, found.settings, opener=made.open if made else None)
    try:
        held = {document.id for document in searcher.library.documents()}
        corpus = made.resize(describe(home)) if made else describe(home)
        sees_pictures = any(i["modality"] == "image" for i in corpus["indexes"])
        wanted = set(ids.values())
        others = held - wanted if not all_of_it else set()
        plan = Plan(
            by_page=dataset.by_page,
            within=sorted(wanted & held) if others else None,
            images=dataset.kind == "photos" and sees_pictures,
            signals=signals,
            text_encoders=[i["encoder"] for i in corpus["indexes"] if i["modality"] != "image"],
        )
        asked = judge(dataset, ids)
        encoding = time_encoding(
            home,
            [one.question.query for one in asked],
            found.settings.encoding(),
            images=plan.images,
        )
        with Asking(dataset.name, len(asked), quiet) as progress:
            answered = collect(run(searcher, asked, plan), progress.advance)
    finally:
        searcher.close()
    if others:
        found.terminal.note(f"{len(others)} documents of the home are not of {dataset.name}.")
    encoders = " + ".join(index["encoder"] for index in corpus["indexes"])
    return summarise(
        dataset,
        answered,
        encoding,
        sampling,
        setting=f"{encoders}, {made.kind}" if made else encoders,
        encoders=encoders,
        quantization=made.kind if made else None,
        corpus=corpus,
        not_read=sorted(item for item, key in ids.items() if key not in held),
        exhaustive_pages=found.settings.exhaustive_pages,
    )
