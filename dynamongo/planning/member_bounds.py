"""Bounds of members: what conditions on one that is not the whole key say of the key.

With the template `ORDER#{number:08}#{line}`, where keys are in the order of the numbers::

    number > 5      BETWEEN 'ORDER#00000006#' AND 'ORDER#99999999$'
    number <= 5     BETWEEN 'ORDER#00000000#' AND 'ORDER#00000005$'

A query takes one condition on the key. BETWEEN includes its bounds, so each is a text that is no key: `$` is the
character after `#`. Where keys are not quite in the order of the values, the condition stays as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor
from typing import Any, Final, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    In,
    NotExists,
    Path,
)
from dynamongo.expressions.operands import operands_of
from dynamongo.expressions.values import AttributeValue, type_of
from dynamongo.mapping.keys.composed import KeyMember
from dynamongo.planning.ranges import strictest_bounds

_LAST_CHARACTER: Final = "\U0010ffff"


def suit(values: Iterable[AttributeValue], member: KeyMember) -> bool:
    """Return whether the values have the type in which the member is stored."""
    return all(type_of(value) == member.field.stored_type for value in values)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """What conditions on a member say of its key.

    Attributes:
        condition: The condition on the key; `None` for nothing.
        said: The conditions that it says exactly.
        is_impossible: Whether no value satisfies them.
    """

    condition: AnyCondition | None = None
    said: tuple[AnyCondition, ...] = ()
    is_impossible: bool = False


_NOTHING: Final = KeyRange()


def bound_key(path: Path, prefix: str, member: KeyMember, conditions: Sequence[AnyCondition]) -> KeyRange:
    """Return what conditions on the member after a prefix say of the key."""
    if not conditions:
        return _NOTHING
    suitable = [part for part in conditions if _has_type(part, member)]
    begun = next((part for part in suitable if isinstance(part, BeginsWith)), None)
    if begun is not None:
        return _continue_prefix(path, prefix, member, begun)
    # The values of IN are whole, unlike other bounds of datetimes.
    bounds = [part for part in suitable if not isinstance(part, In)] if member.order == "cut" else suitable
    if not bounds or member.order is None:
        return _NOTHING
    if member.order == "digits":
        return _bound_digits(path, prefix, member, bounds)
    return _bound_text(path, prefix, member, bounds)


def _has_type(part: AnyCondition, member: KeyMember) -> bool:
    """Return whether the values of the condition have the type in which the member is stored."""
    if isinstance(part, Comparison):
        return type_of(cast("AttributeValue", part.right)) == member.field.stored_type
    # That it does not exist has no values.
    return not isinstance(part, NotExists) and suit(cast("Any", list(operands_of(part))[1:]), member)


def _continue_prefix(path: Path, prefix: str, member: KeyMember, part: BeginsWith) -> KeyRange:
    begun = cast("str", part.prefix)
    if member.end and member.end[0] in begun:  # no value has it, but that what is before it may be one
        return _NOTHING
    return KeyRange(BeginsWith(path, prefix + begun), (part,)) if prefix + begun else KeyRange(None, (part,))


def _bound_digits(path: Path, prefix: str, member: KeyMember, bounds: Sequence[Any]) -> KeyRange:
    width, end = cast("int", member.width), member.end
    least, most = 0, 10**width - 1
    for part in bounds:
        low, high = _whole_bounds(part)
        least, most = least if low is None else max(least, low), most if high is None else min(most, high)
    said = _said_by(bounds)
    if least > most:
        return KeyRange(None, said, is_impossible=True)
    first, last = f"{prefix}{least:0{width}}", f"{prefix}{most:0{width}}"
    if least == most and member.is_end:
        return KeyRange(Comparison(path, EQ, first), said)
    # Keys that end where the member does are those of others, unless this one does.
    return KeyRange(Between(path, first + end, last if member.is_end else _after(last + end)), said)


def _whole_bounds(part: Any) -> tuple[int | None, int | None]:
    """Return the least and the greatest whole number for which a condition holds, where it has such a bound."""
    if isinstance(part, Between):
        return ceil(cast("Any", part.low)), floor(cast("Any", part.high))
    if isinstance(part, In):
        return ceil(min(cast("Any", part.choices))), floor(max(cast("Any", part.choices)))
    value = part.right
    match part.operator:
        case ">":
            return floor(value) + 1, None
        case ">=":
            return ceil(value), None
        case "<":
            return None, ceil(value) - 1
        case _:  # "<=", since `=` is no bound
            return None, floor(value)


def _bound_text(path: Path, prefix: str, member: KeyMember, bounds: Sequence[AnyCondition]) -> KeyRange:
    low, high = strictest_bounds(bounds)
    exact = () if member.order == "loose" else _said_by(bounds)
    first, last = prefix, _after(prefix) if prefix else None
    if low is not None:
        first = prefix + _lower(member, low[0], is_open=low[1] == GT)
    if high is not None and _has_upper(member, high[0]):
        bound = _upper(member, high[0], is_open=high[1] == LT)
        if bound is None:  # a value that BETWEEN includes is left for the filter
            exact = tuple(part for part in exact if part is not high[2])
            bound = high[0]
        last = prefix + bound
    if last is None:
        return KeyRange(Comparison(path, GE, first), exact) if first else KeyRange()
    if not first:
        return KeyRange(Comparison(path, LE, last), exact)
    if first > last:
        return KeyRange(None, exact, is_impossible=low is not None and high is not None)
    return KeyRange(Between(path, first, last), exact)


def _lower(member: KeyMember, bound: str, *, is_open: bool) -> str:
    """Return the text of the least key above the prefix."""
    if member.order == "last":
        return bound + "\0" if is_open else bound
    if member.width is None or len(bound) < member.width:
        return bound
    is_open |= len(bound) > member.width
    fitting = bound[: member.width] + member.end
    return _after(fitting) if is_open else fitting


def _upper(member: KeyMember, bound: str, *, is_open: bool) -> str | None:
    """Return the text of the greatest key; `None` if there is none, since it must be less than the bound."""
    width = member.width
    if member.order == "last":
        if not is_open or (width is not None and len(bound) < width):
            return bound
        # Of a few characters, the one before the last one.
        is_fixed = width is not None and len(bound) == width
        return bound[:-1] + chr(ord(bound[-1]) - 1) if is_fixed and "\1" <= bound[-1] < "\ud800" else None
    if member.order == "loose":
        return _after(bound + member.end)
    if width is None or len(bound) < width:
        return bound
    if len(bound) > width:
        bound, is_open = bound[:width], False
    return bound if is_open else _after(bound + member.end)


def _has_upper(member: KeyMember, bound: str) -> bool:
    """Return whether the key of no lesser value sorts after that of the bound: `a#` would sort after `a b#`."""
    return member.order != "loose" or all(each > member.end[0] for each in bound)


def _after(text: str) -> str:
    """Return a text that is greater than all that begin with this one; it is not the beginning of any of a template."""
    start, last = text[:-1], text[-1]
    if last == _LAST_CHARACTER:
        return text + last
    return start + ("\ue000" if last == "\ud7ff" else chr(ord(last) + 1))  # after the surrogates, which are no text


def _said_by(bounds: Iterable[AnyCondition]) -> tuple[AnyCondition, ...]:
    """Return the bounds that a range says; of IN, it says only the least and the greatest value."""
    return tuple(part for part in bounds if not isinstance(part, In))
