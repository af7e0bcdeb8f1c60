"""Reports of an ingest, a training, a library's status and installation checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from api.results import html
from api.results.document_list import Documents, LibraryDocument
from ingest.event import (
    Added,
    Captioned,
    Done,
    Event,
    Failed,
    Gone,
    LeftOut,
    Removed,
    StayedRemoved,
)

if TYPE_CHECKING:
    from api.diagnostics.finding import Finding
    from ingest.file_state import Failure
    from ingest.finetune.training_event import Trained


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Report of an ingest.

    Attributes:
        added, removed: documents.
        failed: files that could not be read, with the reason of each.
        unchanged: files that were not opened.
        named: files whose content was there under another name.
        pages: pages of the documents added; `noted` of them were read in part.
        captioned: figures and photos that have captions now.
        seconds: how long it took.
        note: why an encoder was chosen, where "auto" was asked for.
        left_out: paths of files of kinds that are not read.
        gone: paths of files that are no longer there, whose documents stay.
        stayed_removed: paths of files that were left out, since their documents were removed.
    """

    added: Documents
    removed: Documents
    failed: tuple[Failure, ...]
    unchanged: int
    named: int
    pages: int
    captioned: int
    seconds: float
    note: str = ""
    noted: int = 0
    left_out: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    stayed_removed: tuple[str, ...] = ()

    @classmethod
    def of(cls, events: Iterable[Event], note: str = "") -> Self:
        """Run an ingest to its end and sum up its events."""
        added: list[LibraryDocument] = []
        removed: list[LibraryDocument] = []
        failed: list[Failure] = []
        left_out: list[str] = []
        gone: list[str] = []
        stayed_removed: list[str] = []
        captioned = 0
        total = Done(0, 0, 0, 0, 0, 0, 0.0)
        for event in events:
            match event:
                case Added(document):
                    added.append(LibraryDocument.of(document))
                case Removed(document):
                    removed.append(LibraryDocument.of(document))
                case Failed(failure):
                    failed.append(failure)
                case Captioned():
                    captioned += event.pictures
                case LeftOut(paths):
                    left_out.extend(paths)
                case StayedRemoved(paths):
                    stayed_removed.extend(paths)
                case Gone(path):
                    gone.append(path)
                case Done():
                    total = event
                case _:
                    pass
        return cls(
            Documents(added),
            Documents(removed),
            tuple(failed),
            total.unchanged,
            total.named,
            total.pages,
            captioned,
            total.seconds,
            note,
            total.noted,
            tuple(left_out),
            tuple(gone),
            tuple(stayed_removed),
        )

    def to_dict(self) -> dict[str, Any]:
        """The counts, as the `done` event of `ingest --json`."""
        return {
            "event": "done",
            "added": len(self.added),
            "unchanged": self.unchanged,
            "named": self.named,
            "removed": len(self.removed),
            "failed": len(self.failed),
            "pages": self.pages,
            "noted": self.noted,
            "left_out": len(self.left_out),
            "seconds": round(self.seconds, 3),
        }

    def _repr_html_(self) -> str:
        counts = (
            f"{len(self.added)} added ({self.pages} pages), {self.unchanged} unchanged,"
            f" {len(self.removed)} removed, {len(self.failed)} failed, in {self.seconds:.1f} s"
        )
        shown = f"<div><b>{html.escape(counts)}</b></div>"
        if self.failed:
            rows = [(one.path, one.reason, one.hint) for one in self.failed]
            shown += html.table(("not read", "reason", "what to do"), rows)
        return shown


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Status of a library; `disagreements` is None where nothing was verified.

    Attributes:
        home: the data folder.
        documents, pages: how many there are; `noted_pages` were read in part.
        bytes, free_bytes: size of the folder, and what is left on its disk.
        indexes: `encoder`, `model`, `dim`, `format` and `documents` of each.
        failures: `path`, `reason` and `hint` of each file set aside.
        shards: `name`, `documents` and `pages` of each shard, None where it cannot be read.
        disagreements: sentences, one for each disagreement of library, indexes and files.
    """

    home: str
    documents: int
    pages: int
    noted_pages: int
    bytes: int
    free_bytes: int
    indexes: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    shards: list[dict[str, Any]] = field(default_factory=list)
    disagreements: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As `status --json` writes it."""
        state = asdict(self)
        if self.disagreements is None:
            del state["disagreements"]
        return state

    def _repr_html_(self) -> str:
        rows = [
            ("home", self.home),
            ("documents", str(self.documents)),
            ("pages", str(self.pages)),
            ("size", f"{self.bytes / 1e6:.1f} MB, {self.free_bytes / 1e9:.1f} GB free"),
        ]
        rows += [
            ("index", f"{one['encoder']}: {one['documents']} documents, {one['model']}")
            for one in self.indexes
        ]
        rows += [("set aside", f"{one['path']}: {one['reason']}") for one in self.failures]
        rows += [("disagreement", sentence) for sentence in self.disagreements or ()]
        return html.table(("", ""), rows)


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Checks of an installation; `works` where nothing keeps the default from working."""

    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        """Whether nothing is broken."""
        return not any(finding.state == "broken" for finding in self.findings)

    def to_dict(self) -> list[dict[str, Any]]:
        """A dict for each finding, as `doctor --json` writes a line for each."""
        return [asdict(finding) for finding in self.findings]

    def _repr_html_(self) -> str:
        rows = [(one.state, one.topic, one.name, one.detail, one.hint) for one in self.findings]
        return html.table(("state", "topic", "name", "detail", "what to do"), rows)


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Report of a training: the folder of the model, and its recall before and after."""

    trained: Trained

    def to_dict(self) -> dict[str, Any]:
        """As the `done` event of `finetune --json`."""
        from api.schemas.training_events import training_event_fields

        return training_event_fields(self.trained)

    def _repr_html_(self) -> str:
        rows = [
            (name, str(epoch.number), str(epoch.step), _recall(epoch.recall))
            for name, epoch in (("before", self.trained.before), ("best", self.trained.best))
        ]
        head = f"<div><b>{html.escape(str(self.trained.out))}</b></div>"
        return head + html.table(("", "epoch", "step", "recall@1 of images by captions"), rows)


def _recall(recall: Any) -> str:
    return f"{recall.text_to_image[0]:.3f}" if recall else ""
