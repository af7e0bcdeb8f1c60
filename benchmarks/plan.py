"""Capacity plan: the machines that a library of your size and your people need.

    python -m benchmarks.plan --pages 10000000 --people 300 --scanned 0.3 --days 14
    python -m benchmarks.plan --home HOME --pages 500000 --questions 5 --json

Formulas over figures that were measured (benchmarks/capacity.py names where each is written):
a plan is as good as these fit your files and machines. `--home` takes the bytes a page of a
library that you have, and `--gpu-pages` what `python -m benchmarks.gpu` says of your card: no
encoder was measured on a GPU. Prices are yours; without them there are no costs.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.printable import count_of
from benchmarks.capacity import (
    BYTES,
    ENCODERS,
    FIGURES,
    QUANTIZED,
    SHARD_PAGES,
    Figure,
    measure_home,
)
from ingest.library.home import Home

BUSY = 0.5
"""Share of the cores that may be busy at the peak: queues grow fast beyond. A choice."""
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a library is to hold and to answer.

    `people` ask a question every `every` seconds each at the peak, unless `questions` a second
    are given. `scanned` is the share of pages without a text layer, `answered` of questions
    that want an answer and not pages alone. `no_rerank` is `PAGEGLASS_RERANK=none`. `pool`
    merges rows. `days` is the time for reading all pages once; `cores` are those of a machine.
    Prices are of a core and a GB, a month.
    """

    pages: int
    people: int = 1
    every: float = 30.0
    questions: float | None = None
    encoder: str = "default"
    quantization: str = "fp16"
    pool: int = 1
    scanned: float = 0.0
    answered: float = 0.5
    no_rerank: bool = False
    days: float = 7.0
    cores: int = 16
    gpu_pages: float | None = None
    price_core: float | None = None
    price_gb: float | None = None


def plan(wanted: Wanted, sizes: dict[str, float] | None = None) -> dict[str, Any]:
    """Plan of a library, as plain values; `sizes` are bytes a page by part."""
    shards = max(1, math.ceil(wanted.pages / SHARD_PAGES))
    page = bytes_a_page(wanted, sizes)
    search = search_cost(wanted, shards, page["vectors"])
    ingest = ingest_cost(wanted)
    found = {
        "shards": shards,
        "bytes_a_page": {name: round(value) for name, value in page.items()},
        "disk_gb": round(sum(page.values()) * wanted.pages / 1e9, 1),
        "ingest": ingest,
        "search": search,
    }
    found["parts"] = parts(wanted, found)
    found["costs_a_month"] = costs(wanted, found)
    return found


def bytes_a_page(wanted: Wanted, sizes: dict[str, float] | None = None) -> dict[str, float]:
    """Bytes of a page on disk by part."""
    held = sizes or {name: figure.value for name, figure in BYTES.items()}
    if sizes is None or wanted.encoder == "colpali":
        encoders = ENCODERS[wanted.encoder]
        factor = QUANTIZED[wanted.quantization].value / QUANTIZED["fp16"].value / wanted.pool
        vectors = factor * sum(BYTES[name].value for name in encoders)
    else:  # as that library has them
        vectors = held["vectors"]
    return {
        "images": held["images"],
        "library": held["library"],
        "vectors": vectors,
        "records": held["records"],
        "lists": FIGURES["lists"].value,
    }


def ingest_cost(wanted: Wanted) -> dict[str, Any]:
    """Processor seconds a page, and the cores that read all pages in the time given."""
    encode = sum(
        FIGURES[f"encode {name}"].value
        for name in ENCODERS[wanted.encoder]
        if f"encode {name}" in FIGURES
    )
    spent = FIGURES["read"].value + wanted.scanned * FIGURES["ocr"].value + encode
    each = wanted.pages / (wanted.days * DAY)
    cores = each * spent
    gpu = wanted.encoder == "colpali"
    return {
        "pages_a_second": round(each, 2),
        "cpu_seconds_a_page": round(spent, 3),
        "pages_a_second_and_core": round(1 / spent, 2),
        "cores": math.ceil(cores / 0.9),  # cores are never all busy with pages
        "gpus": math.ceil(each / wanted.gpu_pages) if gpu and wanted.gpu_pages else None,
        "gpu_unknown": gpu and not wanted.gpu_pages,
        "command_cores": round(each * FIGURES["command"].value, 2),
        "cluster": cores > wanted.cores,
    }


def search_cost(wanted: Wanted, shards: int, vectors: float) -> dict[str, Any]:
    """Cores, memory and reads that questions take."""
    rate = wanted.questions if wanted.questions is not None else wanted.people / wanted.every
    few = wanted.pages <= FIGURES["exhaustive"].value
    fixed = FIGURES["search small" if few else "search"].value
    lists = 0.0 if few else wanted.pages / 1e6 * FIGURES["lists of a million"].value
    spent = fixed + lists + (shards - 1) * FIGURES["shard"].value
    spent += wanted.answered * FIGURES["answer"].value
    spent += 0.0 if wanted.no_rerank else FIGURES["cross-encoder"].value
    cores = max(1, math.ceil(rate * spent / BUSY))
    processes = max(1, min(cores, wanted.cores))
    memory = processes * FIGURES["server"].value + wanted.pages * FIGURES["lists"].value / 1e9
    return {
        "questions_a_second": round(rate, 2),
        "cpu_seconds_a_question": round(spent, 3),
        "cores": cores,
        "processes": processes,
        "memory_gb": round(memory, 1),
        "read_mb_a_question": 0.0 if few else round(FIGURES["reranked"].value * vectors / 1e6, 1),
    }


def parts(wanted: Wanted, found: dict[str, Any]) -> list[str]:
    """The parts list, a line each."""
    search, ingest = found["search"], found["ingest"]
    here = search["cores"] if ingest["cluster"] else max(search["cores"], ingest["cores"])
    memory = search["memory_gb"] + FIGURES["worker"].value * min(ingest["cores"], wanted.cores)
    lines = [
        f"one machine with the library: {count_of(here, 'core')}, {math.ceil(memory)} GB of memory,"
        f" {found['disk_gb']:,} GB of SSD"
    ]
    if found["shards"] > 1:
        lines.append(f"`ingest --shards {found['shards']}`: {SHARD_PAGES:,} pages a shard at most")
    if search["processes"] > 1:
        lines.append(f"`serve --processes {search['processes']}`")
    if search["cores"] > wanted.cores and found["shards"] == 1:
        more = math.ceil(search["cores"] / wanted.cores) - 1
        lines.append(f"an object store, and {more} mirrors of {wanted.cores} cores")
    elif search["cores"] > wanted.cores:
        lines.append("all shards on that machine: mirrors of a library in shards are not served")
    if ingest["cluster"]:
        nodes = math.ceil(ingest["cores"] / wanted.cores)
        lines.append(
            f"for the first ingest a Ray cluster: {nodes} nodes of {wanted.cores} cores,"
            f" {math.ceil(FIGURES['worker'].value * wanted.cores)} GB of memory each, and"
            f" {ingest['command_cores']} cores for the command"
        )
    if ingest["gpu_unknown"]:
        lines.append("GPUs: not known; give --gpu-pages, pages a second of yours")
    elif ingest["gpus"]:
        lines.append(f"{count_of(ingest['gpus'], 'GPU')} for the first ingest, one for questions")
    return lines


def costs(wanted: Wanted, found: dict[str, Any]) -> dict[str, float] | None:
    """Costs of the machine with the library a month, by the prices given."""
    if wanted.price_core is None or wanted.price_gb is None:
        return None
    cores = found["search"]["cores"]
    return {
        "cores": round(cores * wanted.price_core, 2),
        "disk": round(found["disk_gb"] * wanted.price_gb, 2),
    }


def show(wanted: Wanted, found: dict[str, Any]) -> None:
    """Print a plan for people."""
    ingest, search = found["ingest"], found["search"]
    print(f"{wanted.pages:,} pages, {search['questions_a_second']} questions a second at the peak")
    for line in found["parts"]:
        print(f"  - {line}")
    sizes = ", ".join(f"{name} {value:,}" for name, value in found["bytes_a_page"].items())
    print(
        f"  bytes a page: {sizes}\n"
        f"  ingest: {ingest['cpu_seconds_a_page']} s of a core a page,"
        f" {ingest['pages_a_second']} pages/s for {wanted.days:g} days: {count_of(ingest['cores'], 'core')}\n"
        f"  a question: {search['cpu_seconds_a_question']} s of a core,"
        f" {search['read_mb_a_question']:,} MB read where they are not in memory"
    )
    if found["costs_a_month"]:
        print(f"  a month: {found['costs_a_month']}")


def read_arguments() -> argparse.Namespace:
    """Options of the command line, by the fields of `Wanted`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, required=True)
    for name in ("people", "pool", "cores"):
        parser.add_argument(f"--{name}", type=int, default=getattr(DEFAULTS, name))
    for name in ("every", "scanned", "answered", "days"):
        parser.add_argument(f"--{name}", type=float, default=getattr(DEFAULTS, name))
    for name in ("questions", "gpu-pages", "price-core", "price-gb"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--encoder", choices=list(ENCODERS), default=DEFAULTS.encoder)
    parser.add_argument("--quantization", choices=list(QUANTIZED), default=DEFAULTS.quantization)
    parser.add_argument("--no-rerank", action="store_true")
    parser.add_argument("--home", type=Path, help="take the bytes a page of this library")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


DEFAULTS = Wanted(pages=1)


def main() -> None:
    """Compute and print."""
    given = vars(read_arguments())
    home, as_json = given.pop("home"), given.pop("json")
    wanted = Wanted(**given)
    found = plan(wanted, measure_home(Home(home, create=False)) if home else None)
    if not as_json:
        show(wanted, found)
        return
    figures: dict[str, Figure] = {**FIGURES, **BYTES}
    named = {name: asdict(figure) for name, figure in figures.items()}
    print(json.dumps({"wanted": asdict(wanted), **found, "figures": named}, indent=2))


if __name__ == "__main__":
    main()
