"""`AutoTime`: the part of fields that hold points in time which takes the time of a write."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args

from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.item_options import Occasion
from dynamongo.fields.type_parameters import Input_contra, Stored_co, T


class AutoTime(FormattedField[T, Input_contra, Stored_co]):
    """Base of fields that hold points in time.

    Args:
        auto: When the time of a write is set as the value; `None` for never.
        auto_after: What is added to that time.
        options: The arguments of every field.
    """

    def __init__(self: Any, *, auto: Any = None, auto_after: Any = None, **options: Any) -> None:
        super().__init__(**options)
        if auto is not None and auto not in get_args(Occasion):
            raise SchemaError(f'{self.label}: auto must be "create" or "write"; got {shorten(auto)}')
        if auto_after is not None and (auto is None or not isinstance(auto_after, dt.timedelta)):
            raise SchemaError(
                f"{self.label}: auto_after must be a timedelta, which is added to the time that auto sets; got"
                f" {shorten(auto_after)}{' without auto' if auto is None else ''}"
            )
        self.generated_on = auto
        self.is_about_items |= auto is not None
        self.auto_after = auto_after

    def make_value(self, now: dt.datetime) -> Any:
        """Return the value that a write sets which happens now, in UTC; raises as `value_at`."""
        return self.value_at(now if self.auto_after is None else now + self.auto_after)

    def value_at(self, instant: dt.datetime) -> Any:
        """Return the value for an instant, which is in UTC, as exact as the field stores it.

        Raises:
            ValidationError: The field does not take it.
        """
        return self.validate(instant)
