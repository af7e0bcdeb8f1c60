"""One stemmer of the package snowballstemmer, without the thirty others.

The package imports all of them when it is imported, which takes 20 ms of each search.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_PACKAGE = "snowballstemmer"
_ALONE = "_pageglass_snowball"
"""Name of a package of the same files that imports nothing itself."""


def load_stemmer(language: str) -> Callable[[], Any]:
    """The class of a language's stemmer, whose objects have `stemWord`.

    Raises:
        ModuleNotFoundError: there is none.

    >>> load_stemmer("porter")().stemWord("steps")
    'step'
    """
    if _ALONE not in sys.modules:
        spec = find_spec(_PACKAGE)
        if spec is None:
            raise ModuleNotFoundError(_PACKAGE)
        package = ModuleType(_ALONE)
        package.__path__ = list(spec.submodule_search_locations or [])
        sys.modules[_ALONE] = package
    module = import_module(f"{_ALONE}.{language}_stemmer")
    stemmer: Callable[[], Any] = getattr(module, f"{language.title()}Stemmer")
    return stemmer
