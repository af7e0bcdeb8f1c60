"""Reasoning in a reply, between think tags; taken out of its text."""

from __future__ import annotations

import re

_OPEN = re.compile(r"(?:\A|(?<=\n))[ \t]*(?:<(think|thinking|thought|reasoning)>|\[THINK\])", re.I)
_CLOSE = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]", re.I)
_NAMES = ("think", "thinking", "thought", "reasoning")
_LAST_OPEN = re.compile(r"(?:<(?:think|thinking|thought|reasoning)>|\[THINK\])\s*\Z", re.I)
_TAGS = (*(f"<{name}>" for name in _NAMES), "[think]")
_REASONING_MODEL = re.compile(
    r"deepseek[-_/]?r\d|deepseek-reasoner|r1-distill|qwq|think|reason|magistral", re.I
)
_MUSING = (
    "okay", "ok", "alright", "hmm", "wait", "first,", "so,", "let me", "let's", "i need to",
    "i should", "we need to", "we are given", "the user", "好的", "嗯", "首先", "用户",
)  # fmt: skip
"""Heads of a reply that reasons aloud."""


def is_reasoning_model(name: str) -> bool:
    """Whether a model's name says that its replies begin with reasoning."""
    return _REASONING_MODEL.search(name) is not None


def is_think_tag(token: str) -> bool:
    """Whether a token of a vocabulary opens or closes reasoning."""
    return _LAST_OPEN.fullmatch(token) is not None or _CLOSE.fullmatch(token) is not None


def opens_reasoning(prompt: str) -> bool:
    """Whether a prompt ends with an opening tag, so that its reply begins inside.

    >>> opens_reasoning("<|im_start|>assistant\\n<think>\\n"), opens_reasoning("<think>a")
    (True, False)
    """
    return _LAST_OPEN.search(prompt) is not None


class ReasoningFilter:
    """Filter of a streamed reply: takes out what stands between think tags.

    A tag counts at the start of the reply or of a line, in pieces of any size.
    An unclosed one takes the rest. Templates that end a prompt with the opening
    tag leave only the closing one in the reply. Where the prompt is known to, `opened`
    is True: all is reasoning until the closing tag. Else text is held back until it
    comes where `hold` is True, or where `wary` is and the reply begins as reasoning does.

    >>> reasoning = ReasoningFilter()
    >>> reasoning.feed("<thi") + reasoning.feed("nk>Two?</think>Three.") + reasoning.close()
    'Three.'
    """

    def __init__(self, *, hold: bool = False, wary: bool = False, opened: bool = False) -> None:
        self.found = opened
        """Whether there was any reasoning."""
        self.bare = False
        """Whether a closing tag came without an opening one."""
        self._buffer = ""
        self._inside = opened
        self._hold = hold and not opened
        self._wary = wary and not opened
        self._line_start = True
        self._shown = False

    def feed(self, piece: str) -> str:
        """Take a piece in; give the text that can be shown now."""
        self._buffer += piece
        return self._show(self._take(last=False))

    def close(self) -> str:
        """End the reply; give the text that is left."""
        return self._show(self._take(last=True))

    def _show(self, text: str) -> str:
        if not self._shown:
            text = text.lstrip() if self.found else text.lstrip("\n")
        self._shown = self._shown or bool(text.strip())
        return text

    def _take(self, *, last: bool) -> str:
        out = ""
        while self._buffer:
            if self._inside:
                if not self._leave(last=last):
                    break
                continue
            opened = self._opening()
            closed = _CLOSE.search(self._buffer) if opened is None or self._hold else None
            before = closed and (opened is None or closed.start() < opened.start())
            if closed and before and (self._hold or not (out.strip() or self._shown)):
                self.found = self.bare = True
                self._hold = self._wary = False
                out, self._buffer = "", self._buffer[closed.end() :]
                continue
            if opened:
                out += self._buffer[: opened.start()]
                self._buffer = self._buffer[opened.end() :]
                self._inside = self.found = True
                self._hold = self._wary = False
                continue
            shown = len(self._buffer) if last else self._safe()
            out += self._buffer[:shown]
            self._buffer = self._buffer[shown:]
            if shown:
                self._line_start = out.endswith("\n") or not (self._shown or out.strip())
            break
        return out

    def _leave(self, *, last: bool) -> bool:
        """Drop reasoning; whether its end was found."""
        closed = _CLOSE.search(self._buffer)
        if closed is None:
            self._buffer = "" if last else self._buffer[-16:]
            return False
        self._inside, self._line_start = False, True
        self._buffer = self._buffer[closed.end() :]
        return True

    def _opening(self) -> re.Match[str] | None:
        found = _OPEN.search(self._buffer)
        while found and found.start() == 0 and not self._line_start:
            found = _OPEN.search(self._buffer, found.end())
        return found

    def _safe(self) -> int:
        """Characters of the buffer that can be shown before more comes."""
        if self._hold:
            return 0
        if self._wary:
            head = self._buffer.lstrip()
            head = head.lower()
            if any(word.startswith(head) for word in _MUSING):
                return 0
            self._wary = False
            if re.match(rf"(?:{'|'.join(_MUSING)})(?![a-z])", head):
                self._hold = True
                return 0
        line = self._buffer.rfind("\n") + 1
        tail = self._buffer[line:].lstrip(" \t").lower()
        may_open = line > 0 or self._line_start
        if may_open and any(tag.startswith(tail) for tag in _TAGS):
            return line
        if not self._shown and not self._buffer[:line].strip():
            return self._before_closing()
        return len(self._buffer)

    def _before_closing(self) -> int:
        """Characters before what may be the head of a closing tag, at a reply's start."""
        head = self._buffer.lstrip().lower()
        closings = (*(f"</{tag[1:]}" for tag in _TAGS[:-1]), "[/think]")
        return 0 if any(tag.startswith(head) for tag in closings) else len(self._buffer)
