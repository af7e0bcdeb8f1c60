"""Neutral Markdown: text of pages and models that loads and links nothing.

A chat client renders what it gets as Markdown and HTML. An image is fetched as soon as
it is shown, and its address could carry words of other pages. A blank where each
syntax needs two characters in a row makes it text; nothing else changes, so that code
and formulas stay readable. Links to pages of this server work.
"""

from __future__ import annotations

import re

_RULES = (
    r"\](?=[(:])",  # links, images, and the definitions of references
    r"<(?=[A-Za-z/!?])",  # HTML, and addresses in angle brackets
    r":(?=//)",  # bare addresses, which many clients link
    r"www\.(?=\S)",
    r"(?:mailto|xmpp):(?=\S)",
)
"""After what a blank, or a backslash, is put."""
_HELD = ("](", "]:", "<?", "://", "www.?", "mailto:?", "xmpp:?")
"""What the rules look at, "?" for any character; the end of a piece that may begin one is held."""
_PUNCTUATION = re.compile(r"([\\`*_\[\]<>!|~&$#])")


class Neutralizer:
    """Makes Markdown neutral as it streams, the same however it is cut into pieces.

    Args:
        base: address of the server with a slash at its end; links to its pages stay.
    """

    def __init__(self, base: str = "") -> None:
        own = f"{base}v1/pages/" if base else ""
        kept = [rf"(?:\]\()?{re.escape(own)}"] if own else []
        self._pattern = re.compile(
            "|".join([*kept, *(f"({rule})" for rule in _RULES)]), re.IGNORECASE
        )
        self._tokens = [*_HELD, *([own.lower(), f"]({own.lower()}"] if own else [])]
        self._kept = ""

    def feed(self, piece: str) -> str:
        """What can be said of the text so far; the rest comes with later pieces."""
        text = self._kept + piece
        cut = self._decided(text)
        self._kept = text[cut:]
        return self._pattern.sub(_parted, text[:cut])

    def end(self) -> str:
        """The rest of the text."""
        text, self._kept = self._kept, ""
        return self._pattern.sub(_parted, text)

    def _decided(self, text: str) -> int:
        """Length of the beginning of a text into which no token reaches from later text."""
        cut, longest = len(text), max(map(len, self._tokens))
        at = max(0, cut - longest)
        while at < cut:
            rest = text[at : at + longest].lower()
            if any(at + len(token) > cut and _begins(token, rest) for token in self._tokens):
                cut, at = at, max(0, at - longest)
            else:
                at += 1
        return cut


def _parted(found: re.Match[str]) -> str:
    """What a rule has found, and a blank; a link to a page of the server stays.

    Before an address in parentheses a backslash: some clients overlook a blank there.
    """
    if not found.lastindex:
        return found[0]
    address = found[0] == "]" and found.string[found.end()] == "("
    return found[0] + ("\\" if address else " ")


def _begins(token: str, text: str) -> bool:
    """Whether a text begins with a token, or is the beginning of one."""
    return all(c in ("?", letter) for c, letter in zip(token, text, strict=False))


def neutralize(text: str, base: str = "") -> str:
    """Text that loads and links nothing but pages of the server at `base`."""
    neutralizer = Neutralizer(base)
    return neutralizer.feed(text) + neutralizer.end()


def escape_markdown(text: str) -> str:
    """Text on one line that Markdown shows as it is, and that links nothing."""
    return _PUNCTUATION.sub(r"\\\1", neutralize(" ".join(text.split())))
