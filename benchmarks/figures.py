"""Keep what was measured in a file, so that one suite can be measured again without the others."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.timing import Curve, Effort, Measurement

Suites = dict[str, list[Measurement | Curve]]


def read_figures(path: Path, effort: Effort, environment: Sequence[str]) -> Suites:
    """Return the figures in the file; none if they were measured with other versions, or with another effort."""
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if kept["effort"] != dataclasses.asdict(effort) or kept["environment"] != list(environment):
        return {}
    return {name: [_load(each) for each in found] for name, found in kept["suites"].items()}


def write_figures(path: Path, suites: Suites, effort: Effort, environment: Sequence[str]) -> None:
    """Write the figures with what they were measured with."""
    found = {name: [dataclasses.asdict(each) for each in figures] for name, figures in suites.items()}
    kept = {"environment": list(environment), "effort": dataclasses.asdict(effort), "suites": found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _load(fields: dict[str, Any]) -> Measurement | Curve:
    return Measurement(**fields) if "task" in fields else Curve(**fields)
