"""Words whose signs or capitals tell them apart: C#, C++, .NET, and IT, WHO, US."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.forms.whole.form import WholeForm, form_token

_SIGNS = re.compile(
    r"(?<![\w.+#])(?:[A-Za-z]{1,2}(?:\+\+|\+|#)(?:\.NET|\d\d)?|[A-Za-z]*\.(?:NET|net|js|io|ai))(?![\w+#])"
)
_ACRONYM = re.compile(r"(?<![\w.'’&/-])(?:[A-Z]{2,5}|(?:[A-Z]\.){2,5})(?![\w'’&/$-])")
_SMALL = re.compile(r"[^\W\d_]*[a-zß-ÿ][^\W\d_]*")
MIN_SMALL = 0.3
"""Share of words in small letters: in a text of capitals these tell nothing."""
FUNCTION_WORDS = frozenset(
    """a about according all am an and any are as at be been but by can could did do does for from
    go had has have he her him his how i if in into is it its many may me more most much my no not
    of off on one or our out please s she should show so some such t tell than that the their them
    then there these they this those to up us was we were what when where which who whom whose why
    will with would you your""".split()
)
"""English function words, which no acronym in capitals is."""


def find_signs(text: str) -> Iterator[WholeForm]:
    """Find names with signs.

    >>> [form.keys for form in find_signs("C# and C++, F#, ASP.NET")]
    [('c#',), ('c++',), ('f#',), ('asp.net',)]
    """
    for found in _SIGNS.finditer(text):
        key = found[0].lower()
        also = (form_token("sign", ".net"),) if key.endswith(".net") and key != ".net" else ()
        yield WholeForm("sign", found[0], *found.span(), (key,), also=also)


def find_acronyms(text: str) -> Iterator[WholeForm]:
    """Find acronyms that are function words in small letters.

    >>> [form.keys for form in find_acronyms("Does the WHO advise US hospitals on IT?")]
    [('who',), ('us',), ('it',)]
    """
    found = [
        (each, key)
        for each in _ACRONYM.finditer(text)
        if (key := each[0].replace(".", "").lower()) in FUNCTION_WORDS and len(key) > 1
    ]
    words = text.split() if found else []
    small = sum(bool(_SMALL.search(word)) for word in words)
    if len(words) <= 2 or small >= MIN_SMALL * len(words):
        for each, key in found:
            yield WholeForm("acronym", each[0], *each.span(), (key,))
