"""What conditions compare besides values: fields, their sizes, and values that come first.

>>> from dynamongo import Model, StringField
>>> class Route(Model):
...     __table__ = "routes"
...     __hash_key__ = "prefix"
...     prefix = StringField()
>>> print(literal("/users/7").begins_with(Route.prefix))
begins_with('/users/7', prefix)
"""

from __future__ import annotations

import operator as operators
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Contains,
    In,
    Operand,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.trees import ComparisonOfWrongType
from dynamongo.expressions.values import PLAIN_TYPES, AttributeType, AttributeValue, equals, shorten
from dynamongo.fields import python_values

if TYPE_CHECKING:
    from dynamongo.expressions import evaluation
    from dynamongo.fields.document_classes import BaseDocument
    from dynamongo.fields.operators import Operators
else:  # few programs measure literals
    evaluation = LazyModule("dynamongo.expressions.evaluation")

if TYPE_CHECKING:
    from abc import ABC
else:  # every field has all of these methods, and with an ABC it takes twice as long to find the fields of a class
    ABC = object

Other_contra = TypeVar("Other_contra", contravariant=True)
V_co = TypeVar("V_co", default=Any, covariant=True)
L = TypeVar("L")

Comparand: TypeAlias = "Comparable | SizeOf | LiteralValue[V_co]"
"""What conditions compare a field with besides a value."""

Constant: TypeAlias = str | bytes | float | Decimal | Sequence[Any] | Mapping[str, Any] | AbstractSet[Any]
ComparandOfLiteral: TypeAlias = "Operators[V_co] | type[BaseDocument] | SizeOf | LiteralValue[Any] | Constant"
"""What conditions compare a value with that comes first."""

NO_OPERANDS = PLAIN_TYPES | {float}
"""The types of most values: looking them up is faster than `isinstance` with an abstract class."""

_MIRRORED: Final[dict[Comparator, Callable[[Any, Any], Any]]] = {
    "=": operators.eq,
    "<>": operators.ne,
    "<": operators.gt,
    "<=": operators.ge,
    ">": operators.lt,
    ">=": operators.le,
}
"""What compares a field with a value, for a comparison in which the value comes first."""


class Comparable(ABC):
    """Base of fields, as of what a condition compares: it has a path, and encodes what is compared with it."""

    stored_type: AttributeType | None = None
    """The DynamoDB type that the field stores; `None` if it depends on the value."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The name of the field in messages."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The path of the attribute in an item; raises `ExpressionError` for a field that no model declares."""

    @abstractmethod
    def encode_operand(self, value: Any) -> Operand:
        """Encode the operand of `==`, `!=` and `in_`: the path of another field, or a value that the field allows."""

    @abstractmethod
    def encode_part(self, value: Any) -> Operand:
        """Encode the operand of `begins_with` and `contains`."""


class Compared(Generic[Other_contra]):
    """Base of what is compared by operators, and is no field."""

    __hash__ = object.__hash__  # a class that defines `__eq__` would have none

    @overload  # type: ignore[override]  # builds a condition
    def __eq__(self, other: Other_contra) -> AnyCondition: ...
    @overload
    def __eq__(self, other: object) -> ComparisonOfWrongType: ...
    def __eq__(self, other: object) -> Any:
        return self.compare("=", other)

    @overload  # type: ignore[override]  # builds a condition
    def __ne__(self, other: Other_contra) -> AnyCondition: ...
    @overload
    def __ne__(self, other: object) -> ComparisonOfWrongType: ...
    def __ne__(self, other: object) -> Any:
        return self.compare("<>", other)

    def __lt__(self, other: Other_contra) -> AnyCondition:
        return self.compare("<", other)

    def __le__(self, other: Other_contra) -> AnyCondition:
        return self.compare("<=", other)

    def __gt__(self, other: Other_contra) -> AnyCondition:
        return self.compare(">", other)

    def __ge__(self, other: Other_contra) -> AnyCondition:
        return self.compare(">=", other)

    def compare(self, operator: Comparator, other: Any) -> Comparison:
        """Return the comparison with another operand."""
        raise NotImplementedError


class SizeOf(Compared["int | Comparand[int]"]):
    """`field.size()`, to be compared with a number, with a field, or with another size."""

    def __init__(self, operand: Size) -> None:
        self.operand = operand

    def between(self, low: int | Comparand[int], high: int | Comparand[int]) -> AnyCondition:
        """Match items whose attribute has a size between `low` and `high`, both included."""
        return Between(self.operand, self.encode_operand(low), self.encode_operand(high))

    def in_(self, values: Iterable[int | Comparand[int]]) -> AnyCondition:
        """Match items whose attribute has one of the sizes."""
        return In(self.operand, tuple(map(self.encode_operand, values)))

    def compare(self, operator: Comparator, other: Any) -> Comparison:
        return Comparison(self.operand, operator, self.encode_operand(other))

    def encode_operand(self, value: Any) -> Operand:
        """Encode what the size is compared with."""
        value = unwrap(value)
        operand = as_operand(value)
        if operand is not None:
            return operand
        if isinstance(value, bool) or not isinstance(value, int):
            raise ExpressionError(f"{self.operand} must be compared with an int or a field; got {shorten(value)}")
        return value


class LiteralValue(Compared["ComparandOfLiteral[V_co]"], Generic[V_co]):
    """A value as the first operand of a condition; `literal` makes it.

    It is encoded as the fields encode it that it is compared with.

    Attributes:
        value: The value.
    """

    def __init__(self, value: V_co) -> None:
        if value is None or isinstance(cast("Any", value), (Comparable, Compared)):
            raise ExpressionError(f"literal takes a value; got {shorten(value)}")
        self.value = value

    def __repr__(self) -> str:
        return f"literal({shorten(self.value)})"

    def compare(self, operator: Comparator, other: Any) -> Comparison:
        if isinstance(other, (Comparable, SizeOf)):
            return cast("Comparison", _MIRRORED[operator](other, self.value))
        return Comparison(self._encode(), operator, _encode_constant(other))

    def between(self, low: Any, high: Any) -> AnyCondition:
        """Match items in which the value lies between two fields, both included: `low <= value <= high`.

        It becomes two comparisons, since the fields may store the value in two forms, and either may be a key.
        """
        if not any(isinstance(bound, (Comparable, SizeOf)) for bound in (low, high)):
            return Between(self._encode(), _encode_constant(low), _encode_constant(high))
        return And(self.compare(">=", low), self.compare("<=", high))

    def in_(self, operands: Iterable[Any]) -> AnyCondition:
        """Match items in which one of the fields has the value."""
        if isinstance(operands, (str, bytes)):
            raise ExpressionError(f"{self!r}.in_ takes a list of fields; got {shorten(operands)}")
        choices = tuple(operands)
        encoded = [self._encode_for(choice) for choice in choices]
        if all(equals(cast("AttributeValue", each), cast("AttributeValue", encoded[0])) for each in encoded):
            value = encoded[0] if encoded else self._encode()
            return In(value, tuple([as_operand(choice) or _encode_constant(choice) for choice in choices]))
        return Or(*[self.compare("=", choice) for choice in choices])  # fields that store the value in several forms

    def contains(self, part: Any) -> AnyCondition:
        """Match items in which a field is a part of the string or binary value, or one of the elements of the list.

        A list may have any number of elements, unlike that of `in_`; a set is sent as a list.
        """
        value = unwrap(self.value)
        operand = as_operand(part) or _encode_constant(part)
        if isinstance(value, (list, tuple, set, frozenset)):
            elements = [LiteralValue(element)._encode_for(part) for element in cast("Iterable[Any]", value)]  # noqa: SLF001 - its own class
            return Contains(cast("list[AttributeValue]", elements), operand)
        return Contains(self._encode_text("contains", part), operand)

    def begins_with(self, prefix: Any) -> AnyCondition:
        """Match items in which a field is a prefix of the string or binary value."""
        return BeginsWith(self._encode_text("begins_with", prefix), as_operand(prefix) or _encode_constant(prefix))

    def size(self) -> LiteralValue[int]:
        """Return the size of the value, as DynamoDB measures it."""
        size = evaluation.measure(self._encode())
        if size is evaluation.MISSING:
            raise ExpressionError(f"{self!r} has no size: strings, binary values, lists, maps and sets have one")
        return LiteralValue(cast("int", size))

    def _encode(self) -> AttributeValue:
        return python_values.encode(self.value)

    def _encode_for(self, other: Any) -> Operand:
        """Encode the value as the field would store it that it is compared with."""
        return other.encode_operand(self.value) if isinstance(other, (Comparable, SizeOf)) else self._encode()

    def _encode_text(self, function: str, part: Any) -> Operand:
        """Encode the string or binary value of which a field is a part."""
        kind = "S" if isinstance(self.value, str) else "B" if isinstance(self.value, (bytes, bytearray)) else None
        if kind is None:
            also = ", a list or a set" if function == "contains" else ""
            raise ExpressionError(f"{self!r}.{function} takes a literal str or bytes{also}")
        if not isinstance(part, Comparable):
            return self._encode()
        if part.stored_type not in (None, kind):
            raise ExpressionError(
                f"{part.label} is stored as {part.stored_type}, so it is no part of {self!r}, which is stored as {kind}"
            )
        return part.encode_part(self.value)


def literal(value: L | LiteralValue[L]) -> LiteralValue[L]:
    """Return a value as an operand, for conditions in which it comes first: `literal(now).between(Job.start, Job.end)`.

    Args:
        value: Any value that the fields it is compared with take.
    """
    return LiteralValue(unwrap(value))


class Incomparable(Compared[NoReturn]):
    """Base of what the store computes, which only updates can have: it refuses to be compared."""

    def compare(self, operator: Comparator, other: object) -> NoReturn:  # noqa: ARG002 - whatever they are
        self.refuse_comparison()

    def refuse_comparison(self) -> NoReturn:
        """Raise the `ExpressionError` for a condition that would have to compute."""
        raise ExpressionError(
            "a condition cannot compute, since DynamoDB has + and - only in updates: compute with the values, as in"
            " `User.total > 10 - 3`, or store the sum, and compare that"
        )


def unwrap(value: Any) -> Any:
    """Return the value of a literal; anything else as it is."""
    return cast("Any", value).value if type(value) is LiteralValue else value


def as_operand(value: Any) -> Path | Size | None:
    """Return the operand for a field or its size; `None` for a value."""
    if type(value) in NO_OPERANDS:
        return None
    if isinstance(value, Comparable):
        return value.path
    if isinstance(value, Compared):
        if isinstance(value, Incomparable):
            value.refuse_comparison()
        return value.operand if isinstance(value, SizeOf) else None
    return None


def _encode_constant(value: Any) -> AttributeValue:
    as_operand(value)  # refuses what an update computes
    return python_values.encode(unwrap(value))
