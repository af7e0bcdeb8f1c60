"""Arguments of the client's methods, turned into what the layers take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from generation.answer import Answer
from generation.prompt import Message
from ingest.fetch.remote_url import is_remote
from ingest.page import Page
from retrieval.hit import Hit

FilePath: TypeAlias = str | os.PathLike[str]
PageRef: TypeAlias = str | Page | Hit
"""A page: its key ("DOCUMENT-NUMBER"), its address, or a hit."""
Names: TypeAlias = str | Sequence[str] | None
"""A name, or several."""
Turns: TypeAlias = Sequence[Message | Answer]
"""A conversation, oldest first: messages, or answers, each with its question."""
Observer: TypeAlias = Callable[[Any], object]


def check_keywords(given: Mapping[str, object], known: type) -> None:
    """Refuse keywords that a TypedDict does not have.

    Raises:
        TypeError
    """
    for name in given:
        if name not in known.__annotations__:
            there = ", ".join(sorted(known.__annotations__))
            raise TypeError(f"there is no keyword argument {name!r}; there are {there}")


def as_names(names: Names) -> list[str]:
    """Names as a list."""
    return [names] if isinstance(names, str) else list(names or ())


def as_paths(paths: FilePath | Sequence[FilePath]) -> list[Path]:
    """Paths as a list, `~` expanded."""
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    return [Path(path).expanduser() for path in given]


def as_sources(paths: FilePath | Sequence[FilePath]) -> list[str | Path]:
    """Paths and URLs as a list, `~` of paths expanded."""
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    return [str(one) if is_remote(one) else Path(one).expanduser() for one in given]


def as_page_key(page: PageRef) -> str:
    """Key of a page."""
    address = page.page if isinstance(page, Hit) else page
    return address.key if isinstance(address, Page) else address


def as_messages(turns: Turns) -> list[Message]:
    """Messages of a conversation; an answer counts as its question and its text."""
    messages: list[Message] = []
    for turn in turns:
        if isinstance(turn, Answer):
            messages += [Message("user", turn.question), Message("assistant", turn.text)]
        else:
            messages.append(turn)
    return messages


@contextmanager
def observe_ingest(progress: bool | Observer) -> Iterator[Observer]:
    """Context of an ingest: a function to call with each event.

    True shows the events on stderr.
    """
    if callable(progress):
        yield progress
        return
    from api.cli.progress.ingest_progress import ingest_progress
    from api.cli.terminal import Terminal

    with ingest_progress(Terminal(), not progress) as shown:
        yield shown.show


@contextmanager
def observe_training(progress: bool | Observer) -> Iterator[Observer]:
    """Context of a training: a function to call with each event.

    True shows the events on stderr.
    """
    if callable(progress):
        yield progress
        return
    from api.cli.progress.training_progress import training_progress
    from api.cli.terminal import Terminal

    with training_progress(Terminal(), not progress) as shown:
        yield shown.show
