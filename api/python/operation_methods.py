"""Client methods for operation: evaluate, finetune, doctor, encoders, serve, mcp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from api.python.arguments import (
    FilePath,
    Names,
    as_names,
    as_paths,
    as_sources,
    check_keywords,
    observe_training,
)
from api.python.base import ClientBase
from api.python.keywords import TrainingKeywords
from api.python.python_hints import python_hints
from api.results.evaluation_results import Evaluation
from api.results.reports import DoctorReport, TrainingReport

if TYPE_CHECKING:
    from ingest.encoders.catalog.choices import EncoderChoice
    from ingest.finetune.plan import TrainSettings
    from ingest.finetune.training_event import Event as TrainingEvent


class OperationMethods(ClientBase):
    """Methods that measure, train, check and serve."""

    @python_hints()
    def evaluate(
        self,
        datasets: FilePath | Sequence[FilePath],
        *,
        encoder: Names = None,
        images: str | None = None,
        pool: int | None = None,
        ocr: str | None = None,
        quantization: Names = None,
        split: str | None = None,
        signals: bool = False,
        answers: bool = False,
        model: str | None = None,
        seed: int = 0,
        home: FilePath | None = None,
        progress: bool = False,
    ) -> Evaluation:
        """Measure how well labelled questions find their pages (docs/eval.md).

        Args:
            datasets: folders, each ingested into a home of its own in the user's cache
                folder; or files of questions, asked of this library.
            encoder: what sees pages; several are measured and compared.
            quantization: kinds of rows to measure against fp16; "all" is every kind.
            answers: also ask the questions of `model`, and measure its answers.
            home: where a folder is ingested instead.
            progress: show it on stderr.

        Raises:
            InvalidInputError: a set cannot be read.
        """
        from api.cli.progress.eval_progress import TerminalEvaluationProgress
        from api.cli.terminal import Terminal
        from api.evaluation.compare_runs import compare_runs
        from api.evaluation.evaluate_sets import (
            EvaluationOptions,
            describe_environment,
            evaluate_path,
        )
        from retrieval.evaluate.interval import Sampling
        from retrieval.evaluate.quantizations import read_kinds

        options = EvaluationOptions(
            images=images,
            pool=pool,
            ocr=ocr,
            home=Path(home) if home is not None else None,
            split=split,
            signals=signals,
            quantizations=read_kinds(as_names(quantization)),
            answers=answers,
            model=model,
            sampling=Sampling(seed=seed),
        )
        shown = TerminalEvaluationProgress(Terminal(), not progress)
        encoders: list[str | None] = [*as_names(encoder)] or [None]
        runs = [
            run
            for path in as_paths(datasets)
            for spec in encoders
            for run in evaluate_path(path, self.settings, replace(options, encoder=spec), shown)
        ]
        return Evaluation(runs, compare_runs(runs, options), describe_environment(options.sampling))

    @python_hints()
    def finetune(
        self,
        pairs: FilePath,
        base: str,
        out: FilePath,
        *,
        progress: bool | Callable[[TrainingEvent], object] = False,
        **options: Unpack[TrainingKeywords],
    ) -> TrainingReport:
        """Train a CLIP model further on images and captions (docs/finetune.md).

        Args:
            pairs: a file with a line {"image": PATH, "text": CAPTION} for each pair.
            base: a model of open_clip, as after "clip:".
            out: the folder for the new model.
            progress: show it on stderr, or call a function with each event.
            options: those of `pageglass finetune`.

        Raises:
            TypeError: there is no such option.
            PageglassError: the training cannot go on; what was trained stays.
        """
        from ingest.finetune.packages import require_training_packages

        require_training_packages()
        from ingest.finetune.train import train
        from ingest.finetune.training_event import Trained

        check_keywords(options, TrainingKeywords)
        [file], [folder] = as_paths(pairs), as_paths(out)
        events = train(
            file,
            base,
            folder,
            _train_settings(options, self.settings.dtype),
            device=options.get("device", self.settings.device),
            force=options.get("force", False),
        )
        # Closed at once where the progress fails, so that what was trained is saved.
        with closing(events), observe_training(progress) as observe:
            for event in events:
                observe(event)
                if isinstance(event, Trained):
                    return TrainingReport(event)
        raise AssertionError("a training ends with Trained")

    @python_hints()
    def doctor(self) -> DoctorReport:
        """Check the installation: what is there, what is used, and what is broken."""
        from api.diagnostics.examine import examine

        return DoctorReport(tuple(examine(self._engine.home, self.settings)))

    @python_hints()
    def encoders(self, containing: str = "") -> list[EncoderChoice]:
        """Encoders that an ingest takes, with their sizes where known.

        Args:
            containing: only those with this in their name or family.
        """
        from ingest.encoders.catalog.choices import list_choices

        return list_choices(containing)

    @python_hints()
    def serve(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        root_path: str | None = None,
        certfile: FilePath | None = None,
        keyfile: FilePath | None = None,
        watch: FilePath | Sequence[FilePath] = (),
        prune: bool = False,
        processes: int = 1,
    ) -> None:
        """Serve the library over HTTP until Ctrl-C (docs/http.md).

        Args:
            host, port: the address; None takes the settings, as for the others.
            root_path: the path that a proxy strips.
            certfile, keyfile: TLS certificate and key (PEM).
            watch: folders to follow.
            prune: forget files that are gone from them.
            processes: how many share the address; one where folders are followed.

        Raises:
            InvalidInputError: other machines could reach it, and there is no token.
            ConfigurationError: the address cannot be listened on.
        """
        from api.cli.commands.serve import run_app, with_options
        from api.cli.session import Session
        from api.http.app import create_app
        from ingest.watch.folder_watcher import find_folders

        home, folders = self._engine.home, find_folders(as_sources(watch))
        settings = with_options(
            self.settings, root_path=root_path, certfile=certfile, keyfile=keyfile
        )
        run_app(
            Session(settings),
            host,
            port,
            lambda: create_app(home, settings, folders=folders, prune=prune),
            processes=processes,
        )

    @python_hints()
    def mcp(self, *, http: bool = False, host: str | None = None, port: int | None = None) -> None:
        """Serve the library to MCP clients on stdin and stdout, or over HTTP at /mcp.

        Args:
            http: listen on HTTP instead.
            host, port: the address with `http`; None takes the settings.

        Raises:
            As for `serve`.
        """
        if http:
            from api.cli.commands.serve import run_app
            from api.cli.session import Session
            from api.mcp.mcp_app import create_mcp_app

            home = self._engine.home
            run_app(
                Session(self.settings),
                host,
                port,
                lambda: create_mcp_app(home, self.settings),
                path="/mcp",
            )
            return
        from api.mcp.tools import make_mcp

        make_mcp(self._engine).run("stdio")


def _train_settings(options: TrainingKeywords, dtype: str) -> TrainSettings:
    from ingest.finetune.plan import TrainSettings

    renamed = {"lr": "rate", "weight_decay": "decay"}
    values: dict[str, Any] = {
        renamed.get(name, name): value
        for name, value in options.items()
        if name not in {"device", "force", "freeze_image", "freeze_text"}
    }
    frozen = tuple(side for side in ("image", "text") if options.get(f"freeze_{side}"))
    return TrainSettings(**{"dtype": dtype, **values}, frozen=frozen)
