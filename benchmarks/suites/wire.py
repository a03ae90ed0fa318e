"""Wire: the client's processor time for calls to a server on this machine; waiting does not count."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rivals.base import AIODYNAMO, BOTO3, DYNAMONGO, DYNAMOXY, PYDYNOX, PYNAMODB, Sizes, list_rows, open_all
from benchmarks.server import run_server
from benchmarks.timing import Curve, Effort, Measurement, compare

_ONE = {"boto3": 0.30, "dynamoxy": 0.85}
_READ = {"boto3": 0.20, "dynamoxy": 0.85, "aiodynamo": 0.80}
_WRITE = {"boto3": 0.20, "pydynox": 0.75, "dynamoxy": 0.75, "aiodynamo": 0.75}
TARGETS: dict[str, dict[str, float]] = {
    "put": _ONE,
    "get": _ONE,
    "conditional update": _ONE | {"pydynox": 0.60},
    "transaction of 10 puts": _WRITE,
    "query of 1,000": _READ,
    "filtered query": _READ,
    "scan": _READ,
    "filtered scan": _READ,
    "batch get of 100": _READ,
    "batch write of 25": _WRITE,
}


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call against the emulator that the tests use, with either row."""
    sizes = Sizes(effort.stored)
    libraries = (DYNAMONGO, BOTO3, PYNAMODB, PYDYNOX, DYNAMOXY, AIODYNAMO)
    with run_server() as url:
        DYNAMONGO.load().fill(url, sizes.rows)
        for declared, suffix in list_rows(effort):
            opened = open_all(libraries, url, sizes, declared=declared)
            for task, targets in TARGETS.items():
                sides = [each.make_side(task) for each in opened if task in each.works]
                yield compare(task + suffix, sides, effort, targets)
            for each in opened:
                each.close()
