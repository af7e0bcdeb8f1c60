"""Result lists: immutable sequences that notebooks show as a grid of cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, Self, TypeVar, overload

from api.results import html


class Result(Protocol):
    """One result: shown by a notebook, and written as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """As `--json` writes it."""
        ...

    def _repr_html_(self) -> str: ...


Item = TypeVar("Item", bound=Result)


class ResultList(Sequence[Item]):
    """Sequence of results; a slice of it is one too."""

    def __init__(self, items: Iterable[Item], title: str = "") -> None:
        self._items = tuple(items)
        self.title = title

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Self: ...
    def __getitem__(self, at: int | slice) -> Item | Self:
        if isinstance(at, slice):
            return type(self)(self._items[at], self.title)
        return self._items[at]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._items)!r})"

    def to_dict(self) -> list[dict[str, Any]]:
        """A dict for each result, as `--json` writes one line for each."""
        return [item.to_dict() for item in self._items]

    def _repr_html_(self) -> str:
        if not self._items:
            return f"<i>{html.escape(self.title or 'Nothing.')}</i>"
        return html.grid((item._repr_html_() for item in self._items), self.title)
