import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ingest.index.chroma import Records
from ingest.index.scrub import scrub
from ingest.page import Page

ADD_ONE = """
import sys
from pathlib import Path
import numpy as np
from ingest.index.chroma import Records
from ingest.page import Page
records = Records(Path(sys.argv[1]), "minilm")
records.upsert([Page("a" * 64, 1)], np.ones((1, 384), np.float32))
"""


def graphs(folder: Path) -> list[Path]:
    return [*folder.glob("*/data_level0.bin"), *folder.glob("*/length.bin")]


def test_no_memory_of_the_process_is_saved_with_the_first_record(tmp_path):
    # glibc fills what malloc gives out with the complement of this byte.
    environment = os.environ | {"MALLOC_PERTURB_": "165", "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", ADD_ONE, tmp_path], check=True, env=environment)
    assert len(graphs(tmp_path)) == 2
    for path in graphs(tmp_path):
        assert path.stat().st_size > 0
        assert not any(path.read_bytes()), path.name


def test_what_is_in_use_stays(tmp_path):
    count = 1_200
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((count, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pages = [Page("a" * 64, n + 1) for n in range(count)]
    records = Records(tmp_path, "minilm")
    records.upsert(pages, vectors)
    records.close()
    saved = {path: path.read_bytes() for path in graphs(tmp_path)}
    assert any(map(any, saved.values()))

    scrub(tmp_path)

    assert {path: path.read_bytes() for path in graphs(tmp_path)} == saved
    assert [records.nearest(vector, 1)[0] for vector in vectors[:50]] == [
        page.key for page in pages[:50]
    ]
    records.close()


def test_an_unknown_version_is_said(tmp_path):
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "header.bin").write_bytes(struct.pack("<i4Q", 2, 0, 1, 0, 4))
    with pytest.raises(ValueError, match="version 2"):
        scrub(tmp_path)
