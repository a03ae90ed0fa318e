"""Random paths and condition trees: mismatched types, missing paths, and comparisons of path with path."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from agreement.schemas import ATTRIBUTES, UNKNOWN
from agreement.values import BINARIES, MEMBER_NAMES, NUMBERS, STRINGS, rarely, values
from agreement.world import TableState
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Or,
    Path,
    Size,
    is_value,
)
from dynamongo.expressions.updates import check_paths
from dynamongo.expressions.values import ATTRIBUTE_TYPES, type_of

_names = st.sampled_from([*ATTRIBUTES, *ATTRIBUTES, "pk", "sk", "nothing"])
_steps = st.lists(st.sampled_from([*MEMBER_NAMES, 0, 1, 2, 5]), max_size=2)
_comparators = st.sampled_from(get_args(Comparator))
random_paths = st.builds(lambda name, rest: Path(name, *rest), _names, _steps)
_NEIGHBOURS: dict[str, list[Any]] = {"S": STRINGS, "N": [*NUMBERS, 3, 4, 7], "B": BINARIES}
_KINDS = ["comparison", "comparison", "between", "in", "begins", "contains", "type", "exists", "absent"]


@st.composite
def paths(draw: st.DrawFn, table: TableState) -> Path:
    """A path that mostly leads somewhere in one of the table's items."""
    if draw(st.integers(0, 3)) and table.places:
        return draw(st.sampled_from(table.places))[0]
    return draw(random_paths)


@st.composite
def conditions(draw: st.DrawFn, table: TableState, depth: int = 3) -> AnyCondition:
    """A condition tree of up to `depth` levels."""
    kind = draw(st.integers(0, 5)) if depth > 1 else 0
    if kind <= 2:
        return draw(leaves(table))
    inner = conditions(table, depth - 1)
    if kind == 3:
        return Not(draw(inner))
    parts = draw(st.lists(inner, min_size=1, max_size=3))
    return And(*parts) if kind == 4 else Or(*parts)


@st.composite
def leaves(draw: st.DrawFn, table: TableState) -> AnyCondition:
    """A condition without parts, or `Exists` where DynamoDB would refuse it and so the library does not build it."""
    path, value = draw(_subjects(table))
    operand = draw(_operands(table, value))
    try:
        return _build(draw, table, path, operand)
    except ExpressionError:
        return Exists(path)


@st.composite
def _subjects(draw: st.DrawFn, table: TableState) -> tuple[Path, Any]:
    """A path, and a value that may well be there."""
    if draw(st.integers(0, 3)) and table.places:
        return draw(st.sampled_from(table.places))
    return draw(random_paths), draw(values)


@st.composite
def _operands(draw: st.DrawFn, table: TableState, value: Any) -> Any:
    kind = draw(st.integers(0, 7))
    if kind <= 2:
        return value
    if kind <= 4:
        return draw(st.sampled_from(_neighbours_of(value)))
    if kind == 5:
        return draw(values)
    path = draw(paths(table))
    return path if kind == 6 else Size(path)


def _neighbours_of(operand: Any) -> list[Any]:
    """Scalars of the operand's type, if it is one."""
    return _NEIGHBOURS.get(type_of(operand), [operand]) if is_value(operand) else [operand]


def _build(draw: st.DrawFn, table: TableState, path: Path, operand: Any) -> AnyCondition:
    subject = draw(st.sampled_from([path, path, path, path, Size(path), operand]))
    if isinstance(subject, Size):
        operand = draw(st.sampled_from([1, 2, 3, 0, 4, operand]))
    match draw(st.sampled_from(_KINDS)):
        case "comparison":
            return Comparison(subject, draw(_comparators), operand)
        case "between":
            return Between(subject, operand, draw(_operands(table, operand)))
        case "in":
            return In(subject, tuple(draw(st.lists(_operands(table, operand), max_size=3))))
        case "begins":
            return BeginsWith(*_whole_and_part(draw, path, operand))
        case "contains":
            return Contains(*_whole_and_part(draw, path, operand))
        case "type":
            return IsType(path, draw(st.sampled_from(ATTRIBUTE_TYPES)))
        case "exists":
            return Exists(path)
        case _:
            return NotExists(path)


def _whole_and_part(draw: st.DrawFn, path: Path, operand: Any) -> tuple[Any, Any]:
    """What a function tests, and for what: mostly a path and a value, and at times a value and a path."""
    if draw(st.integers(0, 3)):
        return path, draw(st.sampled_from([operand, *_parts_of(operand)]))
    wholes: list[Any] = [operand, [operand]]
    if isinstance(operand, (str, bytes)):
        wholes.append(2 * operand)
    return draw(st.sampled_from(wholes)), path


def _parts_of(operand: Any) -> list[Any]:
    """What the operand begins with or contains, if it is a value that can."""
    if isinstance(operand, (str, bytes)):
        return [operand[:1], operand[1:]]
    if isinstance(operand, frozenset):
        return sorted(operand)
    return operand if isinstance(operand, list) else []


def maybe_condition(table: TableState, odds: int = 2) -> st.SearchStrategy[AnyCondition | None]:
    """No condition, or in one of `odds` cases one."""
    return rarely(conditions(table), st.none(), odds)


@st.composite
def projections(draw: st.DrawFn, table: TableState, odds: int = 3) -> tuple[Path, ...]:
    """Mostly none; else some paths, of which two seldom overlap.

    They never do for a table that is not there, since the emulator looks for the table before it reads expressions.
    """
    if draw(st.integers(1, odds)) < odds:
        return ()
    chosen = tuple(draw(st.lists(paths(table), min_size=1, max_size=3)))
    may_overlap = table.schema.name != UNKNOWN and draw(st.integers(0, 9)) == 9
    return chosen if may_overlap else without_overlaps(chosen)


def without_overlaps(chosen: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths but for those that overlap or conflict with one before."""
    kept: tuple[Path, ...] = ()
    for path in chosen:
        try:
            check_paths((*kept, path))
        except ExpressionError:
            continue
        kept = (*kept, path)
    return kept
