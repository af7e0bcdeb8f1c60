"""Engine of a server: a home, a searcher and a model, shared by its requests.

The searcher and the model are made when first needed. A server may start
before anything was ingested.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from api.factory import make_model, make_searcher, render_settings
from api.ingestion import IngestOptions, plan_ingest
from api.rag.answer import generate_answer
from api.rag.evidence import RetrievedEvidence, retrieve_evidence
from api.settings import Settings
from ingest.add import AddSettings
from ingest.encoders.shared import SharedEncoders
from ingest.files.render import RenderSettings
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.readers.reader_pool import ReaderPool
from ingest.trace import span

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from generation.prompt import Message
    from ingest.readers.shot_reader import ShotReader
    from retrieval.search import Searcher

WARM_QUERY = "opening hours of the exhibition"
"""Any words will do that are no question for pages."""

log = logging.getLogger(__name__)


class Engine:
    """Searcher and model of a home; safe to use from several threads."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self._lock = threading.Lock()
        self._searcher: Searcher | None = None
        self._in_shards = False
        self._model: VisionModel | None = None
        self._encoders = SharedEncoders()
        self._readers: ReaderPool | None = None
        self._shots: ShotReader | None = None
        self._warming: threading.Thread | None = None

    def start_warming(self) -> None:
        """Begin to load what a search and an answer need, on a thread of its own."""
        self._warming = threading.Thread(target=self._warm, name="warm", daemon=True)
        self._warming.start()

    @property
    def warming(self) -> bool:
        """Whether that is not done yet."""
        return self._warming is not None and self._warming.is_alive()

    def _warm(self) -> None:
        """Ask a question that nobody waits for; a language model is not called."""
        started = time.monotonic()
        try:
            evidence, model = self.retrieve(WARM_QUERY), self.model()
            if model.chat is None:
                generate_answer(evidence, model)
            log.info("ready to search after %.1f s", time.monotonic() - started)
        except LibraryNotFound:
            pass  # nothing was ingested yet
        except Exception as error:  # said again where somebody asks
            log.warning("models could not be loaded ahead: %s", error)

    def searcher(self) -> Searcher:
        """Searcher of the home.

        Raises:
            LibraryNotFound: nothing has been ingested yet.
            DeviceUnavailable: the scoring device of the settings does not exist.
        """
        with self._lock:
            in_shards = self.home.shards_file.exists()
            if self._searcher is not None and in_shards != self._in_shards:
                self._searcher.close()  # the library has become one in shards
                self._searcher = None
            if self._searcher is None:
                self._in_shards = in_shards
                started = time.monotonic()
                self._searcher = make_searcher(self.home, self.settings)
                log.debug("searcher opened in %.2f s", time.monotonic() - started)
            return self._searcher

    def library(self) -> Library:
        """Library that the searcher reads.

        Raises:
            LibraryNotFound: nothing has been ingested yet.
        """
        return self.searcher().library

    def readers(self) -> ReaderPool:
        """Workers that open files which somebody sent or named."""
        with self._lock:
            if self._readers is None:
                settings = self.settings
                self._readers = ReaderPool(settings.workers, settings.read_limits())
            return self._readers

    def shots(self) -> ShotReader:
        """Reader of frames of the library's videos.

        Raises:
            LibraryNotFound: nothing has been ingested yet.
        """
        from ingest.readers.shot_reader import ShotReader

        library, readers = self.library(), self.readers()
        with self._lock:
            if self._shots is None:
                self._shots = ShotReader(library, readers)
            return self._shots

    def reader_stats(self) -> dict[str, int]:
        """Reading workers, those that are busy, and tasks that wait."""
        return self._readers.stats() if self._readers else {}

    def reader_pids(self) -> list[int]:
        """Process ids of the reading workers."""
        return self._readers.pids() if self._readers else []

    def model(self) -> VisionModel:
        """Model that writes answers.

        Raises:
            What `api.factory.make_model` raises.
        """
        with self._lock:
            if self._model is None:
                started = time.monotonic()
                self._model = make_model(self.settings)
                log.debug("model %s loaded in %.2f s", self._model.name, time.monotonic() - started)
            return self._model

    @span("retrieve")
    def retrieve(
        self,
        query: str,
        *,
        top: int | None = None,
        documents: Sequence[str] | None = None,
        folder: str | None = None,
        filter: PageFilter = ALL_PAGES,
        history: Sequence[Message] = (),
        whole: bool = False,
    ) -> RetrievedEvidence:
        """Evidence for the model.

        `top` is how many pages at most, by default the setting `evidence_pages`.

        Raises what `searcher`, `model` and `api.rag.evidence.retrieve_evidence` raise.
        """
        return retrieve_evidence(
            self.searcher(),
            query,
            self.model(),
            top=top or self.settings.evidence_pages,
            documents=documents,
            folder=folder,
            filter=filter,
            history=history,
            shots=self.shots(),
            whole=whole,
        )

    def add_settings(self, password: str | None) -> AddSettings:
        """Settings for ingesting uploads. Raises what `api.ingestion.plan_ingest` raises.

        Encoders are loaded once, for all uploads. A file that fails is tried again when
        it is sent again, and the library keeps no note of it.
        """
        options = IngestOptions(password=password, retry=True)
        settings = plan_ingest(self.home, self.settings, options).settings
        named = self.settings.encoder or self.settings.images or self.settings.video
        return replace(
            settings,
            # Else those that the home has once the upload has its turn.
            encoders=settings.encoders if named else None,
            load_encoder=self._encoders,
            readers=self.readers(),
            record_failures=False,
        )

    def render_settings(self, password: str | None) -> RenderSettings:
        """Settings for reading files that are not kept."""
        return render_settings(self.settings, password)

    def close(self) -> None:
        """Close the searcher, and end the readers."""
        if self._warming:
            self._warming.join()
        with self._lock:
            readers, self._readers, self._shots = self._readers, None, None
            if readers:
                readers.close()
            if self._searcher is not None:
                self._searcher.close()
                self._searcher = None
