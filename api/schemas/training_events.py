"""JSON of training events, as `finetune --json` writes them (docs/finetune.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from api.printable import plain
from ingest.finetune.training_event import Epoch, Event, LeftOut, Started, Stepped, Trained


def training_event_fields(event: Event) -> dict[str, Any]:
    """An event's fields, its name as `event`."""
    match event:
        case LeftOut(line, error):
            about = {"line": line, "reason": plain(error.message), "hint": plain(error.hint)}
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
