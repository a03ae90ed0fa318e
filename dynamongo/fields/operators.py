"""What a bound field says about items: conditions and updates.

`Expressions` builds them out of a path and encoded values; how a value is encoded is the field's business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, NoReturn, cast

from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.conditions import (
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
    Contains,
    Exists,
    In,
    IsType,
    NotExists,
    Operand,
    Path,
    Size,
)
from dynamongo.expressions.numbers import Number, negate
from dynamongo.expressions.updates import (
    AddUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import PLAIN_TYPES, SET_TYPES, AttributeType, AttributeValue, shorten

_NO_OPERANDS = PLAIN_TYPES | {float}
"""The types of most values, which to ask an abstract class about takes longer."""


class Expressions(ABC):
    """The conditions and updates that every field offers."""

    stored_type: AttributeType | None = None
    """The DynamoDB type that the field stores; `None` where values decide it."""
    required: bool
    is_element: bool = False
    """Whether the field is one element of a list, which can be removed even if every element must have a value."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What messages call the field."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """Where the field lives in an item; raises `ExpressionError` for a field that no model declares."""

    @abstractmethod
    def encode_operand(self, value: Any) -> Operand:
        """The operand of `==`, `!=` and `in_`: another field's path, or a value the field could hold, encoded."""

    @abstractmethod
    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        """The operand of an ordering: as `encode_operand`, but ranges, lengths and patterns do not apply to it.

        `between` has two of them, for `>=` and `<=`.
        """

    @abstractmethod
    def encode_part(self, value: Any) -> Operand:
        """The operand of `begins_with` and `contains`."""

    @abstractmethod
    def encode_new(self, value: Any) -> AttributeValue | Path:
        """What `set` and `set_if_not_exists` put at the path: another field's path, or a valid value, encoded."""

    @abstractmethod
    def encode_amount(self, value: Any) -> Number:
        """What `add`, `subtract`, `increment` and `decrement` take, as a number."""

    @abstractmethod
    def encode_element(self, element: Any) -> AttributeValue:
        """What `append` and `prepend` put into the list."""

    @abstractmethod
    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        """What `add_to_set` and `delete_from_set` take."""

    @abstractmethod
    def check_update(self, verb: str, *, is_sum: bool) -> None:
        """Raise `ExpressionError` where nobody would check what the update makes of the stored value.

        Args:
            verb: The name of the update.
            is_sum: Whether the new value is made by the store, of the old one.
        """

    @abstractmethod
    def guard_sum(self, amount: Number, of_nothing: Number | None) -> Condition | None:
        """The condition under which a stored number and the amount come to a value of the field, if there need be one.

        Args:
            amount: What is added.
            of_nothing: What the sum is where no number is stored; `None` where the store refuses to add to nothing.
        """

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self.label} has no truth value: compare it (`{self.label} == True`), and combine conditions with & | ~"
        )

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Comparison:  # type: ignore[override]  # builds a condition
        return Comparison(self.path, "=", self._encode_operand(other))

    def __ne__(self, other: object) -> Comparison:  # type: ignore[override]  # builds a condition
        return Comparison(self.path, "<>", self._encode_operand(other))

    def __lt__(self, other: Any) -> Comparison:
        return self._order("<", other)

    def __le__(self, other: Any) -> Comparison:
        return self._order("<=", other)

    def __gt__(self, other: Any) -> Comparison:
        return self._order(">", other)

    def __ge__(self, other: Any) -> Comparison:
        return self._order(">=", other)

    def _order(self, operator: Comparator, other: Any) -> Comparison:
        return Comparison(self.path, operator, self._encode_bound(other, operator))

    def between(self, low: Any, high: Any) -> Between:
        """The attribute lies from `low` to `high`, both included."""
        return Between(self.path, self._encode_bound(low, ">="), self._encode_bound(high, "<="))

    def in_(self, values: Iterable[Any]) -> In:
        """The attribute equals one of the values; where there are none, nothing matches and nothing is sent."""
        if isinstance(values, (str, bytes)):
            raise ExpressionError(f"{self.label}.in_ takes a list of values; got {shorten(values)}")
        return In(self.path, tuple(map(self._encode_operand, values)))

    def _encode_operand(self, value: Any) -> Operand:
        return self.encode_operand(self._refuse_none(value))

    def _encode_bound(self, value: Any, operator: Comparator) -> Operand:
        return self.encode_bound(self._refuse_none(value), operator)

    def _refuse_none(self, value: Any) -> Any:
        if value is None and self.stored_type is not None:  # a field without a type may hold NULL
            raise ValidationError(
                f"{self.label} must be compared with a value; got None: an attribute that is not there is found by"
                " not_exists(), and one that is there by exists()"
            )
        return value

    def contains(self, value: Any) -> Contains:
        """The string or binary has the value as a part; the list or set has it as a member."""
        self._require_type("contains", "S", "B", "L", *SET_TYPES)
        return Contains(self.path, self.encode_part(value))

    def begins_with(self, value: Any) -> BeginsWith:
        """The stored string or binary starts with the value."""
        self._require_type("begins_with", "S", "B")
        return BeginsWith(self.path, self.encode_part(value))

    def exists(self) -> Exists:
        """The item has the attribute, whatever its value."""
        return Exists(self.path)

    def not_exists(self) -> NotExists:
        """The item does not have the attribute."""
        return NotExists(self.path)

    def attribute_type(self, type_: AttributeType) -> IsType:
        """The attribute is stored with the DynamoDB type: S, N, B, BOOL, NULL, L, M, SS, NS or BS."""
        return IsType(self.path, type_)

    def size(self) -> SizeOf:
        """The attribute's size, to be compared: UTF-16 units of a string, bytes of a binary, members of a container."""
        self._require_type("size", "S", "B", "L", "M", *SET_TYPES)
        return SizeOf(Size(self.path))

    # Updates.

    def set(self, value: Any) -> SetUpdate:
        """Put a value there, or a copy of another field's."""
        self.check_update("set", is_sum=False)
        return SetUpdate(self.path, self.encode_new(value))

    def set_if_not_exists(self, value: Any) -> SetUpdate:
        """Put a value there if there is none; else change nothing."""
        self.check_update("set_if_not_exists", is_sum=False)
        return SetUpdate(self.path, self.encode_new(value), if_not_exists=True)

    def remove(self) -> RemoveUpdate:
        """Take the attribute away."""
        if self.required and not self.is_element:
            raise ExpressionError(f"{self.label} is required, so it cannot be removed")
        self.check_update("remove", is_sum=False)
        return RemoveUpdate(self.path)

    def add(self, value: Any) -> AddUpdate:
        """Add a number, or the members of a set; a missing attribute counts as 0 or as the empty set."""
        if self.stored_type in SET_TYPES or isinstance(value, (set, frozenset)):
            return self.add_to_set(value)
        return self._add(self._encode_amount("add", value))

    def subtract(self, value: Any) -> AddUpdate:
        """Subtract a number; a missing attribute counts as 0."""
        return self._add(negate(self._encode_amount("subtract", value)))

    def increment(self, by: Any = 1) -> IncrementUpdate:
        """Add to a number that must be there: the update of an item without it fails with `InvalidRequestError`."""
        return self._increment(self._encode_amount("increment", by))

    def decrement(self, by: Any = 1) -> IncrementUpdate:
        """Subtract from a number that must be there, as `increment`."""
        return self._increment(negate(self._encode_amount("decrement", by)))

    def _add(self, amount: Number) -> AddUpdate:
        return AddUpdate(self.path, amount, self.guard_sum(amount, of_nothing=amount))

    def _increment(self, amount: Number) -> IncrementUpdate:
        return IncrementUpdate(self.path, amount, self.guard_sum(amount, of_nothing=None))

    def append(self, *elements: Any) -> AppendUpdate:
        """Add elements at the end of the list; a missing list counts as empty."""
        return AppendUpdate(self.path, self._encode_elements("append", elements))

    def prepend(self, *elements: Any) -> AppendUpdate:
        """Add elements before the first of the list, in the order given; a missing list counts as empty."""
        return AppendUpdate(self.path, self._encode_elements("prepend", elements), at_start=True)

    def add_to_set(self, members: Any) -> AddUpdate:
        """Add members to the set; a missing set counts as empty. Takes a set, a list, or one member."""
        return AddUpdate(self.path, self._encode_members("add_to_set", members))

    def delete_from_set(self, members: Any) -> DeleteUpdate:
        """Take members out of the set; a set that is left empty is removed. Takes a set, a list, or one member."""
        return DeleteUpdate(self.path, self._encode_members("delete_from_set", members))

    def _encode_amount(self, verb: str, value: Any) -> Number:
        self._require_type(verb, "N")
        self.check_update(verb, is_sum=True)
        return self.encode_amount(value)

    def _encode_elements(self, verb: str, elements: tuple[Any, ...]) -> tuple[AttributeValue, ...]:
        self._require_type(verb, "L")
        self.check_update(verb, is_sum=True)
        if not elements:
            raise ExpressionError(f"{self.label}.{verb} takes one element at least")
        return tuple(map(self.encode_element, elements))

    def _encode_members(self, verb: str, members: Any) -> frozenset[Any]:
        self._require_type(verb, *SET_TYPES)
        self.check_update(verb, is_sum=True)
        given = (
            tuple(cast("Iterable[Any]", members)) if isinstance(members, (set, frozenset, list, tuple)) else (members,)
        )
        if not given:
            raise ExpressionError(f"{self.label}.{verb} takes one member at least")
        return self.encode_members(given)

    def _require_type(self, verb: str, *allowed: AttributeType) -> None:
        if self.stored_type is not None and self.stored_type not in allowed:
            kinds = ", ".join(allowed)
            raise ExpressionError(f"{self.label} is stored as {self.stored_type}; {verb} works on {kinds}")


class SizeOf:
    """`field.size()`, waiting for the number it is compared with."""

    def __init__(self, operand: Size) -> None:
        self.operand = operand

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Comparison:  # type: ignore[override]  # builds a condition
        return self._compare("=", other)

    def __ne__(self, other: object) -> Comparison:  # type: ignore[override]  # builds a condition
        return self._compare("<>", other)

    def __lt__(self, other: Any) -> Comparison:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Comparison:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Comparison:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Comparison:
        return self._compare(">=", other)

    def between(self, low: Any, high: Any) -> Between:
        """The size lies from `low` to `high`, both included."""
        return Between(self.operand, self._encode(low), self._encode(high))

    def in_(self, values: Iterable[Any]) -> In:
        """The size is one of the values."""
        return In(self.operand, tuple(map(self._encode, values)))

    def _compare(self, operator: Comparator, other: Any) -> Comparison:
        return Comparison(self.operand, operator, self._encode(other))

    def _encode(self, value: Any) -> Operand:
        operand = as_operand(value)
        if operand is not None:
            return operand
        if isinstance(value, bool) or not isinstance(value, int):
            raise ExpressionError(f"{self.operand} is compared with an int or a field; got {shorten(value)}")
        return value


def as_operand(value: Any) -> Path | Size | None:
    """What stands for a field or a size among operands; `None` for a value."""
    if type(value) in _NO_OPERANDS:
        return None
    return value.operand if isinstance(value, SizeOf) else as_path(value)


def as_path(value: Any) -> Path | None:
    """The path of a field that stands where a value could; `None` for anything else."""
    return value.path if isinstance(value, Expressions) else None
