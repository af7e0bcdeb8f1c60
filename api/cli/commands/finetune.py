"""`pageglass finetune`: fine-tuning of a CLIP model on pairs of image and caption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import DeviceOption, DtypeOption, JsonOption, QuietOption
from api.cli.session import session
from api.cli.terminal import Terminal
from api.printable import plain
from ingest.finetune.packages import require_training_packages

if TYPE_CHECKING:
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
        typer.Option(
            min=1, help="Batches in a step; each pair is contrasted with all others in it."
        ),
    ] = 1,
    lr: Annotated[float, typer.Option(min=0.0, help="The highest learning rate.")] = 1e-5,
    warmup: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the steps over which it rises.")
    ] = 0.1,
    weight_decay: Annotated[float, typer.Option(min=0.0, help="AdamW's.")] = 0.1,
    val_share: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.9, help="Images held back for validation, where no line has a split."
        ),
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the order and the crops.")] = 0,
    freeze_image: Annotated[
        bool, typer.Option("--freeze-image", help="Train the text encoder alone.")
    ] = False,
    freeze_text: Annotated[
        bool, typer.Option("--freeze-text", help="Train the image encoder alone.")
    ] = False,
    device: DeviceOption = None,
    dtype: DtypeOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Start again where OUT holds a training.")
    ] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Fine-tune a CLIP model on your own images and captions.

    The epoch with the best recall is kept. An interrupted training goes on
    where it stopped when the same command is given again.
    """
    found = session(ctx, json=json, quiet=quiet)
    if freeze_image and freeze_text:
        raise InvalidUsage("Nothing is left to train.", hint="Freeze one encoder, or neither.")
    require_training_packages()
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
        # Closed at once where showing an event fails, so that what was trained is saved.
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
    """Show events as they come and a summary; return the exit code."""
    from api.cli.progress.training_progress import describe, training_progress
    from api.schemas.training_events import training_event_fields
    from ingest.finetune.training_event import LeftOut, Trained

    left_out, done = 0, None
    with training_progress(terminal, quiet) as progress:
        for event in events:
            if terminal.json:
                terminal.record(training_event_fields(event))
            progress.show(event)
            match event:
                case LeftOut():
                    left_out += 1
                    if quiet:
                        terminal.note(*describe(event))
                case Trained():
                    done = event
                case _:
                    pass
    if done and not quiet:
        terminal.note(_sum_up(done))
    return ExitCode.SOME_FAILED if left_out else ExitCode.DONE


def _sum_up(done: Trained) -> str:
    lines = [f"{plain(str(done.out))}: {done.best.step} steps, in {done.seconds:.0f} s"]
    before, after = done.before.recall, done.best.recall
    if before and after:
        old, new = before.text_to_image[0], after.text_to_image[0]
        lines[0] += (
            f"; recall@1 of images by captions from {old:.3f} to {new:.3f}"
            f" ({after.texts} captions, {after.images} images)"
        )
        if new < old:
            lines.append("The base model was better: try a lower --lr, fewer --epochs, more pairs.")
    return "\n".join(lines)
