"""The report: a page with the ratios against the targets, and what they were measured with."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import sysconfig
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
counts. Each suite has a process of its own, since what one leaves in memory would slow down the next. What is compared
are ratios: the machine was shared, and absolute times move with it. Each side's work ends in the same: models on our
side and on that of PynamoDB, pydynox and dynamoxy, dicts of Python values on boto3's. Where both have them, the results
are checked to be as many as they should be before anything is timed.

- **The row** has 9 attributes: two keys, a name, an int, a Decimal, a bool, an aware datetime, a list of 3 texts
  and maps nested twice. 1,000 rows have a hash key in common. PynamoDB and pydynox hold numbers as floats; pydynox
  does not type maps.
- **codec**: from a model to what is sent, and back from the dicts that `json.loads` gives. Ours ends in JSON text; the
  others end in dicts, which they still have to make JSON of. boto3's serializer takes and gives dicts.
- **conditions**: `(year < 1990) & ~cities.contains("Nairobi") & name.begins_with("J")`. The hand-written lambda
  relies on every attribute being there and of its type, which DynamoDB's semantics do not.
- **memory**: through the verbs, validation and consumed capacity included. dynamoxy's client is asynchronous: its
  calls are awaited one after the other, on a loop that runs already. It computes no capacity of a put. What a call is
  given (dicts of values, keys) is made before the clock runs; a save makes an instance of it first, on both sides.
- **wire**: processor time of the process (all its threads) against an emulator on this machine, over HTTP.
- **start**: whole processes, less that of a bare Python.
"""


_PAGES = (
    "the garbage collector takes 23 % (it looks at what is new again and again), `json.loads` 20 %, attribute values"
    " 25 %, and models 18 %."
)
PROFILES = {
    ("codec", "encode: model to wire"): "37 % validates every value again, since a list or map of it may have been"
    " changed, and makes attribute values; 63 % writes them as JSON. pydynox does neither here.",
    ("codec", "decode: wire to model"): "59 % makes attribute values, 41 % the model. One pass would do if the backend"
    " knew models.",
    ("memory", "save_one"): "18 % makes the instance, 17 % encodes it; the store takes 43 %, most of which measures and"
    " copies the item; the verb takes the rest.",
    ("memory", "get_one"): "36 % decodes the item, 13 % makes the key, the store takes 26 %, and the verb the rest.",
    ("memory", "conditional update"): "26 % builds the condition and the update, 28 % finds the key in it and checks"
    " both, the store takes 28 %, and decoding the item 9 %.",
    ("memory", "query of 10"): "45 % decodes the items, 30 % plans, and the store takes 10 %.",
    ("memory", "a test's cycle"): "ten saves take 48 %, ten gets 21 %, the query 18 %, and the table 5 %.",
    ("wire", "query of 1,000"): _PAGES,
    ("wire", "scan of 10,000"): _PAGES,
}
"""Of what the tasks consist that missed their targets in one run or another, as profiles of them show."""


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
    yield from _explain_misses(suites)
    yield "\n## All figures\n"
    for name, found in suites.items():
        yield from _table(name, [each for each in found if isinstance(each, Measurement)])
    yield "## Method\n"
    yield METHOD.format(rounds=effort.rounds)
    yield "## Measured with\n"
    yield f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()},"
    yield f"{os.cpu_count()} cores. " + ", ".join(_versions()) + "."
    if "--enable-optimizations" not in str(sysconfig.get_config_var("CONFIG_ARGS")):
        yield "This Python was built without the optimizations that distributions build with (PGO), which make what is"
        yield "written in Python, and nothing else, 15 to 20 % faster."


def _targets(suites: Suites) -> Iterator[str]:
    yield "| suite | what | against | ratio | aimed at | |"
    yield "| --- | --- | --- | --: | --: | --- |"
    for suite, each in _measured(suites):
        for rival, ratio, most in _ratios(each):
            shown, verdict = f"{ratio:.3g}", "met" if ratio <= most else "**missed**"
            if math.isnan(ratio):
                shown, verdict = "not installed", ""
            yield f"| {suite} | {each.task} | {rival} | {shown} | {most} | {verdict} |"


def _explain_misses(suites: Suites) -> Iterator[str]:
    missed = [
        (suite, each.task) for suite, each in _measured(suites) if any(ratio > most for _, ratio, most in _ratios(each))
    ]
    if missed:
        yield "\n## What the time goes to where it misses\n"
    for suite, task in missed:
        yield f"- **{suite}, {task}**: {PROFILES.get((suite, task), 'not profiled.')}"


def _measured(suites: Suites) -> Iterator[tuple[str, Measurement]]:
    """The measurements that have a side of ours, each with the name of its suite."""
    for suite, found in suites.items():
        for each in found:
            if isinstance(each, Measurement) and OURS in each.values:
                yield suite, each


def _ratios(each: Measurement) -> Iterator[tuple[str, float, float]]:
    """Each rival, the ratio to it (not a number, where it is not installed), and what was aimed at."""
    for rival, most in each.targets.items():
        yield rival, each.values[OURS] / each.values.get(rival, math.nan), most


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
