"""Write the report: a page with the ratios, the targets, and what they were measured with."""

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
All sides of a comparison run in turns, {rounds} each, in one process; the median of the turns counts. Each suite has
its own process, since what one leaves in memory would slow down the next. Only ratios are compared: the machine was
shared, and absolute times vary with its load. Each side ends with the same kind of result: models for dynamongo,
PynamoDB, pydynox and dynamoxy, dicts of Python values for boto3. Where sizes can be compared, results are checked to
have the expected size.

- **The row** has 9 attributes: two keys, a name, an int, a Decimal, a bool, an aware datetime, a list of 3 strings,
  and maps nested twice. 1,000 rows share a hash key. PynamoDB and pydynox store numbers as floats; pydynox does not
  type maps.
- **codec**: from a model to what is sent, and back from the dicts that `json.loads` returns. dynamongo's result is
  JSON text; the others return dicts, which they still have to convert to JSON. boto3's serializer converts dicts, not
  models.
- **conditions**: `(year < 1990) & ~cities.contains("Nairobi") & name.begins_with("J")`. The hand-written lambda
  relies on every attribute being present and of its type, which DynamoDB's semantics do not.
- **memory**: through the verbs, validation and consumed capacity included. dynamoxy's client is asynchronous: its
  calls are awaited one after the other, on a loop that is already running. It computes no capacity for a put. The
  arguments of a call (dicts of values, keys) are created before the clock starts; a save creates an instance from
  them first, on both sides.
- **wire**: processor time of the process (all its threads) against an emulator on the same machine, over HTTP.
- **start**: whole processes, less the time of a bare Python.
"""

_PAGES = (
    "the garbage collector takes 23 % (it examines new objects again and again), `json.loads` 20 %, attribute values"
    " 25 %, and models 18 %."
)
PROFILES = {
    ("codec", "encode: model to wire"): "37 % goes to validating every value again, since a list or map in it may have"
    " changed, and to making attribute values; 63 % to writing them as JSON. pydynox does neither here.",
    ("codec", "decode: wire to model"): "59 % goes to attribute values, 41 % to the model. One pass would do if the"
    " backend knew models.",
    ("memory", "save_one"): "18 % goes to making the instance and 17 % to encoding it; the store takes 43 %, mostly for"
    " measuring and copying the item; the verb takes the rest.",
    ("memory", "get_one"): "36 % goes to decoding the item and 13 % to making the key; the store takes 26 %, and the"
    " verb the rest.",
    ("memory", "conditional update"): "26 % goes to building the condition and the update, 28 % to finding the key in"
    " the condition and checking both, 28 % to the store, and 9 % to decoding the item.",
    ("memory", "query of 10"): "45 % goes to decoding the items, 30 % to planning, and 10 % to the store.",
    ("memory", "a test's cycle"): "ten saves take 48 %, ten gets 21 %, the query 18 %, and the table 5 %.",
    ("wire", "query of 1,000"): _PAGES,
    ("wire", "scan of 10,000"): _PAGES,
}
"""Where the time goes in the tasks that missed a target in one run or another, according to profiles."""


def write_report(suites: Suites, charts: Sequence[str], effort: Effort, path: Path) -> None:
    """Write the page; the charts are in a folder beside it that has its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(suites, charts, effort, path.stem)) + "\n", encoding="utf-8")


def _lines(suites: Suites, charts: Sequence[str], effort: Effort, folder: str) -> Iterator[str]:
    yield "# Benchmarks\n"
    yield '`python -m benchmarks` measured this and wrote this page; `pip install -e ".[bench]"` gets the rivals.\n'
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
        yield "This Python was built without profile-guided optimization (PGO), which distributions use. It would make"
        yield "pure Python code 15 to 20 % faster, and nothing else."


def _targets(suites: Suites) -> Iterator[str]:
    yield "| suite | task | against | ratio | target | |"
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
        yield "\n## Where the time goes in the tasks that missed\n"
    for suite, task in missed:
        yield f"- **{suite}, {task}**: {PROFILES.get((suite, task), 'not profiled.')}"


def _measured(suites: Suites) -> Iterator[tuple[str, Measurement]]:
    """Yield the measurements that have a side of ours, each with the name of its suite."""
    for suite, found in suites.items():
        for each in found:
            if isinstance(each, Measurement) and OURS in each.values:
                yield suite, each


def _ratios(each: Measurement) -> Iterator[tuple[str, float, float]]:
    """Yield each rival, the ratio of ours to it (NaN if it is not installed), and the target."""
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
