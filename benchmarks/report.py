"""The report: a page with the ratios against the targets, and what they were measured with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.timing import OURS, Curve, Effort, Measurement

Suites = dict[str, list[Measurement | Curve]]

LIBRARIES = ("boto3", "pynamodb", "pydynox", "dynamoxy", "moto", "sortedcontainers")
CAPTIONS = {
    "codec": "Codec",
    "selectivity": "A condition by selectivity",
    "tree-size": "A condition by size",
    "memory": "Memory backends",
    "growth": "Memory, as the table grows",
    "wire": "DynamoDB backends",
    "start": "Import",
}
METHOD = """\
All sides of a comparison run in one process and one run, in turns, {rounds} of them; the median of the turns
counts. What is compared are ratios: the machine was shared, and absolute times move with it. Each side's work ends
in the same: models on our side and on that of PynamoDB, pydynox and dynamoxy, dicts of Python values on boto3's.
Where both have them, the results are checked to be as many as they should be before anything is timed.

- **The row** has 9 attributes: two keys, a name, an int, a Decimal, a bool, an aware datetime, a list of 3 texts
  and maps nested twice. 1,000 rows have a hash key in common. PynamoDB and pydynox hold numbers as floats; pydynox
  does not type maps.
- **codec**: from a model to the attribute values that are sent, and back. boto3's serializer takes and gives dicts.
- **conditions**: `(year < 1990) & ~cities.contains("Nairobi") & name.begins_with("J")`. The hand-written lambda
  relies on every attribute being there and of its type, which DynamoDB's semantics do not.
- **memory**: through the verbs, validation and consumed capacity included. dynamoxy's client is asynchronous: its
  calls are awaited one after the other, on a loop that runs already. It computes no capacity of a put.
- **wire**: processor time of the process (all its threads) against an emulator on this machine, over HTTP.
- **start**: whole processes, less that of a bare Python.
"""


MISSES = """\
What profiles of the misses show:

- **One call on the memory backend** (save, get, update, a query of 10, a test's cycle): of a query of 10, planning
  takes 36 %, decoding 24 % and the store 17 %; of a conditional update, the store takes 53 % and the verb the rest.
  The rival does in Rust what are Python calls here.
- **One call to DynamoDB**: the backend by itself, without models, takes 0.16 to 0.26 of boto3's time; the rest is the
  share of the verbs, as above.
- **Pages to models**: of a query of 1,000, `json.loads` takes 27 %, the decoding of attribute values 25 %, models 16 %,
  the garbage collector 10 %, and reading the answer most of what is left.
- **Import**: most of it is Python's making of frozen dataclasses, a millisecond each.
- **Encoding, against pydynox**: every value is validated again when it is encoded, since a list or map of it may have
  been changed; pydynox does not look.
"""


def write_report(suites: Suites, charts: Sequence[str], effort: Effort, path: Path) -> None:
    """Write the page; the charts are in a folder of its name beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(suites, charts, effort, path.stem)) + "\n", encoding="utf-8")


def _lines(suites: Suites, charts: Sequence[str], effort: Effort, folder: str) -> Iterator[str]:
    yield "# Benchmarks\n"
    yield '`python -m benchmarks` measured this and wrote this page (`pip install -e ".[bench]"` gets the rivals).\n'
    yield "## Targets\n"
    yield from _targets(suites)
    for chart in charts:
        yield f"\n![{CAPTIONS.get(chart, chart)}]({folder}/{chart}.svg)"
    yield "\n## Where it misses\n"
    yield MISSES
    yield "## All figures\n"
    for name, found in suites.items():
        yield from _table(name, [each for each in found if isinstance(each, Measurement)])
    yield "## Method\n"
    yield METHOD.format(rounds=effort.rounds)
    yield "## Measured with\n"
    yield f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()},"
    yield f"{os.cpu_count()} cores. " + ", ".join(_versions()) + "."


def _targets(suites: Suites) -> Iterator[str]:
    yield "| what | against | ratio | aimed at | |"
    yield "| --- | --- | --: | --: | --- |"
    for found in suites.values():
        for each in found:
            if isinstance(each, Measurement) and OURS in each.values:
                yield from _target_rows(each)


def _target_rows(each: Measurement) -> Iterator[str]:
    for rival, most in each.targets.items():
        if rival not in each.values:
            yield f"| {each.task} | {rival} | not installed | {most} | |"
            continue
        ratio = each.values[OURS] / each.values[rival]
        yield f"| {each.task} | {rival} | {ratio:.3g} | {most} | {'met' if ratio <= most else '**missed**'} |"


def _table(name: str, found: Sequence[Measurement]) -> Iterator[str]:
    if not found:
        return
    sides = list(dict.fromkeys(side for each in found for side in each.values))
    yield f"### {name}\n"
    yield f"| | unit | {' | '.join(sides)} |"
    yield f"| --- | --- | {' | '.join('--:' for _ in sides)} |"
    for each in found:
        values = (f"{each.values[side]:,.4g}" if side in each.values else "" for side in sides)
        yield f"| {each.task} | {each.unit} | {' | '.join(values)} |"
    yield ""


def _versions() -> Iterator[str]:
    for library in LIBRARIES:
        try:
            yield f"{library} {importlib.metadata.version(library)}"
        except importlib.metadata.PackageNotFoundError:
            continue
