"""The keyword arguments that every field takes, for the signatures of their constructors; type checkers alone need it.

`FieldOptions[int, int | Decimal]` are those of a field that holds an `int`, and takes an `int` or a `Decimal` for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from typing_extensions import TypedDict

from dynamongo._support.several import Several

Value = TypeVar("Value")
Input = TypeVar("Input")

Default: TypeAlias = Input | Callable[[], Input | None] | None
"""A value, or a function that returns one."""


class CheckOptions(TypedDict, Generic[Value, Input], total=False):
    """The keyword arguments of every field besides `required` and `default`.

    Attributes:
        validator: A function that refuses a value by returning `False` or raising `ValueError`.
        choices: The only values allowed.
        stored_as: The name of the attribute, or of the member of a map, in which the value is stored; by default, that
            of the field. It may be any name that DynamoDB allows.
        default_on_read: What is read of an item without the attribute, or with NULL there: a value, which is copied, or
            a callable. It needs `required=True`. The next save of the whole item stores it.
        required_on_read: Whether an item without the attribute cannot be read; it needs `required=True` as well.
        immutable: Whether a value cannot change once it is stored. Of a field of a model, as the two below.
        computed: A function that computes the value from other fields: it gets an object with their values as
            attributes. The value is stored, and cannot be set by itself.
        computed_from: The names of these fields.
    """

    validator: Callable[[Value], object] | None
    choices: Several[Input] | None
    stored_as: str | None
    default_on_read: Default[Input]
    required_on_read: bool
    immutable: bool
    computed: Callable[[Any], Input | None] | None
    computed_from: Several[str]


class FieldOptions(CheckOptions[Value, Input], total=False):
    """The keyword arguments of every field besides `required`.

    Attributes:
        default: The value of a new instance without one, or a callable that returns it, which is called for each
            instance. The value is copied, never shared between instances.
        stored: `False` for a field in the template of a key of the table that has no attribute of its own: the key
            tells its value.
    """

    default: Default[Input]
    stored: bool


class TimeOptions(FieldOptions[Value, Input], total=False):
    """The keyword arguments of every field that holds a point in time, besides `required`.

    Attributes:
        auto: When the time of a write is set as the value: `"create"` when the item is created, unless a value is
            given; `"write"` whenever it is written, and then nothing else may set it. Of a field of a model.
        auto_after: What is added to that time, such as the `timedelta` after which an item expires.
    """

    auto: Literal["create", "write"] | None
    auto_after: dt.timedelta | None
