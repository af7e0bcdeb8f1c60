"""Index seeds: the manifest of an index in shards that have no pages of it yet.

Sign bits of all shards are then taken about one center, so that what they approximate
compares, and documents move without their rows being written anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.index.index import Index, open_indexes
from ingest.library.home import Home
from ingest.library.keys import ABOUT


def seed_indexes(target: Home, others: Sequence[Home]) -> None:
    """Give a home the indexes of others that it lacks, empty, and their centers.

    The writer's lock must be held.
    """
    own = {index.manifest.slug: index for index in open_indexes(target)}
    for home in others:
        for index in open_indexes(home) if home.root != target.root else ():
            slug = index.manifest.slug
            if slug not in own:
                own[slug] = _copy(index, target)
            _adopt_center(own[slug], index)


def _copy(index: Index, target: Home) -> Index:
    """Make an empty index like another."""
    folder = target.index / index.manifest.slug
    folder.mkdir(parents=True, exist_ok=True)
    for name in ABOUT:
        source = index.folder / name
        if source.exists() and name != "manifest.json":
            shutil.copyfile(source, folder / name)
    index.manifest.write(folder / "manifest.json")
    made = Index(target, index.manifest)
    if target.server:
        made.records.create()
        made.records.commit()
        made.records.close()
    return made


def _adopt_center(own: Index, other: Index) -> None:
    manifest = other.manifest
    if manifest.center and not own.manifest.center and manifest.fits(own.manifest):
        own.manifest = replace(own.manifest, center=manifest.center)
        own.manifest.write(Path(own.folder) / "manifest.json")
