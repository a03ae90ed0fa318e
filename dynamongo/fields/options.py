"""The keyword arguments that every field takes, for the signatures of their constructors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypedDict


class CheckOptions(TypedDict, total=False):
    """The keyword arguments of every field besides `required` and `default`.

    Attributes:
        validator: A function that refuses a value by returning `False` or raising `ValueError`.
        choices: The only values allowed.
        stored_as: The name of the attribute, or of the member of a map, in which the value is stored; by default, that
            of the field. It may be any name that DynamoDB allows.
        default_on_read: What is read of an item without the attribute, or with NULL there: a value, which is copied, or
            a callable. It needs `required=True`. The next save of the whole item stores it.
        required_on_read: Whether an item without the attribute cannot be read; it needs `required=True` as well.
    """

    validator: Callable[[Any], object] | None
    choices: Iterable[Any] | None
    stored_as: str | None
    default_on_read: Any
    required_on_read: bool


class FieldOptions(CheckOptions, total=False):
    """The keyword arguments of every field besides `required`.

    Attributes:
        default: The value of a new instance without one, or a callable that returns it, which is called for each
            instance. The value is copied, never shared between instances.
        stored: `False` for a field in the template of a key of the table that has no attribute of its own: the key
            tells its value.
    """

    default: Any
    stored: bool
