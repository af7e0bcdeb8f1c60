"""Size options of the benchmarks' command lines."""

from __future__ import annotations

import argparse


def read_sizes(module: str, **defaults: int) -> argparse.Namespace:
    """A whole number an option, or its default; `module` is the docstring, whose first line is the help."""
    parser = argparse.ArgumentParser(description=module.splitlines()[0])
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()
