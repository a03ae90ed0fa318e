"""Keep what was measured in a file, so that one suite can be measured again without the others."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import Curve, Effort, Measurement


@dataclass(frozen=True)
class Suite:
    """What a suite measured.

    Attributes:
        figures: The measurements and the curves.
        environment: Lines that say what they were measured with. Ratios hold within one suite, so that suites may
            have been measured with other versions than each other.
    """

    figures: Sequence[Measurement | Curve]
    environment: Sequence[str]


Suites = dict[str, Suite]


def read_figures(path: Path, effort: Effort) -> Suites:
    """Return the figures in the file; none if they were measured with another effort."""
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if kept["effort"] != dataclasses.asdict(effort):
        return {}
    return {
        name: Suite([_load(each) for each in found["figures"]], found["environment"])
        for name, found in kept["suites"].items()
    }


def write_figures(path: Path, suites: Suites, effort: Effort) -> None:
    """Write the figures with what they were measured with."""
    found = {name: dataclasses.asdict(suite) for name, suite in suites.items()}
    kept = {"effort": dataclasses.asdict(effort), "suites": found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _load(fields: dict[str, Any]) -> Measurement | Curve:
    return Measurement(**fields) if "task" in fields else Curve(**fields)
