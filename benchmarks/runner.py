"""Run a suite by its name, in whichever process this is called."""

from __future__ import annotations

import importlib

from benchmarks.timing import Curve, Effort, Measurement


def run_suite(name: str, effort: Effort) -> list[Measurement | Curve]:
    """Return what the suite of that name measures."""
    print(name, flush=True)
    return list(importlib.import_module(f"benchmarks.suites.{name}").run(effort))
