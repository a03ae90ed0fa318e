"""Write the report: a page with the ratios, the targets, and what they were measured with."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import math
import os
import platform
import sysconfig
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Suites
from benchmarks.profiles import PROFILES
from benchmarks.timing import OURS, Effort, Measurement, show

LIBRARIES = (
    "boto3",
    "aioboto3",
    "pynamodb",
    "pydynox",
    "dynamoxy",
    "aiodynamo",
    "aiohttp",
    "uvloop",
    "moto",
    "opentelemetry-sdk",
    "sortedcontainers",
)
CAPTIONS = {
    "codec": "Codec",
    "selectivity": "A condition by selectivity",
    "tree-size": "A condition by size",
    "memory": "Memory backends",
    "growth": "Memory, as the table grows",
    "wire": "DynamoDB backends",
    "traced": "Through boto3",
    "async": "Awaited calls",
    "cold": "Cold start",
}
METHOD = """\
All sides of a comparison run in turns, {rounds} or more each, in one process; every other round goes backwards. The
best turn of each side counts: on a shared machine other processes can only make a turn slower, so that the least is
nearest to what the work costs, and it is the same rule for all. A turn starts with nothing to collect and lasts about
{seconds} s, which leaves the garbage collector its share. The clock is the processor time of the process, all its
threads included, without waiting. Each suite has its own process, since what one leaves in memory would slow down the
next. "Swing" says how far the median turn of a side is from its best one, on the side where it is furthest. Only ratios
are compared: absolute times vary with the machine and its load. Each side ends with the same kind of result: models for
dynamongo, PynamoDB, pydynox and dynamoxy, dicts of Python values for boto3, aioboto3 and aiodynamo. The numbers of
items that come back are checked.

- **The row** has 9 attributes: two keys, a name, an int, a Decimal, a bool, an aware datetime, a list of 3 strings,
  and a free map (`DictField()`) with another map in it. "Declared members" says that the model declares what the maps
  contain, in dynamongo, PynamoDB and dynamoxy; pydynox does not type maps, and boto3 and aiodynamo have no models. The
  items are the same. 1,000 rows share a hash key. PynamoDB and pydynox have floats for numbers; aiodynamo is
  left to read them as floats too, which is its default and faster than Decimals.
- **codec**: from a model to what is sent, and back from the dicts that `json.loads` returns. dynamongo's result is
  JSON text; the others return dicts, which they still have to convert to JSON. boto3's and aiodynamo's serializers
  convert dicts, not models. dynamongo decodes the items of a page in one pass, and an item alone in two.
- **conditions**: three leaves are `(year < 1990) & ~cities.contains("Nairobi") & name.begins_with("J")`; ten leaves add
  ORs, `between`, `size`, `in_`, `attribute_type` and nested paths. The hand-written lambda relies on every attribute
  being present and of its type, which DynamoDB's semantics do not. "Hot" means few items, which stay in the processor's
  caches; of many items, reading them from memory is a part of the time on both sides.
- **memory**: through the verbs, validation and consumed capacity included, on a table of {items:,} rows, which each
  library has in a process of its own. dynamoxy's client is asynchronous: its calls are awaited one after the other, on
  a loop that is already running. It computes no capacity for a put. The arguments of a call (dicts of values, keys) are
  created before the clock starts; a save creates an instance from them first, on both sides. "condition=" has the
  condition beside the key, where the update before it has one condition with the key in it. A load is a process of its
  own that adds 1,000 rows at a time.
- **growth**: each table is in a process of its own, so that the garbage collector has only its items to look at; the
  small one has 1,000 rows. A bulk load is the time of a row among those that are added last.
- **wire**: against an emulator on the same machine, over HTTP, with a table of {stored:,} rows. The filter is that of
  the conditions. aiodynamo runs on aiohttp, which takes less of its time than httpx. pydynox's update returns nothing,
  and the others' the new item.
- **traced**: as in wire, but dynamongo sends all requests through boto3, as it does where a tracer, recorder or mock
  expects to see them. Under OpenTelemetry, its instrumentation of botocore makes a span of each request on both sides,
  which nobody exports.
- **concurrency**: 16 threads (dynamongo, boto3, PynamoDB, pydynox) or 16 tasks of one event loop (dynamoxy, aiodynamo),
  each with one request at a time, by the time that passes; boto3 and PynamoDB are given 16 connections. The emulator
  shares the machine's cores with them. A bulk load is what each library calls for many rows: `save_iter` with
  its workers, `batch_write`, `batch_put`, or 25 rows after the other.
- **async**: awaited calls, one after the other, each library on an event loop of its own, in twice as many turns where
  there is a target; the rest is as in wire. "dynamongo, blocking" are the verbs that are not awaited. aioboto3 has
  boto3's serializer, as boto3 has, and is given 64 connections. Of 1,000 gets, 64 tasks, or 64 threads for the verbs
  that block, each have one under way, by the time that passes, in four times as many turns again; the emulator shares
  the machine's cores with them. On a machine that is busy otherwise, longer turns favour dynamoxy, whose threads use
  both cores: in turns of a second beside a load of 7, dynamongo did 4,854 gets in a second, and dynamoxy 6,937.
  "uvloop" is the same on its loop, for all. "In memory" is as in the suite memory; the turn of the loop
  (`asyncio.sleep(0)`) is what other tasks get before each operation there.
- **cold**: whole processes, from their start to their end, less a bare Python: the imports, a model, the first answer
  (a get), with the resident memory at that moment; in an environment of nothing but a path, keys (or the name of a
  profile in a configuration file) and a region. Over TLS, dynamongo, boto3 and PynamoDB get the authorities by
  `AWS_CA_BUNDLE`, pydynox, dynamoxy and aiodynamo by `SSL_CERT_FILE`: botocore's 126 and that of the test. The first
  test of a process declares the model, makes the table and does ten puts and ten gets in memory; its imports are
  measured apart.
- dynamoxy runs without its telemetry, since it would use OpenTelemetry, which is installed for another suite only.
"""


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
    for name, suite in suites.items():
        yield from _table(name, [each for each in suite.figures if isinstance(each, Measurement)])
    yield "## Method\n"
    yield METHOD.format(**dataclasses.asdict(effort))
    yield "## Measured with\n"
    yield from _describe_environments(suites)


def _describe_environments(suites: Suites) -> Iterator[str]:
    """Yield what the suites were measured with, once for all that have it in common."""
    environments = list(dict.fromkeys(tuple(suite.environment) for suite in suites.values()))
    for environment in environments:
        names = [name for name, suite in suites.items() if tuple(suite.environment) == environment]
        if len(environments) > 1:
            yield f"**{', '.join(names)}**:"
        yield from environment
        if environment is not environments[-1]:
            yield ""


def describe_environment() -> Iterator[str]:
    """Yield lines that say what the figures were measured with."""
    yield f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()},"
    yield from textwrap.wrap(f"{os.cpu_count()} cores. {', '.join(_versions())}.", 120)
    if "--enable-optimizations" not in str(sysconfig.get_config_var("CONFIG_ARGS")):
        yield "This Python was built without profile-guided optimization (PGO), which distributions use. It would make"
        yield "pure Python code 15 to 20 % faster, and nothing else."


class Verdict(NamedTuple):
    """A target, and how it was met."""

    against: str
    found: float
    target: float
    is_met: bool
    unit: str = ""


def _targets(suites: Suites) -> Iterator[str]:
    yield "| suite | task | against | ratio | target | |"
    yield "| --- | --- | --- | --: | --: | --- |"
    for suite, each in _measured(suites):
        sign = "≥ " if each.more_is_better else ""
        for against, found, target, is_met, unit in _judge(each):
            shown, verdict = f"{found:.3g}{unit}", "met" if is_met else "**missed**"
            if math.isnan(found):
                shown, verdict = "not installed", ""
            yield f"| {suite} | {each.task} | {against} | {shown} | {sign}{target}{unit} | {verdict} |"


def _explain_misses(suites: Suites) -> Iterator[str]:
    missed = [
        (suite, each.task) for suite, each in _measured(suites) if any(not judged.is_met for judged in _judge(each))
    ]
    if missed:
        yield "\n## Where the time goes in the tasks that missed\n"
    explained: set[tuple[str, str]] = set()
    for profile in PROFILES:
        tasks = [
            task
            for suite, task in missed
            if suite == profile.suite and task.startswith(profile.tasks) and (suite, task) not in explained
        ]
        explained.update((profile.suite, task) for task in tasks)
        if tasks:
            yield f"- **{profile.suite}, {'; '.join(tasks)}**: {profile.text}"
    for suite, task in missed:
        if (suite, task) not in explained:
            yield f"- **{suite}, {task}**: not profiled."


def _measured(suites: Suites) -> Iterator[tuple[str, Measurement]]:
    """Yield the measurements that have a side of ours, each with the name of its suite."""
    for name, suite in suites.items():
        for each in suite.figures:
            if isinstance(each, Measurement) and OURS in each.values:
                yield name, each


def _judge(each: Measurement) -> Iterator[Verdict]:
    """Yield each target: the ratio of ours to a rival (NaN if it is not installed), and our own value."""
    ours = each.values[OURS]
    for rival, target in each.targets.items():
        ratio = ours / each.values.get(rival, math.nan)
        is_missed = ratio < target if each.more_is_better else ratio > target
        yield Verdict(rival, ratio, target, not is_missed)
    if each.limit is not None:
        yield Verdict("", ours, each.limit, ours <= each.limit, f" {each.unit}")


def _table(name: str, found: Sequence[Measurement]) -> Iterator[str]:
    if not found:
        return
    sides = list(dict.fromkeys(side for each in found for side in each.values))
    yield f"### {name}\n"
    has_swing = any(each.swing is not None for each in found)
    titles = [*sides, "swing"] if has_swing else sides
    yield f"| | unit | {' | '.join(titles)} |"
    yield f"| --- | --- | {' | '.join('--:' for _ in titles)} |"
    for each in found:
        values = [show(each.values[side]) if side in each.values else "" for side in sides]
        if has_swing:
            values.append("" if each.swing is None else f"{each.swing:.0%}")
        yield f"| {each.task} | {each.unit} | {' | '.join(values)} |"
    yield ""


def _versions() -> Iterator[str]:
    for library in LIBRARIES:
        try:
            yield f"{library} {importlib.metadata.version(library)}"
        except importlib.metadata.PackageNotFoundError:
            continue
