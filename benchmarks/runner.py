"""Run a suite by its name, in whichever process this is called."""

from __future__ import annotations

import importlib
import time

from benchmarks.timing import Curve, Effort, Measurement

MODULES = {"async": "awaited"}
"""The modules of suites that have other names than these: `async` is a keyword."""


def run_suite(name: str, effort: Effort) -> list[Measurement | Curve]:
    """Return what the suite of that name measures."""
    print(name, flush=True)
    started = time.perf_counter()
    module = MODULES.get(name, name)
    found = list(importlib.import_module(f"benchmarks.suites.{module}").run(effort))
    print(f"  {time.perf_counter() - started:.0f} s", flush=True)
    return found
