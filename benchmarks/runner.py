"""Run a suite by its name, in whichever process this is called."""

from __future__ import annotations

import importlib
import time

from benchmarks.timing import Curve, Effort, Measurement


def run_suite(name: str, effort: Effort) -> list[Measurement | Curve]:
    """Return what the suite of that name measures."""
    print(name, flush=True)
    started = time.perf_counter()
    found = list(importlib.import_module(f"benchmarks.suites.{name}").run(effort))
    print(f"  {time.perf_counter() - started:.0f} s", flush=True)
    return found
