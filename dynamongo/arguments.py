"""Arguments: the checks of verbs and settings that Python does not make by itself.

A misspelled name that is ignored, or a string that counts as true, would make a call do something else than it says.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable
from typing import Final

from dynamongo.exceptions import ConfigurationError, ExpressionError
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import MAX_ITEM_BYTES, shorten

_COMBINE = "; combine a second condition with the first by &, as in (User.name == 'a') & (User.age > 1)"

_MAX_SECONDS: Final = 10**9
"""The longest time that can be set, some thirty years: a socket cannot wait ten times as long."""


def check_names(verb: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise `TypeError` for a keyword argument that the verb does not have, and suggest the nearest that it has."""
    for name in given:
        if name not in known:
            import difflib  # noqa: PLC0415 - only an error needs it

            guesses = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            hint = f"did you mean {guesses[0]!r}?" if guesses else f"it takes {', '.join(known)}"
            raise TypeError(f"{verb}() got an unexpected keyword argument {name!r}; {hint}")


def check_flag(verb: str, name: str, flag: object) -> bool:
    """Return the flag if it is `True` or `False`; raise `ExpressionError` for anything else, truthy or not."""
    if flag is True or flag is False:
        return flag
    raise ExpressionError(f"{verb}: {name} must be True or False; got {shorten(flag)}{_hint_at_condition(flag)}")


def check_count(verb: str, name: str, count: object, *, least: int) -> int | None:
    """Return the count if it is an int of at least `least`, or `None`; raise `ExpressionError` for anything else."""
    if count is None:
        return None
    if type(count) is int and count >= least:  # not a bool, which is an int too
        return count
    raise ExpressionError(f"{verb}: {name} must be an int >= {least}; got {shorten(count)}{_hint_at_condition(count)}")


def check_capacity_units(verb: str, name: str, units: object) -> float | None:
    """Return the capacity units if they are an int or a float > 0, or `None`; raise `ExpressionError` for others."""
    if units is None or ((type(units) is int or type(units) is float) and units > 0):
        return units
    raise ExpressionError(f"{verb}: {name} must be an int or a float > 0; got {shorten(units)}")


def check_seconds(setting: str, seconds: object, *, may_be_zero: bool = False) -> None:
    """Raise `ConfigurationError` for anything but a number of seconds > 0, or >= 0, that a socket can wait."""
    is_long_enough = operator.ge if may_be_zero else operator.gt
    # The exact types: a bool is an int, and a subclass may compare as it likes.
    if (type(seconds) is int or type(seconds) is float) and is_long_enough(seconds, 0) and seconds <= _MAX_SECONDS:
        return
    least = ">= 0" if may_be_zero else "> 0"
    raise ConfigurationError(
        f"{setting} must be a number of seconds {least} and <= {_MAX_SECONDS}; got {shorten(seconds)}"
    )


def check_timeouts(timeout: object, connect_timeout: object) -> None:
    """Raise as `check_seconds` for timeouts of requests; `None` leaves one to boto3."""
    for name, seconds in (("timeout", timeout), ("connect_timeout", connect_timeout)):
        if seconds is not None:
            check_seconds(name, seconds)


def check_max_connections(count: object) -> None:
    """Raise `ConfigurationError` for a bound of connections; `None` leaves it to the backend."""
    if count is not None and not (type(count) is int and count >= 1):
        raise ConfigurationError(f"max_connections must be an int >= 1; got {shorten(count)}")


def check_item_size(size: object) -> None:
    """Raise `ConfigurationError` for anything but a number of bytes from which items are reported, or `None`."""
    if size is not None and not (type(size) is int and 1 <= size <= MAX_ITEM_BYTES):
        raise ConfigurationError(
            f"item_size_warning must be a number of bytes from 1 to {MAX_ITEM_BYTES}, or None for no warning;"
            f" got {shorten(size)}"
        )


def refuse_condition(verb: str, name: str, value: object) -> None:
    """Raise `ExpressionError` for a condition in a place that takes any other value."""
    if isinstance(value, Condition):
        raise ExpressionError(f"{verb}: {name} must not be a condition; got `{value}`{_COMBINE}")


def _hint_at_condition(value: object) -> str:
    return _COMBINE if isinstance(value, Condition) else ""


def has_to_be_awaited(callback: object) -> bool:
    """Return whether a call of the callback returns a coroutine."""
    from inspect import iscoroutinefunction  # noqa: PLC0415 - it takes long to import, and few calls have callbacks

    return iscoroutinefunction(callback) or iscoroutinefunction(type(callback).__call__)


def refuse_coroutine_function(name: str, role: str, callback: object) -> None:
    """Raise `ExpressionError` for a callback that would have to be awaited."""
    if has_to_be_awaited(callback):
        raise ExpressionError(
            f"{name}: {role} must return at once, in awaited verbs as well; got {shorten(callback)}, which would have"
            " to be awaited: do that before the call, or after it"
        )
