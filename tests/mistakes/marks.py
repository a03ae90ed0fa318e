"""What the comments of the catalogue say: which lines are mistakes, and which checkers accept them all the same.

A comment at the end of a line marks it, and the statement around it:

    User.find(User.year < "1990")  # mistake
    user.nmae = "Jane"  # silent mistake
    User.find(User.year == True)  # mistake that both accept: a bool is an int
    User.find(User.score < "1")  # mistake that mypy accepts: for this reason

A silent mistake raises nothing, or not always: it can never be what was meant. What has no comment is right, and no
checker refuses it, but for the few lines on which one is known to be wrong:

    greet(user)  # right, but pyright refuses it: for this reason
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

Checker: TypeAlias = Literal["mypy", "pyright"]

CHECKERS: Final[tuple[Checker, ...]] = ("mypy", "pyright")

CATALOGUE: Final = Path(__file__).resolve().parent / "catalogue"
"""The folder of the catalogue."""

_MARK = re.compile(r"# (silent )?mistake(?: that (mypy|pyright|both) accepts?: .+)?(?= *(#|$))")
_RIGHT = re.compile(r"# right, but (mypy|pyright|both) refuses? it: .+")


@dataclass(frozen=True)
class Mark:
    """The comment of a mistake: whether it is silent, and which checkers accept it."""

    is_silent: bool
    accepted_by: frozenset[Checker]


@dataclass(frozen=True)
class Group:
    """A function of the catalogue, in which every statement is either a mistake or right.

    Attributes:
        path: The file.
        function: The function.
        marks: The mistakes, by their lines.
    """

    path: Path
    function: ast.FunctionDef | ast.AsyncFunctionDef
    marks: dict[int, Mark]

    @property
    def name(self) -> str:
        """What the table calls it: the first line of its docstring."""
        return (ast.get_docstring(self.function) or self.function.name).splitlines()[0].rstrip(".")

    @property
    def mistakes(self) -> list[tuple[int, ast.stmt]]:
        """The lines with marks, and the statements around them."""
        return [(line, statement) for statement in self.function.body for line in _lines_of(statement) & {*self.marks}]

    @property
    def followed(self) -> set[int]:
        """The lines of statements with marks: what is reported of the others there follows from the mistake."""
        return {line for _, statement in self.mistakes for line in _lines_of(statement)} - {*self.marks}

    @property
    def right(self) -> list[ast.stmt]:
        """The other statements."""
        return [statement for statement in self.function.body if not _lines_of(statement) & {*self.marks}]

    @property
    def right_count(self) -> int:
        """How many statements are right, those in blocks counted one by one."""
        inner = [each for statement in self.right for each in ast.walk(statement) if isinstance(each, ast.stmt)]
        return sum(not hasattr(each, "body") for each in inner)


def read_groups() -> Iterator[Group]:
    """Yield the groups of the catalogue: the functions in which there are mistakes."""
    for path in sorted(CATALOGUE.glob("*.py")):
        text = path.read_text()
        marks = dict(_find_marks(text))
        for statement in ast.parse(text).body:
            inside = {line: mark for line, mark in marks.items() if line in _lines_of(statement)}
            if inside and isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield Group(path, statement, inside)
            elif inside:
                raise ValueError(f"{path}:{min(inside)}: a mistake stands in a function")


def read_refused() -> dict[tuple[str, int], frozenset[Checker]]:
    """Return the lines that are right, and which checkers are known to refuse them."""
    lines = [
        (path.name, *each) for path in CATALOGUE.glob("*.py") for each in enumerate(path.read_text().splitlines(), 1)
    ]
    found = {(name, number): _RIGHT.search(line) for name, number, line in lines}
    return {place: _checkers_of(match[1]) for place, match in found.items() if match is not None}


def _find_marks(text: str) -> Iterator[tuple[int, Mark]]:
    for number, line in enumerate(text.splitlines(), 1):
        if "mistake" not in line:
            continue
        found = _MARK.search(line)
        if found is not None:
            yield number, Mark(found[1] is not None, _checkers_of(found[2]))


def _checkers_of(name: str | None) -> frozenset[Checker]:
    return frozenset(each for each in CHECKERS if name in (each, "both"))


def _lines_of(statement: ast.stmt) -> set[int]:
    first = min([statement.lineno, *[each.lineno for each in getattr(statement, "decorator_list", [])]])
    return set(range(first, (statement.end_lineno or statement.lineno) + 1))
