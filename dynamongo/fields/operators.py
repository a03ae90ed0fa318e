"""The operators and methods of a bound field that build conditions and updates.

`Operators` builds them from the path of the field and encoded values, and the field encodes the values. To type
checkers, it says which values the field takes, and as which DynamoDB type it stores them: a `StringField` is an
`Operators[str, Literal["S"]]`, so that `User.name < 3` is refused, and so is `User.name.increment()`, since that is a
method of `Operators[Any, Literal["N"]]`. At run time, `encode_operand` and `_require_type` refuse the same.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.computed import Arithmetic, Computed
from dynamongo.expressions.conditions import (
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
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
from dynamongo.expressions.trees import ComparisonOfWrongType
from dynamongo.expressions.updates import (
    AddUpdate,
    AnyUpdate,
    AppendUpdate,
    DeleteUpdate,
    IncrementUpdate,
    RemoveUpdate,
    SetUpdate,
)
from dynamongo.expressions.values import SET_TYPES, AttributeType, AttributeValue, shorten
from dynamongo.fields.misused import Misused
from dynamongo.fields.operands import NO_OPERANDS, Comparable, Comparand, LiteralValue, SizeOf, unwrap
from dynamongo.fields.type_parameters import Stored_co

if TYPE_CHECKING:
    from dynamongo.fields.computed_values import ComputedValue

Input = TypeVar("Input")
Input_contra = TypeVar("Input_contra", contravariant=True)

NewValue: TypeAlias = "Comparable | LiteralValue[Input] | ComputedValue[Any]"
"""What updates set a field to besides a value."""

_Ordered: TypeAlias = Literal["S", "N", "B", "BOOL"]
_Sized: TypeAlias = Literal["S", "B", "L", "M", "SS", "NS", "BS"]
_Searched: TypeAlias = Literal["S", "B", "L", "SS", "NS", "BS"]
_Added: TypeAlias = Literal["N", "SS", "NS", "BS"]


class OperandEncoder(Misused, Comparable):
    """The part of a field that encodes what its operators and methods take, and refuses what does not suit it."""

    @abstractmethod
    def encode_bound(self, value: Any, operator: Comparator) -> Operand:
        """Encode the operand of `<`, `<=`, `>` or `>=`, and those of `between`, as `>=` and `<=`.

        It is encoded as by `encode_operand`, but ranges, lengths and patterns do not apply to it.
        """

    @abstractmethod
    def encode_new(self, value: Any) -> AttributeValue | Path | Computed:
        """Encode the new value of `set` and `set_if_not_exists`: the path of a field, a computed or a valid value."""

    @abstractmethod
    def guard_computed(self, value: Arithmetic) -> AnyCondition | None:
        """Return the condition under which a computed number is a value of the field; `None` if it always is."""

    @abstractmethod
    def encode_amount(self, value: Any) -> Number:
        """Encode the amount of `add`, `subtract`, `increment` and `decrement`, as a number."""

    @abstractmethod
    def encode_element(self, element: Any) -> AttributeValue:
        """Encode an element for `append` and `prepend`."""

    @abstractmethod
    def encode_members(self, members: Iterable[Any]) -> frozenset[Any]:
        """Encode the members for `add_to_set` and `delete_from_set`."""

    @abstractmethod
    def check_update(self, verb: str, *, is_sum: bool) -> None:
        """Raise `ExpressionError` if no field would check what the update makes of the stored value.

        Args:
            verb: The name of the update.
            is_sum: Whether the store computes the new value from the old one.
        """

    @abstractmethod
    def guard_sum(self, amount: Number, of_nothing: Number | None) -> AnyCondition | None:
        """Return the condition under which the sum is a value of the field; `None` if it always is.

        Args:
            amount: The number that is added to the stored one.
            of_nothing: The sum if no number is stored; `None` if the store refuses such an update.
        """


class Operators(OperandEncoder, Generic[Input_contra, Stored_co]):
    """The conditions and updates that every field offers."""

    required: bool
    is_element: bool = False
    """Whether the field is one element of a list, which can be removed even if the elements are required."""

    __hash__ = object.__hash__  # a class that defines `__eq__` would have none

    @overload  # type: ignore[override]  # builds a condition
    def __eq__(self, other: Input_contra | Comparand[Input_contra]) -> AnyCondition: ...
    @overload
    def __eq__(self, other: object) -> ComparisonOfWrongType: ...
    def __eq__(self, other: object) -> Any:
        return Comparison(self.path, "=", self._encode_operand(other))

    @overload  # type: ignore[override]  # builds a condition
    def __ne__(self, other: Input_contra | Comparand[Input_contra]) -> AnyCondition: ...
    @overload
    def __ne__(self, other: object) -> ComparisonOfWrongType: ...
    def __ne__(self, other: object) -> Any:
        return Comparison(self.path, "<>", self._encode_operand(other))

    def __lt__(self: Operators[Any, _Ordered], other: Input_contra | Comparand[Input_contra]) -> AnyCondition:
        return Comparison(self.path, "<", self._encode_bound(other, "<"))

    def __le__(self: Operators[Any, _Ordered], other: Input_contra | Comparand[Input_contra]) -> AnyCondition:
        return Comparison(self.path, "<=", self._encode_bound(other, "<="))

    def __gt__(self: Operators[Any, _Ordered], other: Input_contra | Comparand[Input_contra]) -> AnyCondition:
        return Comparison(self.path, ">", self._encode_bound(other, ">"))

    def __ge__(self: Operators[Any, _Ordered], other: Input_contra | Comparand[Input_contra]) -> AnyCondition:
        return Comparison(self.path, ">=", self._encode_bound(other, ">="))

    def between(
        self: Operators[Any, _Ordered],
        low: Input_contra | Comparand[Input_contra],
        high: Input_contra | Comparand[Input_contra],
    ) -> AnyCondition:
        """Match items whose attribute lies between `low` and `high`, both included."""
        return Between(self.path, self._encode_bound(low, ">="), self._encode_bound(high, "<="))

    def in_(self, values: Iterable[Input_contra | Comparand[Input_contra]]) -> AnyCondition:
        """Match items whose attribute equals one of the values. An empty list matches nothing and sends no request."""
        if isinstance(values, (str, bytes)):
            raise ExpressionError(f"{self.label}.in_ takes a list of values; got {shorten(values)}")
        return In(self.path, tuple(map(self._encode_operand, values)))

    def _encode_operand(self, value: Any) -> Operand:
        if value is None:
            self._refuse_none()
        return self.encode_operand(value.value if type(value) is LiteralValue else value)

    def _encode_bound(self, value: Any, operator: Comparator) -> Operand:
        if value is None:
            self._refuse_none()
        return self.encode_bound(value.value if type(value) is LiteralValue else value, operator)

    def _refuse_none(self) -> None:
        if self.stored_type is not None:  # a field without a type may hold NULL
            raise ValidationError(
                f"{self.label} must be compared with a value; got None: use not_exists() to find items without the"
                " attribute, exists() to find those with it"
            )

    def contains(self: Operators[Any, _Searched], value: Any) -> AnyCondition:
        """Match items whose string or binary contains the value, or whose list or set has it as a member."""
        self._require_type("contains", "S", "B", "L", *SET_TYPES)
        return Contains(self.path, self.encode_part(unwrap(value)))

    def begins_with(self: Operators[Any, Literal["S", "B"]], value: Any) -> AnyCondition:
        """Match items whose stored string or binary starts with the value."""
        self._require_type("begins_with", "S", "B")
        return BeginsWith(self.path, self.encode_part(unwrap(value)))

    def exists(self) -> AnyCondition:
        """Match items that have the attribute, with any value."""
        return Exists(self.path)

    def not_exists(self) -> AnyCondition:
        """Match items that lack the attribute."""
        return NotExists(self.path)

    def attribute_type(self, type_: AttributeType) -> AnyCondition:
        """Match items whose attribute has the DynamoDB type: S, N, B, BOOL, NULL, L, M, SS, NS or BS."""
        return IsType(self.path, type_)

    def size(self: Operators[Any, _Sized]) -> SizeOf:
        """Return the size, for a comparison: UTF-16 units of a string, bytes of a binary, members of a container."""
        self._require_type("size", "S", "B", "L", "M", *SET_TYPES)
        return SizeOf(Size(self.path))

    # Updates.

    def set(self, value: Input_contra | NewValue[Input_contra]) -> AnyUpdate:
        """Set the attribute to a value, to a copy of another field, or to what the store computes."""
        self.check_update("set", is_sum=False)
        new = self.encode_new(value)
        if type(value) in NO_OPERANDS or type(new) is not Arithmetic:
            return SetUpdate(self.path, new)
        return SetUpdate(self.path, new, guard=self.guard_computed(new))

    def set_if_not_exists(self, value: Input_contra | NewValue[Input_contra]) -> AnyUpdate:
        """Set the attribute to a value if it is absent; else change nothing."""
        self.check_update("set_if_not_exists", is_sum=False)
        new = self.encode_new(value)
        if type(value) not in NO_OPERANDS and type(new) is Arithmetic:
            raise ExpressionError(f"{self.label}.set_if_not_exists takes no sum, which DynamoDB computes only for set")
        return SetUpdate(self.path, new, if_not_exists=True)

    def remove(self) -> AnyUpdate:
        """Remove the attribute."""
        if self.required and not self.is_element:
            raise ExpressionError(f"{self.label} is required, so it cannot be removed")
        self.check_update("remove", is_sum=False)
        return RemoveUpdate(self.path)

    def add(self: Operators[Any, _Added], value: Any) -> AnyUpdate:
        """Add a number, or the members of a set; a missing attribute counts as 0 or as the empty set."""
        if self.stored_type in SET_TYPES or isinstance(value, (set, frozenset)):
            return cast("Operators[Any]", self).add_to_set(value)
        return self._add(self._encode_amount("add", value))

    def subtract(self: Operators[Any, Literal["N"]], value: Any) -> AnyUpdate:
        """Subtract a number; a missing attribute counts as 0."""
        return self._add(negate(self._encode_amount("subtract", value)))

    def increment(self: Operators[Any, Literal["N"]], by: Any = 1) -> AnyUpdate:
        """Add to a number that must exist: the update of an item without it fails with `InvalidRequestError`."""
        return self._increment(self._encode_amount("increment", by))

    def decrement(self: Operators[Any, Literal["N"]], by: Any = 1) -> AnyUpdate:
        """Subtract from a number that must exist, as `increment` does."""
        return self._increment(negate(self._encode_amount("decrement", by)))

    def _add(self, amount: Number) -> AnyUpdate:
        return AddUpdate(self.path, amount, self.guard_sum(amount, of_nothing=amount))

    def _increment(self, amount: Number) -> AnyUpdate:
        return IncrementUpdate(self.path, amount, self.guard_sum(amount, of_nothing=None))

    def append(self: Operators[Any, Literal["L"]], *elements: Any) -> AnyUpdate:
        """Add elements at the end of the list; a missing list counts as empty."""
        return AppendUpdate(self.path, self._encode_elements("append", elements))

    def prepend(self: Operators[Any, Literal["L"]], *elements: Any) -> AnyUpdate:
        """Add elements at the start of the list, in the order given; a missing list counts as empty."""
        return AppendUpdate(self.path, self._encode_elements("prepend", elements), at_start=True)

    def add_to_set(self: Operators[Any, Literal["SS", "NS", "BS"]], members: Any) -> AnyUpdate:
        """Add members to the set; a missing set counts as empty. Takes a set, a list, or one member."""
        return AddUpdate(self.path, self._encode_members("add_to_set", members))

    def delete_from_set(self: Operators[Any, Literal["SS", "NS", "BS"]], members: Any) -> AnyUpdate:
        """Remove members from the set; an empty set is removed. Takes a set, a list, or one member."""
        return DeleteUpdate(self.path, self._encode_members("delete_from_set", members))

    def _encode_amount(self, verb: str, value: Any) -> Number:
        self._require_type(verb, "N")
        self.check_update(verb, is_sum=True)
        return self.encode_amount(value)

    def _encode_elements(self, verb: str, elements: tuple[Any, ...]) -> tuple[AttributeValue, ...]:
        self._require_type(verb, "L")
        self.check_update(verb, is_sum=True)
        if not elements:
            raise ExpressionError(f"{self.label}.{verb} takes at least one element")
        return tuple(map(self.encode_element, elements))

    def _encode_members(self, verb: str, members: Any) -> frozenset[Any]:
        self._require_type(verb, *SET_TYPES)
        self.check_update(verb, is_sum=True)
        given = (
            tuple(cast("Iterable[Any]", members)) if isinstance(members, (set, frozenset, list, tuple)) else (members,)
        )
        if not given:
            raise ExpressionError(f"{self.label}.{verb} takes at least one member")
        return self.encode_members(given)

    def _require_type(self, verb: str, *allowed: AttributeType) -> None:
        if self.stored_type is not None and self.stored_type not in allowed:
            kinds = ", ".join(allowed)
            raise ExpressionError(f"{self.label} is stored as {self.stored_type}; {verb} works only on {kinds}")
