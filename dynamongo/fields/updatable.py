"""What conditions and updates may do with a field: `Updatable`, the base of `Field`.

An update must leave nothing in an attribute that its field could not have stored, since nobody could read it again.
There are three results that no field sees: a copy of another field, a sum that the store computes, and a value that is
checked as a whole, after one part of it was changed. They are refused where they could go wrong, or written under a
condition.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, cast

from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.computed import Arithmetic, Computed, ListAppend
from dynamongo.expressions.conditions import AnyCondition, Comparator, Comparison, Exists, NotExists, Operand, Or, Path
from dynamongo.expressions.numbers import Number, add_numbers, negate
from dynamongo.expressions.values import SCALAR_TYPES, AttributeValue, equals, type_of
from dynamongo.fields import python_values
from dynamongo.fields.computed_values import ComputedValue, guard_computed, is_between
from dynamongo.fields.operands import NO_OPERANDS, SizeOf, as_operand, unwrap
from dynamongo.fields.operators import OperandEncoder

MAX_SECONDS = 253_402_300_799
"""The last second of the year 9999, since 1970. Times in milliseconds are greater, so that the mistake is found."""

_RULES = {
    *("required", "validator", "choices", "is_key", "is_index_key", "is_element", "is_expiry", "is_checked"),
    *("min_value", "max_value", "min_length", "max_length", "regex", "formats", "parser", "verify_exists"),
    *("applies_defaults", "has_sums", "stored_as", "stored_format", "truncate", "is_plain"),
    *("default_on_read", "required_on_read", "is_immutable", "generated_on", "auto_after", "derived", "slots"),
    *("stored", "reserved_prefix", "is_about_items"),
}
"""The attributes of fields that say which values they take, not in which form they store them."""


class Updatable(OperandEncoder):
    """The part of a field that encodes the operands of conditions and updates, and refuses what does not suit it."""

    validator: Callable[[Any], object] | None
    choices: tuple[Any, ...] | None

    is_expiry: bool = False
    """Whether items expire by the field; the model sets it, with `expire_items`."""

    stores_whole: ClassVar[bool] = False
    """Whether all numbers that the field stores are whole."""

    overridden: ClassVar[frozenset[str]] = frozenset()
    """Which of `encode`, `decode`, `convert` and `check` a custom field overrides."""

    can_expire_items: bool = True
    """Whether a stored number may be the time at which an item expires."""

    has_sums: bool = True
    """Whether the sum of two stored numbers is a value of the field, if it is in the range."""

    unsorted: str = ""
    """If stored values do not sort as the Python values do: the way out, in words; else empty."""

    _whole: str = ""
    """The label of the nearest enclosing field with rules for its whole value; empty if there is none."""

    @abstractmethod
    def encode(self, value: Any) -> AttributeValue:
        """Return the attribute value for a Python value."""
        raise NotImplementedError

    @abstractmethod
    def convert(self, value: Any) -> Any:
        """Turn what the user gave into the field's Python type."""
        raise NotImplementedError

    @abstractmethod
    def coerce(self, value: Any) -> Any:
        """Convert and check what the user gave."""
        raise NotImplementedError

    @abstractmethod
    def validate(self, value: Any) -> Any:
        """Convert and check what the user gave for an item, and apply defaults."""
        raise NotImplementedError

    @abstractmethod
    def convert_choices(self) -> tuple[Any, ...]:
        """Return the choices as Python values; an empty tuple without such a rule."""
        raise NotImplementedError

    @abstractmethod
    def reject(self, value: Any, expected: str, *, cause: Exception | None = None) -> NoReturn:
        """Raise the `ValidationError` that says what the field takes and what it got."""
        raise NotImplementedError

    @abstractmethod
    def bind_children(self) -> None:
        """Replace the fields of elements or members by copies that are labelled and bound after this field."""

    def enclose(self, part: Updatable) -> None:
        """Tell a part of this field which enclosing field has rules for the whole value."""
        whole = self.label if self.has_rules else self._whole
        if part._whole != whole:
            part._whole = whole
            part.bind_children()

    @property
    def has_rules(self) -> bool:
        """Whether only a list, or a function of the user, tells which values are allowed."""
        return bool(self.validator or self.choices is not None or "check" in self.overridden)

    def check_expiry(self, value: Any) -> None:
        """Raise `ValidationError` for a value that is no time at which DynamoDB lets items expire."""
        seconds = self.encode(value)
        if type(seconds) is not int or seconds > MAX_SECONDS:
            self.reject(
                value,
                "a whole number of seconds since 1970, before the year 10000, because items expire by it (__ttl__);"
                " divide milliseconds by 1000",
            )

    # The operands of conditions and updates.

    def encode_operand(self, value: Any) -> Operand:
        if type(value) in NO_OPERANDS:  # as `as_operand` asks first: most operands are values, and need no call
            return self.encode(self.coerce(value))
        return as_operand(value) or self.encode(self.coerce(value))

    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        del operator  # only fields whose stored form has gaps need it
        if self.unsorted:
            self.refuse_bounds()
        if type(value) in NO_OPERANDS:
            return self.encode(self.convert(value))
        return as_operand(value) or self.encode(self.convert(value))

    def refuse_bounds(self) -> NoReturn:
        """Raise the `ExpressionError` for a comparison that needs the order of values, which is not that stored."""
        raise ExpressionError(
            f"{self.label} cannot be compared with <, <=, >, >= or between: what it stores does not sort as its values"
            f" do; {self.unsorted}"
        )

    def encode_part(self, value: Any) -> Operand:
        if "encode" in self.overridden and as_operand(value) is None:
            self._refuse_parts()
            return self.encode(self.convert(value))
        return as_operand(value) or self._encode_freely(value)

    def encode_amount(self, value: Any) -> Number:
        amount = self.encode(self.convert(value)) if "encode" in self.overridden else self._encode_freely(value)
        if isinstance(amount, bool) or not isinstance(amount, Number):
            self.reject(value, "changed by a number")
        return amount

    def encode_new(self, value: Any) -> AttributeValue | Path | Computed:
        if value is None:
            raise ExpressionError(f"{self.label} cannot be set to None: use remove()")
        if type(value) not in NO_OPERANDS:  # first, since `isinstance` with an abstract class takes long
            if isinstance(value, Updatable):
                return self.copy_from(value)
            if isinstance(value, ComputedValue):
                return self._take_computed(cast("ComputedValue[Any]", value))
            if isinstance(value, SizeOf):
                raise ExpressionError(f"{self.label} cannot be set to a size: DynamoDB measures only in conditions")
            value = unwrap(value)
        return self.encode(self.validate(value))

    def encode_element(self, element: Any) -> AttributeValue:
        self._refuse_parts()
        return self._encode_freely(element)

    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        self._refuse_parts()
        encoded = [self._encode_freely(member) for member in members]  # a list, since a set takes 1 and True for equal
        kinds = set(map(type_of, encoded))
        if len(kinds) != 1 or not kinds.issubset(SCALAR_TYPES):
            self.reject(members, "a set of strings, of numbers or of binary values")
        return frozenset(cast("list[Any]", encoded))

    def _refuse_parts(self) -> None:
        """Refuse one element of what a custom field encodes as a whole: it would bypass `encode`."""
        if "encode" in self.overridden and self.stored_type not in SCALAR_TYPES:
            raise ExpressionError(f"{self.label} encodes its value as a whole, which has no parts: use set() and ==")

    def _encode_freely(self, value: Any) -> AttributeValue:
        try:
            return python_values.encode(value)
        except ValidationError as error:
            raise ValidationError(f"{self.label}: {error}") from error

    # What updates may leave behind.

    def copy_from(self, other: OperandEncoder) -> Path:
        """Return the path of the other field; raise `ExpressionError` if this one could not have stored its values."""
        if self.stored_type and other.stored_type and self.stored_type != other.stored_type:
            raise ExpressionError(
                f"{self.label} is stored as {self.stored_type} and cannot be set to {other.label},"
                f" which is stored as {other.stored_type}"
            )
        if not self.can_copy(other):
            raise ExpressionError(
                f"{self.label} cannot be set to {other.label}, which may hold values that {self.label} does not allow:"
                " read the item first, and set a value"
            )
        return other.path

    def _take_computed(self, value: ComputedValue[Any]) -> Computed:
        """Return what the store computes; raise `ExpressionError` if this field could not have stored the result."""
        if isinstance(value.value, (Arithmetic, ListAppend)):
            self.check_update("set", is_sum=True)
        for field in value.fields:
            if not isinstance(value.value, Arithmetic):
                self.copy_from(field)
            # The sum of values out of the range of this field may be in it.
            elif not (self.can_copy(field) or (self.stores_like(field) and self.is_expiry <= field.is_expiry)):
                raise ExpressionError(
                    f"{self.label} cannot be set to a sum with {field.label}, whose values have another form"
                )
        return value.value

    def guard_computed(self, value: Arithmetic) -> AnyCondition | None:
        return guard_computed(self.label, value, *self.stored_range)

    def can_copy(self, other: Any) -> bool:
        """Return whether the field could have stored everything that the other field stores."""
        return self.stores_like(other) and self.allows_all_of(other)

    def stores_like(self, other: Updatable) -> bool:
        """Return whether the other field stores values in the form of this one, whatever the rules of both."""
        return type(self) is type(other) and _form_of(self) == _form_of(other)

    def allows_all_of(self, other: Updatable) -> bool:
        """Return whether all values of the other field obey the rules of this one."""
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
        # Encoded, since fields of two classes may hold equal choices as different Python values.
        mine = list(map(self.encode, self.convert_choices()))
        theirs = list(map(other.encode, other.convert_choices()))
        return bool(theirs) and all(any(equals(each, choice) for choice in mine) for each in theirs)

    def check_update(self, verb: str, *, is_sum: bool) -> None:
        ruled = self.label if is_sum and self.has_rules else self._whole
        if ruled:
            raise ExpressionError(
                f"{ruled} has a validator or choices, which cannot check what {verb} makes of the stored value: set() a"
                " whole value, or save() a changed instance"
            )
        if is_sum and not self.has_sums:
            raise ExpressionError(f"{self.label}: {verb} may make a number that is no value of it; set() a value")

    def guard_sum(self, amount: Number, of_nothing: Number | None) -> AnyCondition | None:
        if self.is_expiry and type(amount) is not int:
            self.reject(amount, "changed by whole seconds, since items expire by it (__ttl__)")
        low, high = self.stored_range
        # The store computes the sum, so the condition is about the old number: to add 5 to a field with max_value=10,
        # it must be <= 5.
        bound: AnyCondition | None = None
        if amount > 0 and high is not None:
            bound = Comparison(self.path, "<=", add_numbers(high, negate(amount)))
        elif amount < 0 and low is not None:
            bound = Comparison(self.path, ">=", add_numbers(low, negate(amount)))
        # Every comparison with a missing number is false. An `increment` of one is left to the store, whose error says
        # what is wrong; an `add` writes `of_nothing`, which must be in the range.
        if of_nothing is None or is_between(of_nothing, low, high):
            return None if bound is None else Or(NotExists(self.path), bound)
        return Exists(self.path) if bound is None else bound

    @property
    def stored_range(self) -> tuple[Number | None, Number | None]:
        """The least and the greatest number that the field stores; `None` without such a limit."""
        return None, MAX_SECONDS if self.is_expiry else None


def _form_of(field: Updatable) -> dict[str, Any]:
    """Return the options of a field that say in which form it stores values."""
    options = vars(field).items()
    return {name: option for name, option in options if not name.startswith("_") and name not in _RULES}


def allows_range(own: Any, other: Any) -> bool:
    """Return whether the range `own`, of the least and the greatest value, includes the range `other`."""
    low, high = own
    least, greatest = other
    is_high_enough = low is None or (least is not None and least >= low)
    return is_high_enough and (high is None or (greatest is not None and greatest <= high))
