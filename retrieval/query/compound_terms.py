"""Compound terms: parts of a compound that no page has, by what pages have.

The split is the one whose parts are on most pages (geometric mean; Koehn and Knight
2003), so it needs no dictionary and no language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

MIN_COMPOUND = 9
MIN_PART = 4
MAX_COMPOUND = 40
LINKS = ("", "s", "n", "en", "es", "er", "e")
"""Letters between parts in Germanic languages."""


def split_unknown(
    term: str, count_pages: Callable[[Iterable[str]], Mapping[str, int]]
) -> tuple[str, ...]:
    """Parts of a term, each of which some page has; none where there is no such split.

    >>> pages = {"hafenkran": 2, "prufung": 5}
    >>> split_unknown("hafenkranprufung", lambda terms: {t: pages.get(t, 0) for t in terms})
    ('hafenkran', 'prufung')
    """
    if not MIN_COMPOUND <= len(term) <= MAX_COMPOUND or not term.isalpha():
        return ()
    splits = [
        (term[: at - len(link)], term[at:])
        for at in range(MIN_PART, len(term) - MIN_PART + 1)
        for link in LINKS
        if term[:at].endswith(link) and at - len(link) >= MIN_PART
    ]
    pages = count_pages({part for split in splits for part in split})
    best = max(splits, key=lambda split: pages[split[0]] * pages[split[1]], default=("", ""))
    return best if all(pages.get(part, 0) for part in best) else ()
