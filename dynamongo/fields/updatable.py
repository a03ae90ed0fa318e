"""What updates may leave in a field: nothing that it could not have stored, since nobody could read it again.

A copy of another field, a sum that the store computes and a part of a value that is checked as a whole are made where
no field sees the result. So they are refused where they could go wrong, or written under a condition.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Comparison, Condition, Exists, NotExists, Or, Path
from dynamongo.expressions.numbers import Number, add_numbers, negate
from dynamongo.expressions.values import AttributeValue, equals
from dynamongo.fields.operators import Expressions

MAX_SECONDS = 253_402_300_799
"""The last second of the year 9999, since 1970. A time in milliseconds is greater, and so is every other mistake."""

_NOT_OF_THE_FORM = {
    *(
        "required",
        "validator",
        "choices",
        "is_key",
        "is_index_key",
        "is_element",
        "is_expiry",
        "is_checked",
        "applies_defaults",
    ),
    *("min_value", "max_value", "min_length", "max_length", "regex", "formats", "parser", "verify_exists"),
}
"""The attributes of fields that do not matter to the form in which they store values."""


class Updatable(Expressions):
    """The part of a field that says which updates suit it."""

    validator: Callable[[Any], object] | None
    choices: tuple[Any, ...] | None

    is_expiry: bool = False
    """Whether items expire by the field; the model sets it, with `expire_items`."""

    stores_whole: ClassVar[bool] = False
    """Whether the numbers that the field stores, if it stores numbers, are whole."""

    overridden: ClassVar[frozenset[str]] = frozenset()
    """Which of `encode`, `decode`, `convert` and `check` a class outside of the library overrides."""

    _whole: str = ""
    """The label of the nearest field around this one that has rules for its whole value, if there is any."""

    @abstractmethod
    def encode(self, value: Any) -> AttributeValue:
        """The attribute value for a Python value."""

    @abstractmethod
    def convert_choices(self) -> tuple[Any, ...]:
        """The choices as Python values; none where there is no such rule."""

    @abstractmethod
    def reject(self, value: Any, expected: str, *, cause: Exception | None = None) -> NoReturn:
        """Raise the `ValidationError` that says what the field takes and what came."""
        raise NotImplementedError

    @abstractmethod
    def bind_children(self) -> None:
        """Make the fields that this one is made of its own: copies that are named and bound after it."""

    def enclose(self, part: Updatable) -> None:
        """Tell a part of this field which field around it has rules for the whole value."""
        whole = self.label if self.has_rules else self._whole
        if part._whole != whole:
            part._whole = whole
            part.bind_children()

    @property
    def has_rules(self) -> bool:
        """Whether only a function of the user tells which values are allowed, or a list of them."""
        return bool(self.validator or self.choices is not None or "check" in self.overridden)

    def copy_from(self, other: Expressions) -> Path:
        if self.stored_type and other.stored_type and self.stored_type != other.stored_type:
            raise ExpressionError(
                f"{self.label} is stored as {self.stored_type}, and cannot be set to {other.label},"
                f" which is stored as {other.stored_type}"
            )
        if not self.can_copy(other):
            raise ExpressionError(
                f"{self.label} cannot be set to {other.label}, which may hold what {self.label} could not have stored:"
                " read that first, and set a value"
            )
        return other.path

    def can_copy(self, other: Any) -> bool:
        """Whether the field could have stored whatever the other field stores."""
        return self.stores_like(other) and self.allows_all_of(other)

    def stores_like(self, other: Updatable) -> bool:
        """Whether the stored forms of the other field are those of this one, whatever the rules."""
        return type(self) is type(other) and _form_of(self) == _form_of(other)

    def allows_all_of(self, other: Updatable) -> bool:
        """Whether all values of the other field keep the rules of this one."""
        if (
            self.validator not in (None, other.validator)
            or "check" in self.overridden - other.overridden
            or (self.is_expiry and not other.is_expiry)
        ):
            return False
        if not allows_range(self.stored_range, other.stored_range):
            return False
        if self.choices is None:
            return True
        mine = list(map(self.encode, self.convert_choices()))
        theirs = list(map(other.encode, other.convert_choices()))
        return bool(theirs) and all(any(equals(each, choice) for choice in mine) for each in theirs)

    def check_update(self, verb: str, *, is_sum: bool) -> None:
        ruled = self.label if is_sum and self.has_rules else self._whole
        if ruled:
            raise ExpressionError(
                f"{ruled} has a validator or choices, which do not see what {verb} makes of the stored value: set() a"
                " whole value, or save() an instance that was changed"
            )

    def guard_sum(self, amount: Number, of_nothing: Number | None) -> Condition | None:
        if self.is_expiry and type(amount) is not int:
            self.reject(amount, "changed by whole seconds, since items expire by it (__ttl__)")
        low, high = self.stored_range
        bound: Condition | None = None
        if amount > 0 and high is not None:
            bound = Comparison(self.path, "<=", add_numbers(high, negate(amount)))
        elif amount < 0 and low is not None:
            bound = Comparison(self.path, ">=", add_numbers(low, negate(amount)))
        if of_nothing is None or _is_between(of_nothing, low, high):
            return None if bound is None else Or(NotExists(self.path), bound)
        return Exists(self.path) if bound is None else bound

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        """The least and the greatest number that the field stores, where there are any."""
        return None, MAX_SECONDS if self.is_expiry else None


def _form_of(field: Updatable) -> dict[str, Any]:
    """The options that say in which form a field stores values."""
    options = vars(field).items()
    return {name: option for name, option in options if not name.startswith("_") and name not in _NOT_OF_THE_FORM}


def _is_between(number: Number, low: Number | None, high: Number | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def allows_range(own: Any, other: Any) -> bool:
    """Whether a field that is held to the least and greatest values `own` takes all from one held to `other`."""
    low, high = own
    least, greatest = other
    is_high_enough = low is None or (least is not None and least >= low)
    return is_high_enough and (high is None or (greatest is not None and greatest <= high))
