"""`pageglass eval DATASET...`: retrieval metrics with intervals and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import (
    HomeOption,
    ImagesOption,
    JsonOption,
    ModelOption,
    OcrOption,
    PoolOption,
    QuietOption,
)
from api.cli.session import Session, session

if TYPE_CHECKING:
    from api.evaluation.evaluate_sets import EvaluationOptions, Run


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
            help="Encoder of pages, as for ingest. Given twice or more, each is measured and compared.",
            show_default="what the home has, or minilm",
        ),
    ] = None,
    images: ImagesOption = None,
    pool: PoolOption = None,
    ocr: OcrOption = None,
    quantization: Annotated[
        list[str] | None,
        typer.Option(
            help="Cost of int8, binary+int8 or binary+fp16 rows against fp16. May be repeated; all is every kind.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Of BEIR and ViDoRe sets.", show_default="test")
    ] = None,
    signals: Annotated[
        bool, typer.Option("--signals", help="Measure each signal alone too.")
    ] = False,
    answers: Annotated[
        bool, typer.Option("--answers", help="Ask the questions too, and measure the answers.")
    ] = False,
    model: ModelOption = None,
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
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Evaluate retrieval, and answers, on labelled questions.

    A folder is ingested into a home of its own, in the user's cache folder or
    where --home says, and kept: a second run only searches. A file of questions
    (.jsonl, .csv, .tsv) is asked of the home as it is.
    """
    found = session(ctx, json=json, quiet=quiet)
    if bool(datasets) == (compare is not None):
        raise InvalidUsage(
            "Give a DATASET, or --compare A B, one of them.",
            hint="`pageglass eval --help` shows how.",
        )
    from ingest.extras import require

    plotting = ("matplotlib",) if plot else ()
    require("scipy", *plotting, extra="eval", feature="Evaluation")
    from api.cli.eval_report import show_comparisons
    from api.evaluation.compare_runs import compare_results
    from api.evaluation.evaluate_sets import EvaluationOptions
    from retrieval.evaluate.interval import Sampling
    from retrieval.evaluate.quantizations import read_kinds
    from retrieval.evaluate.result import read_results

    sampling = Sampling(seed=seed)
    kinds = read_kinds(quantization or [])
    if model and not answers:
        raise InvalidUsage("--model answers nothing without --answers.", hint="Add --answers.")
    if compare:
        first, second = (read_results(path)["runs"] for path in compare)
        comparisons = compare_results(first, second, sampling, (str(compare[0]), str(compare[1])))
        if json:
            found.terminal.record({"comparisons": comparisons})
        else:
            show_comparisons(found.terminal, comparisons)
        return
    options = EvaluationOptions(
        images=images,
        pool=pool,
        ocr=ocr,
        home=home or found.home,
        split=split,
        signals=signals,
        quantizations=kinds,
        answers=answers,
        model=model,
        sampling=sampling,
    )
    specs: list[str | None] = [*encoder] if encoder else [None]
    every = [replace(options, encoder=spec) for spec in specs]
    runs = _run(found, datasets or [], every, quiet)
    _write(found, runs, options, out, plot)
    failed = any(run["not_read"] or run.get("answers", {}).get("failed") for run in runs)
    raise typer.Exit(ExitCode.SOME_FAILED if failed else ExitCode.DONE)


def _run(
    found: Session, paths: Sequence[Path], every: Sequence[EvaluationOptions], quiet: bool
) -> list[Run]:
    """Evaluate each path with each encoder, and show each run as it ends."""
    from api.cli.eval_report import show_run
    from api.cli.progress.eval_progress import TerminalEvaluationProgress
    from api.evaluation.evaluate_sets import evaluate_path

    terminal = found.terminal
    progress = TerminalEvaluationProgress(terminal, quiet)
    runs: list[Run] = []
    try:
        for path in paths:
            for options in every:
                for run in evaluate_path(path, found.settings, options, progress):
                    runs.append(run)
                    if not terminal.json:
                        show_run(terminal, run)
    except KeyboardInterrupt:
        terminal.fail(
            "Stopped. What was ingested is kept.",
            "The same command goes on where this one stopped.",
        )
        raise typer.Exit(ExitCode.STOPPED) from None
    return runs


def _write(
    found: Session,
    runs: Sequence[Run],
    options: EvaluationOptions,
    out: Path | None,
    plot: Path | None,
) -> None:
    """Write results and comparisons: files where asked for, and on the terminal."""
    from api.cli.eval_report import show_comparisons, show_quantizations
    from api.evaluation.compare_runs import compare_runs
    from api.evaluation.evaluate_sets import describe_environment
    from retrieval.evaluate.result import write_results

    comparisons = compare_runs(runs, options)
    environment = describe_environment(options.sampling)
    results = {**environment, "runs": list(runs), "comparisons": comparisons}
    if out:
        write_results(out, results)
    if plot:
        from ingest.disk.atomic import write_atomically
        from retrieval.evaluate.plot import draw_results

        write_atomically(plot, draw_results(runs))
    if found.terminal.json:
        found.terminal.record(results)
        return
    show_comparisons(found.terminal, comparisons)
    if options.quantizations:
        show_quantizations(found.terminal, runs, comparisons)
