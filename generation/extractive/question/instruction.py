"""Instructions in a question: how the answer is to be written, not what is asked."""

from __future__ import annotations

import re

_WRITE = (
    "[Aa]nswer|[Gg]ive|[Rr]eturn|[Ww]rite|[Ff]ormat|[Rr]ound|[Pp]rovide|[Ee]xpress|[Rr]eport|[Ee]numerate"
    "|[Dd]irectly answer|[Yy]our (?:answer|report|response)|[Tt]he answer|[Ss]ave|[Rr]eply|[Rr]espond"
)
_INSTRUCTION = re.compile(
    rf"(?<=[?.!])\s*(?:[Pp]lease )?(?-i:(?=[A-Z]))(?:{_WRITE})\b.*"
    rf"|\((?:[Pp]lease )?(?:{_WRITE})\b[^)]*\)"
    r"|(?<=[?.!])[^.?!]*(?:답해|대답해|적어|써)\s?(?:주세요|줘|주십시오)\W*$",
    re.DOTALL,
)


def without_instructions(question: str) -> str:
    """The question without requests for a form of the answer.

    >>> without_instructions("What was the margin in 2015? Answer in per cent, one decimal.")
    'What was the margin in 2015?'
    >>> without_instructions("Give me an overview of the report")
    'Give me an overview of the report'
    """
    return _INSTRUCTION.sub("", question).strip() or question
