"""Names of documents: shown, searched, and told apart.

An address is the path of a file, or of an attachment the path of the PDF that
holds it with the attachment's name (`attachment_path`).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

ATTACHED = " › "
"""Between the path of a PDF and the name of a file attached to it."""
NAMED_FOLDERS = 3
"""Folders of a path whose names are searched, from the file upwards."""
REMOTE = "remote"
"""Folder of the uploads with copies of remote files, in folders named as their URLs are."""
MAX_ADDRESSES = 8
"""Addresses of a document whose words are searched."""

_SEPARATORS = re.compile("|".join(re.escape(s) for s in (os.sep, os.altsep, ATTACHED) if s))
_LETTER_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def readable(name: str) -> str:
    """A file name as printable text: bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def shown_name(name: str) -> str:
    """A file name as it is shown: of a file that was fetched, its URL.

    >>> shown_name("https%3A%2F%2Fexample.org%2Fa.png"), shown_name("a%20b.png")
    ('https://example.org/a.png', 'a%20b.png')
    """
    is_url = name.lower().startswith(("http%3a%2f%2f", "https%3a%2f%2f"))
    return readable(unquote(name) if is_url else name)


def attachment_path(path: str, name: str) -> str:
    """Address of an attachment of the PDF at `path`."""
    return f"{path}{ATTACHED}{name}"


def name_documents(addresses: Mapping[str, str]) -> dict[str, str]:
    """Names to show, by id: as much of each address as tells it from the others.

    >>> name_documents({"a": "/x/2024/budget.pdf", "b": "/x/2025/budget.pdf", "c": "/x/c.pdf"})
    {'a': '2024/budget.pdf', 'b': '2025/budget.pdf', 'c': 'c.pdf'}
    """
    names: dict[str, str] = {}
    alike: dict[str, list[str]] = defaultdict(list)
    for document_id, address in addresses.items():
        name = names[document_id] = shown_name(_last(address))
        alike[unicodedata.normalize("NFC", name)].append(document_id)
    for ids in alike.values():
        if len(ids) > 1:
            names |= _tell_apart({document_id: addresses[document_id] for document_id in ids})
    return names


def _last(address: str) -> str:
    """Name of a file, and of an attachment with the file that holds it."""
    path, attached, name = address.partition(ATTACHED)
    return f"{os.path.basename(path)}{attached}{name}"


def _tell_apart(addresses: Mapping[str, str]) -> dict[str, str]:
    parts = {i: readable(address).split(os.sep) for i, address in addresses.items()}
    names: dict[str, str] = {}
    for depth in range(2, max(map(len, parts.values())) + 1):
        ends = {i: os.sep.join(some[-depth:]) for i, some in parts.items()}
        counts = Counter(ends.values())
        names |= {i: end for i, end in ends.items() if i not in names and counts[end] == 1}
        if len(names) == len(parts):
            break
    return names


def ends_with(address: str, wanted: str, *, loose: bool = False) -> bool:
    """Whether the last parts of an address are those of `wanted`.

    Args:
        loose: in either case, and without the suffix of the file too.
    """
    parts, last = _split(address), _split(wanted)
    if loose:
        parts, last = [p.casefold() for p in parts], [w.casefold() for w in last]
    if not last or len(last) > len(parts) or parts[-len(last) : -1] != last[:-1]:
        return False
    return last[-1] == parts[-1] or (loose and last[-1] == os.path.splitext(parts[-1])[0])


def is_in_folder(address: str, folder: str, *, ignore_case: bool = False) -> bool:
    """Whether a folder, or several joined by slashes, is on the path of an address."""
    parts, wanted = _split(address)[:-1], _split(folder)
    if ignore_case:
        parts, wanted = [p.casefold() for p in parts], [w.casefold() for w in wanted]
    if os.path.isabs(folder):
        return parts[: len(wanted)] == wanted
    ends = range(len(wanted), len(parts) + 1)
    return bool(wanted) and any(parts[end - len(wanted) : end] == wanted for end in ends)


def _split(address: str) -> list[str]:
    """Parts of an address; macOS takes letters apart, which is undone."""
    composed = unicodedata.normalize("NFC", readable(address))
    return [part for part in _SEPARATORS.split(composed) if part]


def searchable_name(addresses: Iterable[str], uploads: str) -> str:
    """Words of the file names and folders of a document, each once.

    Names are split at underscores, at changes of case and between letters and
    digits, and are kept whole too. Folders of `uploads` have no name of a user's,
    but for those of remote files.
    """
    words: dict[str, None] = {}
    for address in sorted(addresses)[:MAX_ADDRESSES]:
        folder, name = os.path.split(address)
        remote = folder.startswith(os.path.join(uploads, REMOTE, ""))
        unnamed = folder.startswith(uploads) and not remote
        folders = [] if unnamed else folder.split(os.sep)[-NAMED_FOLDERS:]
        names = [os.path.splitext(part)[0] for part in name.split(ATTACHED)]
        for part in (*names, *folders):
            words |= dict.fromkeys(split_name(part))
    return " ".join(words)


def split_name(name: str) -> Sequence[str]:
    """Words of a file's or folder's name, whole and split.

    >>> split_name("BudgetReport_2024")
    ['BudgetReport', '2024', 'Budget', 'Report', '2024']
    """
    name = unquote(readable(name))
    name = unicodedata.normalize("NFC", name).replace("_", " ")
    spaced = "".join(
        f" {letter}" if letter.isupper() and before.islower() else letter
        for before, letter in zip(f" {name}", name, strict=False)
    )
    return [*name.split(), *_LETTER_DIGIT.sub(" ", spaced).split()]
