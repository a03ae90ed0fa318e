"""Which mistakes mypy and pyright refuse, and whether they refuse what is right.

python tests/mistakes/table.py              # the table, and every difference from the marks
python tests/mistakes/table.py --messages   # what each checker says of each mistake
python tests/mistakes/table.py --write      # the table, into docs/typing.md as well
python tests/mistakes/table.py --library DIRECTORY  # of the package there, as in another tree
"""

# ruff: noqa: T201 - the script prints

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # as pytest does

from checkers import ROOT, TARGETS, run_all

from mistakes.marks import CATALOGUE, CHECKERS, Group, read_groups, read_refused

Run: TypeAlias = "tuple[str, str]"
"""A checker, and the version of Python for which it checks."""

Place: TypeAlias = "tuple[str, int]"
"""The name of a file of the catalogue, and a line."""

Messages: TypeAlias = "dict[Place, dict[Run, str]]"

RUNS: Final[list[Run]] = [(checker, target) for checker in CHECKERS for target in TARGETS]
DOCUMENT: Final = ROOT / "docs" / "typing.md"
# That nothing is done with a name or a value is as it should be in a catalogue.
_PYRIGHT: Final[dict[str, Any]] = {
    f"reportUnused{each}": "none" for each in ("Class", "Expression", "Function", "Variable")
}


def check_catalogue(library: Path = ROOT) -> Messages:
    """Return what each checker says of each line that it refuses."""
    found: Messages = {}
    with tempfile.TemporaryDirectory() as directory:
        package = Path(directory).resolve() / CATALOGUE.parent.name
        shutil.copytree(CATALOGUE, package / CATALOGUE.name, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "__init__.py").touch()
        for refusal in run_all(package.parent, ("--strict",), _PYRIGHT, library):
            if not (package.parent / refusal.file).is_relative_to(package):
                continue  # of the library, where that is not this tree
            place = found.setdefault((Path(refusal.file).name, refusal.line), {})
            place.setdefault((refusal.checker, refusal.target), f"{refusal.message} [{refusal.rule}]")
    return found


def find_differences(messages: Messages, groups: list[Group]) -> Iterator[str]:
    """Yield each line on which a checker and the marks disagree."""
    marks = {(group.path.name, line): mark for group in groups for line, mark in group.marks.items()}
    followed = {(group.path.name, line) for group in groups for line in group.followed}
    known = read_refused()
    for place in sorted((messages.keys() | marks.keys() | known.keys()) - followed):
        mark, refused = marks.get(place), messages.get(place, {})
        refusing = known.get(place, ()) if mark is None else {*CHECKERS} - mark.accepted_by
        expected = [run for run in RUNS if run[0] in refusing]
        if more := [run for run in RUNS if run in refused and run not in expected]:
            what = "what is right" if mark is None else "what is marked as accepted"
            yield f"{_quote(place)}\n    {_names(more)}: {what} is refused: {refused[more[0]]}"
        if less := [run for run in expected if run not in refused]:
            yield f"{_quote(place)}\n    {_names(less)}: accepted"


def make_table(messages: Messages, groups: list[Group]) -> Iterator[tuple[str, ...]]:
    """Yield the rows: how many lines each group has, and how many mistakes are refused in each run."""
    yield ("group", "right", "mistakes", *[f"{checker} {target}" for checker, target in RUNS])
    totals = [0] * (2 + len(RUNS))
    for group in groups:
        refused = [sum(run in messages.get((group.path.name, line), {}) for line in group.marks) for run in RUNS]
        row = [group.right_count, len(group.marks), *refused]
        totals = [total + each for total, each in zip(totals, row, strict=True)]
        yield (group.name, *map(str, row))
    yield ("all", *map(str, totals))
    yield ("", "", "", *[f"{100 * each / totals[1]:.1f} %" for each in totals[2:]])


def format_table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return the table as Markdown."""
    head, *others = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, re.sub(r"[^|]+", " --- ", head), *others])


def read_documented() -> tuple[str, str, str]:
    """Return what comes before the table in docs/typing.md, the table, and what comes after it."""
    before, comment, rest = DOCUMENT.read_text(encoding="utf-8").partition("<!-- mistakes -->\n")
    table, end, after = rest.partition("\n<!-- end -->")
    return before + comment, table, end + after


def list_messages(messages: Messages, groups: list[Group]) -> Iterator[str]:
    """Yield each mistake, and what the checkers say of it."""
    for place in [(group.path.name, line) for group in groups for line in group.marks]:
        said = messages.get(place, {})
        yield f"\n{_quote(place)}"
        yield from [f"    {checker}: {said.get((checker, TARGETS[0]), '-')}" for checker in CHECKERS]


def _quote(place: Place) -> str:
    name, line = place
    return f"{name}:{line}: {(CATALOGUE / name).read_text().splitlines()[line - 1].strip()}"


def _names(runs: list[Run]) -> str:
    return ", ".join(f"{checker} {target}" for checker, target in runs)


def main() -> int:
    """Print the table, and return whether all is as it is marked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=ROOT, help="the directory of the package, by default this tree")
    parser.add_argument("--messages", action="store_true", help="print the messages of both checkers")
    parser.add_argument("--write", action="store_true", help="write the table into docs/typing.md")
    given = parser.parse_args()
    groups = list(read_groups())
    messages = check_catalogue(given.library.resolve())
    if given.messages:
        print("\n".join(list_messages(messages, groups)))
    differences = list(find_differences(messages, groups))
    print("\n".join(differences))
    table = format_table(make_table(messages, groups))
    print(table)
    if given.write:
        before, _, after = read_documented()
        DOCUMENT.write_text(before + table + after, encoding="utf-8")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
