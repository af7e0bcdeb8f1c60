"""Chroma server: connection, collections on it, and its errors as ours.

Also Chroma Cloud. Client: https://docs.trychroma.com/docs/run-chroma/client-server
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
"""Records a request; Chroma Cloud's limit for reads and writes."""
PORT = 8_000
"""Chroma's default port, for an http URL without one."""
TIMEOUT = 60.0
"""Seconds; Chroma's client has no timeout by default."""


class ChromaUnreachable(UnavailableError):
    """The Chroma server cannot be reached."""

    code = "chroma-unreachable"


class ChromaRefused(StorageError):
    """The Chroma server rejects a request."""

    code = "chroma-refused"


class RecordsMissing(UnavailableError):
    """The records of an index are not in the Chroma in use."""

    code = "records-missing"


@dataclass(frozen=True, slots=True)
class Server:
    """Address of a Chroma server.

    `url` is http(s)://host:port. The token is never shown.
    """

    url: str
    tenant: str = "default_tenant"
    database: str = "default_database"
    token: str | None = field(default=None, repr=False)

    def connect(self) -> ClientAPI:
        """Connect a client.

        Raises:
            ChromaUnreachable, ChromaRefused
        """
        import chromadb
        from chromadb.config import Settings

        at = urlsplit(self.url)
        host, tls = at.hostname or "", at.scheme == "https"
        # Chroma Cloud reads the first header, an authenticating proxy the second.
        headers = {"x-chroma-token": self.token, "Authorization": f"Bearer {self.token}"}
        with self.translated_errors():
            client = chromadb.HttpClient(
                host=f"[{host}]" if ":" in host else host,
                port=at.port or (443 if tls else PORT),
                ssl=tls,
                headers={k: str(v) for k, v in headers.items()} if self.token else None,
                # Chroma's client never closes a keep-alive connection.
                settings=Settings(
                    anonymized_telemetry=False, chroma_http_max_keepalive_connections=0
                ),
                tenant=self.tenant,
                database=self.database,
            )
            client._server._session.timeout = TIMEOUT  # type: ignore[attr-defined]
        return client

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Context in which errors of Chroma and HTTP become a `PageglassError`.

        Raises:
            ChromaUnreachable, ChromaRefused
        """
        import httpx
        from chromadb.errors import AuthorizationError, ChromaAuthError, ChromaError

        try:
            yield
        except (PageglassError, KeyboardInterrupt):
            raise
        except (ChromaAuthError, AuthorizationError) as error:
            raise ChromaRefused(
                f"The Chroma server at {self.url} does not accept the token.",
                hint="Give a token that may use this tenant and database.",
            ) from error
        except ChromaError as error:
            raise ChromaRefused(
                f"The Chroma server at {self.url} says: {str(error)[:300]}.",
                hint="Check the tenant and the database.",
            ) from error
        except (ValueError, httpx.HTTPError) as error:
            if _unreachable(error):
                raise ChromaUnreachable(
                    f"The Chroma server at {self.url} does not answer.",
                    hint="Start it (`chroma run --path DIR --port PORT`), or correct its address.",
                ) from error
            raise ChromaRefused(
                f"What answers at {self.url} is not a Chroma server: {str(error)[:300]}.",
                hint="Give the address of a Chroma server, and a token if it needs one.",
            ) from error

    def delete_collections(self, prefix: str) -> None:
        """Delete every collection whose name starts with `prefix`.

        Raises:
            ChromaUnreachable, ChromaRefused
        """
        client = self.connect()
        with self.translated_errors():
            names: list[str] = []
            while some := client.list_collections(limit=100, offset=len(names)):
                names += [collection.name for collection in some]
            for name in names:
                if name.startswith(prefix):
                    client.delete_collection(name)
        disconnect(client)


def disconnect(client: ClientAPI) -> None:
    """Close a client, and the connections that it would leave open."""
    session = getattr(client._server, "_session", None)  # type: ignore[attr-defined]
    client.close()  # type: ignore[attr-defined]
    if session is not None:
        session.close()


class RemoteCollection:
    """Collection on a server, with the methods of Chroma's own.

    Requests are of allowed size.

    Raises:
        RecordsMissing, ChromaUnreachable, ChromaRefused: from each method.
    """

    def __init__(
        self, server: RecordServer, client: ClientAPI, name: str, *, create: bool = False
    ) -> None:
        self._server = server
        with self._translated_errors():
            if create:
                self._collection = client.create_collection(
                    name, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
                )
            else:
                self._collection = client.get_collection(name, embedding_function=None)

    def upsert(
        self, *, ids: Sequence[str], embeddings: npt.NDArray[np.float32], metadatas: Sequence[Any]
    ) -> None:
        """Insert or replace records; `embeddings` is (records, dim)."""
        for at in range(0, len(ids), AT_ONCE):
            some = slice(at, at + AT_ONCE)
            with self._translated_errors():
                self._collection.upsert(
                    ids=list(ids[some]),
                    embeddings=embeddings[some],
                    metadatas=list(metadatas[some]),
                )

    def delete(self, **filters: Any) -> None:
        """Delete records."""
        with self._translated_errors():
            self._collection.delete(**filters)

    def query(self, **arguments: Any) -> Any:
        """Query the nearest records."""
        with self._translated_errors():
            return self._collection.query(**arguments)

    def get(self, **filters: Any) -> dict[str, list[str]]:
        """Get the ids of all records that match."""
        ids: list[str] = []
        while True:
            with self._translated_errors():
                some = self._collection.get(**filters, limit=AT_ONCE, offset=len(ids))["ids"]
            ids += some
            if len(some) < AT_ONCE:
                return {"ids": ids}

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        from chromadb.errors import NotFoundError

        with self._server.translated_errors():
            try:
                yield
            except NotFoundError as error:
                raise records_missing(f"The Chroma server at {self._server.url}") from error


def records_missing(chroma: str) -> RecordsMissing:
    """Make the error for records that a Chroma (named for the message) does not have."""
    return RecordsMissing(
        f"{chroma} does not have the records of this index.",
        hint="Use the Chroma that it was written with, or ingest with this one, which copies the"
        " records from the index.",
    )


def _unreachable(error: BaseException | None) -> bool:
    import httpx

    while error is not None:
        if isinstance(error, httpx.TransportError):
            return True
        error = error.__cause__ or error.__context__
    return False
