"""A Chroma server, or Chroma Cloud, in place of the embedded Chroma: how it is reached, and what goes wrong.

Knows no pages and reads no settings; `ingest.index.chroma` decides what is kept there.
Client: https://docs.trychroma.com/docs/run-chroma/client-server
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingest.error import PageglassError, StorageError, UnavailableError
from ingest.library.home import RecordServer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from chromadb.api import ClientAPI

AT_ONCE = 300
"""Records a request; Chroma Cloud's own limit for writing and for reading."""
PORT = 8_000
"""Chroma's own, where an http address names none."""
PATIENCE = 60.0
"""Seconds; Chroma's client would wait for an answer for ever."""


class ChromaUnreachable(UnavailableError):
    """The Chroma server cannot be reached."""

    code = "chroma-unreachable"


class ChromaRefused(StorageError):
    """The Chroma server is there and does not do what it is asked."""

    code = "chroma-refused"


class RecordsMissing(UnavailableError):
    """The records of an index are not where they are looked for."""

    code = "records-missing"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a Chroma server is. `url` is http://host:port or https://host:port; the token is never shown."""

    url: str
    tenant: str = "default_tenant"
    database: str = "default_database"
    token: str | None = field(default=None, repr=False)

    def connect(self) -> ClientAPI:
        """A client of the server.

        Raises:
            ChromaUnreachable, ChromaRefused
        """
        import chromadb
        from chromadb.config import Settings

        at = urlsplit(self.url)
        host, tls = at.hostname or "", at.scheme == "https"
        # Chroma Cloud reads the first, a proxy that guards a server of one's own the second.
        headers = {"x-chroma-token": self.token, "Authorization": f"Bearer {self.token}"}
        with self.translated_errors():
            client = chromadb.HttpClient(
                host=f"[{host}]" if ":" in host else host,
                port=at.port or (443 if tls else PORT),
                ssl=tls,
                headers={k: str(v) for k, v in headers.items()} if self.token else None,
                # Chroma's client closes no connection that it keeps alive: neither on close nor if it is refused.
                settings=Settings(
                    anonymized_telemetry=False, chroma_http_max_keepalive_connections=0
                ),
                tenant=self.tenant,
                database=self.database,
            )
            client._server._session.timeout = PATIENCE  # type: ignore[attr-defined]
        return client

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Let what goes wrong inside come out as a fault that says what to do."""
        import httpx
        from chromadb.errors import AuthorizationError, ChromaAuthError, ChromaError

        try:
            yield
        except (PageglassError, KeyboardInterrupt):
            raise
        except (ChromaAuthError, AuthorizationError) as error:
            raise ChromaRefused(
                f"The Chroma server at {self.url} does not accept the token.",
                hint="Set PAGEGLASS_CHROMA_TOKEN to one that may use this tenant and database.",
            ) from error
        except ChromaError as error:
            raise ChromaRefused(
                f"The Chroma server at {self.url} says: {str(error)[:300]}.",
                hint="Check PAGEGLASS_CHROMA_TENANT and PAGEGLASS_CHROMA_DATABASE; `pageglass doctor` asks it.",
            ) from error
        except (ValueError, httpx.HTTPError) as error:
            if _unreachable(error):
                raise ChromaUnreachable(
                    f"The Chroma server at {self.url} does not answer.",
                    hint="Start it (`chroma run --path DIR --port PORT`), or set PAGEGLASS_CHROMA right.",
                ) from error
            raise ChromaRefused(
                f"What answers at {self.url} does not speak as a Chroma server: {str(error)[:300]}.",
                hint="Set PAGEGLASS_CHROMA to the address of a Chroma server, and its token if it asks for one.",
            ) from error

    def delete_collections(self, head: str) -> None:
        """Delete every collection whose name begins so.

        Raises:
            ChromaUnreachable, ChromaRefused
        """
        client = self.connect()
        with self.translated_errors():
            names: list[str] = []
            while some := client.list_collections(limit=100, offset=len(names)):
                names += [collection.name for collection in some]
            for name in names:
                if name.startswith(head):
                    client.delete_collection(name)
        disconnect(client)


def disconnect(client: ClientAPI) -> None:
    """Close a client, and the connections to a server that it would leave open."""
    session = getattr(client._server, "_session", None)  # type: ignore[attr-defined]
    client.close()  # type: ignore[attr-defined]
    if session is not None:
        session.close()


class Remote:
    """One collection on a server, used as Chroma's own object is, in requests that the server takes.

    Raises:
        RecordsMissing: from each method, if there is no such collection.
    """

    def __init__(
        self, server: RecordServer, client: ClientAPI, name: str, *, make: bool = False
    ) -> None:
        self._server = server
        with self._told():
            if make:
                self._collection = client.create_collection(
                    name, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
                )
            else:
                self._collection = client.get_collection(name, embedding_function=None)

    def upsert(
        self, *, ids: Sequence[str], embeddings: npt.NDArray[np.float32], metadatas: Sequence[Any]
    ) -> None:
        """Put in, or replace, records; `embeddings` is (records, dim)."""
        for at in range(0, len(ids), AT_ONCE):
            some = slice(at, at + AT_ONCE)
            with self._told():
                self._collection.upsert(
                    ids=list(ids[some]),
                    embeddings=embeddings[some],
                    metadatas=list(metadatas[some]),
                )

    def delete(self, **which: Any) -> None:
        """Delete records."""
        with self._told():
            self._collection.delete(**which)

    def query(self, **asked: Any) -> Any:
        """The nearest records."""
        with self._told():
            return self._collection.query(**asked)

    def get(self, **asked: Any) -> dict[str, list[str]]:
        """The ids of records, all that fit."""
        ids: list[str] = []
        while True:
            with self._told():
                some = self._collection.get(**asked, limit=AT_ONCE, offset=len(ids))["ids"]
            ids += some
            if len(some) < AT_ONCE:
                return {"ids": ids}

    @contextmanager
    def _told(self) -> Iterator[None]:
        from chromadb.errors import NotFoundError

        with self._server.translated_errors():
            try:
                yield
            except NotFoundError as error:
                raise elsewhere(f"The Chroma server at {self._server.url} has not") from error


def elsewhere(where: str) -> RecordsMissing:
    """That records are not there; `where` ends in "has not" or the like."""
    return RecordsMissing(
        f"{where} the records of this index.",
        hint="Give the PAGEGLASS_CHROMA that it was written with, or run `pageglass ingest` with"
        " this one: it copies them from the index.",
    )


def _unreachable(error: BaseException | None) -> bool:
    import httpx

    while error is not None:
        if isinstance(error, httpx.TransportError):
            return True
        error = error.__cause__ or error.__context__
    return False
