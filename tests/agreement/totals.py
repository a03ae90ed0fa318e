"""What was done in a run: sequences, steps by kind and by what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from agreement.outcomes import Refusal


@dataclass
class Totals:
    """Counts of one run; those of examples that shrinking tries are in them too."""

    sequences: int = 0
    disagreements: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def count(self, kind: str, outcome: Any) -> None:
        """Count a step on which the backends agreed."""
        self.steps[kind] += 1
        if isinstance(outcome, Refusal):
            self.refusals[f"{kind}: {outcome.error}"] += 1

    def lines(self) -> list[str]:
        """The counts for people."""
        steps = sum(self.steps.values())
        found = [f"{self.sequences} sequences, {steps} steps, {self.disagreements} disagreements"]
        for title, counts in (("steps", self.steps), ("refused", self.refusals), ("known", self.known)):
            found += [f"  {title}: {number:6d} {name}" for name, number in sorted(counts.items())]
        return found
