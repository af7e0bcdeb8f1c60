"""Make the sample corpus: everything in data/samples is drawn and written by these scripts.

    python data/make_samples.py [--out DIR]

The same versions of the libraries always give the same bytes. The people, places and
organisations are invented, and so are the telephone numbers and the addresses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from make_bicycle import bicycle_wall
from make_deck import make_deck
from make_papers import make_form, make_korean_notice, make_korean_scan, make_letter
from make_report import make_report
from make_seascapes import balloon, lighthouse, sailboat
from make_still_lifes import mushroom, teapot


def make_pictures(out: Path) -> None:
    lighthouse().save(out / "lighthouse.png", optimize=True)
    sailboat().save(out / "sailboat.png", optimize=True)
    mushroom().save(out / "mushroom.png", optimize=True)
    bicycle_wall().save(out / "bicycle-wall.png", optimize=True)
    teapot().save(out / "teapot.jpg", quality=90)
    balloon().save(out / "balloon.webp", quality=88, method=6)


def make_all(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for make in (
        make_report,
        make_deck,
        make_letter,
        make_korean_notice,
        make_korean_scan,
        make_form,
        make_pictures,
    ):
        make(out)
    for path in sorted(out.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "samples")
    make_all(parser.parse_args().out)


if __name__ == "__main__":
    main()
