"""`pageglass finetune`: train a CLIP model further on pairs of picture and caption."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.session import JsonOption, session
from api.cli.terminal import Terminal, plain
from ingest.extras import require

if TYPE_CHECKING:
    from api.cli.training_progress import TrainingBar, TrainingLines
    from ingest.finetune.training_event import Event, Trained


def finetune(
    ctx: typer.Context,
    pairs: Annotated[
        Path, typer.Option(help='A line {"image": PATH, "text": CAPTION} for each pair.')
    ],
    base: Annotated[
        str, typer.Option(help="The model to begin with, as after clip: (a model of open_clip).")
    ],
    out: Annotated[
        Path, typer.Option(help="The folder for the new model: then --images clip:OUT.")
    ],
    epochs: Annotated[int, typer.Option(min=1, help="How often each pair is seen.")] = 10,
    batch: Annotated[
        int, typer.Option(min=2, help="Pairs computed at once: as many as memory holds.")
    ] = 64,
    accumulate: Annotated[
        int,
        typer.Option(min=1, help="Batches in a step; each pair is told from all others in it."),
    ] = 1,
    lr: Annotated[float, typer.Option(min=0.0, help="The highest learning rate.")] = 1e-5,
    warmup: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the steps over which it rises.")
    ] = 0.1,
    weight_decay: Annotated[float, typer.Option(min=0.0, help="AdamW's.")] = 0.1,
    val_share: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.9, help="Pictures held back to measure with, where no line has a split."
        ),
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the order and the crops.")] = 0,
    freeze_image: Annotated[
        bool, typer.Option("--freeze-image", help="Train the text tower alone.")
    ] = False,
    freeze_text: Annotated[
        bool, typer.Option("--freeze-text", help="Train the image tower alone.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where to train: auto, cpu, cuda, cuda:N or mps.", show_default="PAGEGLASS_DEVICE"
        ),
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            help="Of matrix products: fp32, fp16 or bf16; weights are fp32.",
            show_default="PAGEGLASS_DTYPE",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew where OUT holds a training.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what was left out.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train a CLIP model further on your own pictures and captions.

    The epoch that finds pictures best is kept. A training that was cut off
    goes on where it stopped when the same command is given again.
    """
    found = session(ctx, json=json)
    if freeze_image and freeze_text:
        raise InvalidUsage("Nothing is left to train.", hint="Freeze one tower, or neither.")
    require(
        *("torch", "torchvision", "transformers", "open_clip", "huggingface_hub"),
        extra="models",
        feature="Fine-tuning",
    )
    from ingest.finetune.plan import TrainSettings
    from ingest.finetune.train import train

    sides = {"image": freeze_image, "text": freeze_text}
    settings = TrainSettings(
        epochs=epochs,
        batch=batch,
        accumulate=accumulate,
        rate=lr,
        warmup=warmup,
        decay=weight_decay,
        val_share=val_share,
        seed=seed,
        dtype=dtype or found.settings.dtype,
        frozen=tuple(side for side, frozen in sides.items() if frozen),
    )
    events = train(pairs, base, out, settings, device=device or found.settings.device, force=force)
    try:
        # Closed at once where the showing of an event is cut off, so that what was trained is saved.
        with closing(events):
            code = _follow(events, found.terminal, quiet=quiet)
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was trained is kept.",
            "The same command goes on where this one stopped.",
        )
        code = ExitCode.STOPPED
    raise typer.Exit(code)


def _follow(events: Iterator[Event], terminal: Terminal, *, quiet: bool) -> ExitCode:
    """Show events as they come, sum up, and say how it went."""
    from ingest.finetune.training_event import LeftOut, Trained

    left_out, done = 0, None
    with _progress(terminal, quiet) as progress:
        for event in events:
            if terminal.json:
                terminal.record(record(event))
            if progress:
                progress.show(event)
            match event:
                case LeftOut(line, fault):
                    left_out += 1
                    if quiet:
                        terminal.note(f"left out line {line}: {plain(str(fault))}")
                case Trained():
                    done = event
                case _:
                    pass
    if done and not quiet:
        terminal.note(_sum_up(done))
    return ExitCode.SOME_FAILED if left_out else ExitCode.DONE


def _progress(terminal: Terminal, quiet: bool) -> TrainingBar | TrainingLines | nullcontext[None]:
    from api.cli.training_progress import TrainingBar, TrainingLines

    if quiet:
        return nullcontext()
    return TrainingBar() if sys.stderr.isatty() else TrainingLines(terminal)


def _sum_up(done: Trained) -> str:
    lines = [f"{plain(str(done.out))}: {done.best.step} steps, in {done.seconds:.0f} s"]
    before, after = done.before.recall, done.best.recall
    if before and after:
        old, new = before.text_to_image[0], after.text_to_image[0]
        lines[0] += (
            f"; recall@1 of pictures by captions from {old:.3f} to {new:.3f}"
            f" ({after.texts} captions, {after.images} pictures)"
        )
        if new < old:
            lines.append("The base model was better: try a lower --lr, fewer --epochs, more pairs.")
    return "\n".join(lines)


def record(event: Event) -> dict[str, Any]:
    """An event as `--json` writes it (docs/finetune.md)."""
    from dataclasses import asdict

    from ingest.finetune.training_event import Epoch, LeftOut, Started, Stepped, Trained

    match event:
        case LeftOut(line, fault):
            about = {"line": line, "reason": plain(fault.message), "hint": plain(fault.hint)}
            return {"event": "left_out", **about}
        case Started():
            return {"event": "started", **asdict(event)}
        case Stepped():
            return {"event": "stepped", **asdict(event)}
        case Epoch():
            return {"event": "epoch", **asdict(event)}
        case Trained():
            return {
                "event": "done",
                "out": plain(str(event.out)),
                "before": asdict(event.before),
                "best": asdict(event.best),
                "left_out": event.left_out,
                "seconds": round(event.seconds, 3),
            }
