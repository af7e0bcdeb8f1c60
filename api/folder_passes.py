"""Passes over watched folders: an ingest each time that something changed in them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.ingestion import IngestPlan, run_ingest

if TYPE_CHECKING:
    from ingest.event import Event
    from ingest.library.home import Home
    from ingest.watch.folder_watcher import FolderWatcher

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FolderPasses:
    """Ingests of watched folders.

    What the plan says of files that were read before holds for the first pass.
    """

    home: Home
    plan: IngestPlan
    watcher: FolderWatcher

    def run(self, on_wait: Callable[[], None]) -> Iterator[Iterator[Event]]:
        """Events of each pass; see `ingest.watch.folder_watcher.FolderWatcher.passes`.

        Raises what `run_ingest` raises.
        """
        from ingest.encoders.shared import SharedEncoders

        prune = self.plan.settings.prune
        settings = replace(
            self.plan.settings,
            is_settled=self.watcher.settled,
            load_encoder=SharedEncoders(self.plan.settings.load_encoder),
        )
        plan = replace(self.plan, settings=settings)
        for folders in self.watcher.passes():
            settings = replace(plan.settings, prune=prune and self.watcher.are_all_there())
            yield self._events(folders, replace(plan, settings=settings), on_wait)
            later = replace(settings, retry=False, redo=False, again=False, quantization=None)
            plan = replace(plan, settings=later, rebuild=False, shards=None)

    def _events(
        self, folders: list[Path], plan: IngestPlan, on_wait: Callable[[], None]
    ) -> Iterator[Event]:
        from ingest.run.ingest_run import IndexesChanged

        try:
            yield from run_ingest(self.home, folders, plan, on_wait)
        except IndexesChanged:
            log.warning("another run has changed the indexes: the folders are looked at again")
            plan = replace(plan, settings=replace(plan.settings, encoders=None))
            yield from run_ingest(self.home, folders, plan, on_wait)
