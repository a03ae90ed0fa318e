"""A soak: `python -m tests.attacks --minutes 10`. It prints figures, and fails if anything did not hold."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # as pytest does

from attacks.cancelling import soak_in_tasks
from attacks.forking import run_rounds
from attacks.soak import soak


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the faults last")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of tasks that are cancelled, on each loop")
    parser.add_argument("--forks", type=int, default=15, help="rounds of forks, for each transport")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as directory:
        totals = soak(given.minutes, Path(directory), given.seed)
        print("\n".join(totals.lines()))
        in_tasks = soak_in_tasks(given.rounds, Path(directory), given.seed)
        print("in tasks:", *in_tasks.lines(), sep="\n")
        wrong = run_rounds(given.forks, Path(directory))
    return int(bool(totals.violations or in_tasks.violations or wrong))


if __name__ == "__main__":
    sys.exit(main())
