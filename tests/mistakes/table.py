"""Which mistakes mypy and pyright refuse, and whether they refuse what is right.

    python tests/mistakes/table.py              # the table, and every difference from the marks
    python tests/mistakes/table.py --messages   # what each checker says of each mistake
    python tests/mistakes/table.py --library ../other-tree
"""

# ruff: noqa: T201 - the script prints

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # as pytest does

from mistakes.checkers import ROOT, TARGETS, Reports, report
from mistakes.marks import CHECKERS, Checker, Group, PATHS, read_groups

Run: TypeAlias = "tuple[Checker, str]"

RUNS: list[Run] = [(checker, target) for checker in CHECKERS for target in TARGETS]


def report_all(library: Path = ROOT) -> dict[Run, Reports]:
    """Return what each checker reports for each version of Python."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RUNS, pool.map(lambda run: report(*run, PATHS, library), RUNS), strict=True))


def find_differences(reports: dict[Run, Reports], groups: list[Group]) -> Iterator[str]:
    """Yield each line on which a checker and the marks disagree."""
    marks = {(group.path, line): mark for group in groups for line, mark in group.marks.items()}
    followed = {(group.path, line) for group in groups for line in group.followed}
    reported = {(path, line) for found in reports.values() for path, lines in found.items() for line in lines}
    for path, line in sorted((reported | {*marks}) - followed):
        mark, found = marks.get((path, line)), {run: reports[run].get(path, {}).get(line) for run in RUNS}
        refusing = [run for run in RUNS if found[run]]
        expected = [run for run in RUNS if mark is not None and run[0] not in mark.accepted_by]
        place = f"{path.relative_to(ROOT)}:{line}: {path.read_text().splitlines()[line - 1].strip()}"
        if more := [run for run in refusing if run not in expected]:
            what = "what is right" if mark is None else "what is marked as accepted"
            yield f"{place}\n    {_names(more)} refuse {what}: {(found[more[0]] or [''])[0]}"
        if less := [run for run in expected if run not in refusing]:
            yield f"{place}\n    accepted by {_names(less)}"


def count(reports: dict[Run, Reports], groups: list[Group]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: how many mistakes each group has, and how many are refused in each run."""
    heads = [f"{checker} {target}" for checker, target in RUNS]
    yield ("group", "right", "mistakes", *heads)
    totals = [0] * (2 + len(RUNS))
    for group in groups:
        refused = [len({*group.marks} & {*reports[run].get(group.path, {})}) for run in RUNS]
        row = [len(group.right), len(group.marks), *refused]
        totals = [total + each for total, each in zip(totals, row, strict=True)]
        yield (group.name, *map(str, row))
    yield ("all", *map(str, totals))
    yield ("", "", "", *[f"{100 * each / totals[1]:.0f} %" for each in totals[2:]])


def _names(runs: list[Run]) -> str:
    return ", ".join(f"{checker} {target}" for checker, target in runs)


def _print_messages(reports: dict[Run, Reports], groups: list[Group]) -> None:
    for group in groups:
        lines = group.path.read_text().splitlines()
        for line in group.marks:
            print(f"\n{group.path.name}:{line}: {lines[line - 1].strip()}")
            for checker in CHECKERS:
                for message in reports[checker, TARGETS[0]].get(group.path, {}).get(line, ["-"]):
                    print(f"    {checker}: {message}")


def main() -> int:
    """Print the table, and return whether all is as it is marked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=ROOT, help="the directory of the package, by default this tree")
    parser.add_argument("--messages", action="store_true", help="print the messages of both checkers")
    given = parser.parse_args()
    groups = list(read_groups())
    reports = report_all(given.library.resolve())
    if given.messages:
        _print_messages(reports, groups)
    differences = list(find_differences(reports, groups))
    print("\n".join(differences))
    for row in count(reports, groups):
        print("| " + " | ".join(row) + " |")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
