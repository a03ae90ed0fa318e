"""The keyword arguments that every field takes, for the signatures of their constructors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypedDict


class CheckOptions(TypedDict, total=False):
    """The keyword arguments of every field that restrict its values, those given and those read.

    Attributes:
        validator: A function that refuses a value by returning `False` or raising `ValueError`.
        choices: The only values allowed.
    """

    validator: Callable[[Any], object] | None
    choices: Iterable[Any] | None


class FieldOptions(CheckOptions, total=False):
    """The keyword arguments of every field besides `required`.

    Attributes:
        default: The value of a new instance without one, or a callable that returns it, which is called for each
            instance. The value is copied, never shared between instances.
    """

    default: Any
