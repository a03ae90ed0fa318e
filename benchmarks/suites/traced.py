"""Traced: dynamongo through boto3, where a tracer, recorder or mock watches boto3, beside boto3 itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from benchmarks.rivals.base import BOTO3, DYNAMONGO, Calls, Sizes
from benchmarks.server import run_server
from benchmarks.timing import Curve, Effort, Measurement, compare
from benchmarks.values import is_installed

_ONE, _MANY = 0.80, 0.30
TARGETS = {
    "put": _ONE,
    "get": _ONE,
    "conditional update": _ONE,
    "query of 1,000": _MANY,
    "scan": _MANY,
    "batch get of 100": _MANY,
    "batch write of 25": 0.45,
}


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Run each call with `transport="boto3"`, and again while OpenTelemetry watches."""
    with run_server() as url:
        own, sizes = DYNAMONGO.load(), Sizes(effort.stored)
        own.fill(url, sizes.rows)
        yield from _compare(url, sizes, "boto3", "", effort)
        if is_installed("opentelemetry.instrumentation.botocore") and is_installed("opentelemetry.sdk"):
            _instrument()
            yield from _compare(url, sizes, "auto", ", OpenTelemetry", effort)


def _compare(url: str, sizes: Sizes, transport: str, suffix: str, effort: Effort) -> Iterator[Measurement]:
    own = DYNAMONGO.load()
    print(f"  dynamongo's requests: {own.connect(url, transport).describe_transport()}")
    calls = [
        Calls(DYNAMONGO.name, own.make_calls(sizes, declared=False)),
        Calls(BOTO3.name, BOTO3.load().make_works(url, sizes, declared=False)),
    ]
    for task, target in TARGETS.items():
        yield compare(task + suffix, [each.make_side(task) for each in calls], effort, {BOTO3.name: target})


def _instrument() -> None:
    """Trace all clients from now on, with spans that nobody exports."""
    instrumentation = importlib.import_module("opentelemetry.instrumentation.botocore")
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    instrumentation.BotocoreInstrumentor().instrument(tracer_provider=sdk.TracerProvider())
