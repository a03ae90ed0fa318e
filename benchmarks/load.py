"""Load rows into memory in a process of its own: print the time and the memory that one of them takes, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rivals.base import DYNAMONGO, DYNAMOXY
from benchmarks.values import values

CHUNK = 1_000
PLAIN = "plain dicts"


def main(name: str, count: int) -> None:
    """Load the rows, 1,000 at a time; making their values is no library's work."""
    load, spent, before = make_loader(name), 0.0, _read_resident_bytes()
    for start in range(0, count, CHUNK):
        given = [values(number) for number in range(start, min(count, start + CHUNK))]
        started = time.process_time()
        load(given)
        spent += time.process_time() - started
    print(json.dumps({"µs": spent / count * 1e6, "bytes": (_read_resident_bytes() - before) / count}))


def make_loader(name: str) -> Callable[[list[dict[str, Any]]], object]:
    """Return a function that adds rows to one table."""
    if name == PLAIN:
        kept: list[dict[str, Any]] = []
        return kept.extend
    library = {each.name: each for each in (DYNAMONGO, DYNAMOXY)}[name]
    loader: Callable[[list[dict[str, Any]]], object] = library.load().make_loader()
    return loader


def _read_resident_bytes() -> int:
    """Return the resident memory of this process; Linux has it in `/proc`."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
