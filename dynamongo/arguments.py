"""Arguments: the checks that Python does not make of what a verb or a setting is given.

A name that is passed over in silence, or a text that counts as true, would answer another question than was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from dynamongo.exceptions import ConfigurationError, ExpressionError
from dynamongo.expressions.conditions import BaseCondition
from dynamongo.expressions.values import shorten

_BOTH = "; a second condition is combined with the first by &, as in (User.name == 'a') & (User.age > 1)"


_MAX_SECONDS: Final = 10**9
"""Beyond some ten times that, a socket cannot wait."""


def check_names(verb: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise `TypeError` for a keyword argument that the verb does not have, with the nearest name that it has."""
    for name in given:
        if name not in known:
            import difflib  # noqa: PLC0415 - only an error needs it

            guesses = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            hint = f"did you mean {guesses[0]!r}?" if guesses else f"it takes {', '.join(known)}"
            raise TypeError(f"{verb}() got an unexpected keyword argument {name!r}; {hint}")


def check_flag(verb: str, name: str, flag: Any) -> bool:
    """The flag, which is `True` or `False`; raises `ExpressionError` for anything else, however true."""
    if flag is True or flag is False:
        return flag
    raise ExpressionError(f"{verb}: {name} must be True or False; got {shorten(flag)}{_hint_at_condition(flag)}")


def check_count(verb: str, name: str, count: Any, *, least: int) -> int | None:
    """The count, an int, or `None`; raises `ExpressionError` for anything else."""
    if count is None or (type(count) is int and count >= least):
        return count
    raise ExpressionError(
        f"{verb}: {name} must be an int of {least} or more; got {shorten(count)}{_hint_at_condition(count)}"
    )


def check_units(verb: str, name: str, units: Any) -> float | None:
    """The capacity units, an int or a float above 0, or `None`; raises `ExpressionError` for anything else."""
    if units is None or (type(units) in (int, float) and units > 0):
        return units  # type: ignore[no-any-return]  # checked on the line above
    raise ExpressionError(f"{verb}: {name} must be an int or a float above 0; got {shorten(units)}")


def check_seconds(setting: str, seconds: Any, *, may_be_zero: bool = False) -> None:
    """Raise `ConfigurationError` for what is not a number of seconds above 0, or from 0 on, that a socket can wait."""
    if type(seconds) in (int, float) and (0 < seconds <= _MAX_SECONDS or (may_be_zero and seconds == 0)):
        return
    least = "of 0 or more" if may_be_zero else "above 0"
    raise ConfigurationError(
        f"{setting} must be a number of seconds {least}, and {_MAX_SECONDS} at most; got {shorten(seconds)}"
    )


def refuse_condition(verb: str, name: str, value: Any) -> None:
    """Raise `ExpressionError` for a condition in a place that takes any other value."""
    if isinstance(value, BaseCondition):
        raise ExpressionError(f"{verb}: {name} cannot be a condition; got `{value}`{_BOTH}")


def _hint_at_condition(value: Any) -> str:
    return _BOTH if isinstance(value, BaseCondition) else ""
