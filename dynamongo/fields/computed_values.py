"""Values that the store computes: `User.price + User.tax`, `if_not_exists(User.visits, 0) + 1` and `list_append`.

They are what `set` takes besides a value and a field. A constant is encoded by the field beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo._support.generics import Generic, TypeVar
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.computed import Arithmetic, Computed, IfNotExists, ListAppend
from dynamongo.expressions.conditions import GE, LE, And, AnyCondition, Comparison, NotExists, Or, Path
from dynamongo.expressions.numbers import Number, add_numbers, negate
from dynamongo.expressions.values import AttributeType, shorten
from dynamongo.fields.operands import Incomparable, unwrap
from dynamongo.fields.operators import OperandEncoder
from dynamongo.fields.type_parameters import Stored_co

if TYPE_CHECKING:
    from dynamongo.fields.document_classes import B
    from dynamongo.fields.operands import Comparable, LiteralValue
    from dynamongo.fields.operators import Input, Operators
    from dynamongo.fields.updatable import Updatable

Stored = TypeVar("Stored", bound=AttributeType)


class Term(Generic[Stored_co]):
    """Base of what `+` and `-` make a sum of, which the store computes: fields, and what is computed from them."""

    def __add__(self: Term[Literal["N"]], other: Any) -> ComputedValue[Literal["N"]]:
        return compute(self, "+", other)

    def __radd__(self: Term[Literal["N"]], other: Any) -> ComputedValue[Literal["N"]]:
        return compute(other, "+", self)

    def __sub__(self: Term[Literal["N"]], other: Any) -> ComputedValue[Literal["N"]]:
        return compute(self, "-", other)

    def __rsub__(self: Term[Literal["N"]], other: Any) -> ComputedValue[Literal["N"]]:
        return compute(other, "-", self)


class ComputedValue(Term[Stored_co], Incomparable, Generic[Stored_co]):
    """A value that the store computes from the item as it was before the update: `User.total.set(User.price + 1)`.

    Attributes:
        value: How it is computed.
        fields: The fields whose values it is computed from.
    """

    def __init__(self, value: Computed, fields: tuple[Updatable, ...]) -> None:
        self.value = value
        self.fields = fields

    def __repr__(self) -> str:
        return repr(self.value)


def compute(left: object, operator: Literal["+", "-"], right: object) -> ComputedValue[Literal["N"]]:
    """Return the sum or difference of two numbers, of which at least one is a field or is computed from one."""
    fields = (*_fields_in(left), *_fields_in(right))
    for field in fields:
        _require_type(field, operator, "N")
    return ComputedValue(Arithmetic(_as_term(left, fields[0]), operator, _as_term(right, fields[0])), fields)


@overload
def if_not_exists(
    field: Operators[Input, Stored], otherwise: Input | LiteralValue[Input] | Comparable | ComputedValue[Stored]
) -> ComputedValue[Stored]: ...
@overload
def if_not_exists(
    field: type[B], otherwise: B | Mapping[str, Any] | LiteralValue[Any] | Comparable | ComputedValue[Literal["M"]]
) -> ComputedValue[Literal["M"]]: ...
def if_not_exists(field: Any, otherwise: Any) -> ComputedValue[Any]:
    """Return the value of a field, or `otherwise` where an item has none: `User.n.set(if_not_exists(User.old, 0))`.

    Args:
        field: The field.
        otherwise: A value of the field, another field, or what `if_not_exists` or `list_append` returned.

    Raises:
        ExpressionError: `field` is no field, or `otherwise` is a sum.
        ValidationError: The value does not suit the field.
    """
    known = _check_field("if_not_exists", field)
    if isinstance(otherwise, OperandEncoder):  # whatever the update sets has to suit both fields
        value: Any = otherwise.path
    elif isinstance(otherwise, ComputedValue):
        value = _function_of(cast("Any", otherwise))
    else:
        value = known.encode_new(otherwise)
    return ComputedValue(IfNotExists(known.path, value), (known, *_fields_in(cast("Any", otherwise))))


@overload
def list_append(
    first: Operators[Input, Literal["L"]] | ComputedValue[Literal["L"]],
    second: Input | LiteralValue[Any] | Term[Literal["L"]],
) -> ComputedValue[Literal["L"]]: ...
@overload
def list_append(
    first: Input | LiteralValue[Any], second: Operators[Input, Literal["L"]] | ComputedValue[Literal["L"]]
) -> ComputedValue[Literal["L"]]: ...
def list_append(first: Any, second: Any) -> ComputedValue[Literal["L"]]:
    """Return the elements of one list and then those of another: `User.all.set(list_append(User.old, User.new))`.

    Both lists must exist: `list_append(if_not_exists(User.old, []), User.new)`.

    Args:
        first: A field, a list, or what `if_not_exists` or `list_append` returned; one of the two is no plain list.
        second: As `first`.

    Raises:
        ExpressionError: None of the two is a field or computed, or one is not stored as a list.
        ValidationError: An element does not suit the field beside it.
    """
    fields = (*_fields_in(first), *_fields_in(second))
    if not fields:
        raise ExpressionError(f"list_append takes at least one field; got {shorten(first)} and {shorten(second)}")
    for field in fields:
        _require_type(field, "list_append", "L")
    return ComputedValue(ListAppend(_as_list(first, fields[0]), _as_list(second, fields[0])), fields)


def guard_computed(label: str, value: Arithmetic, low: Number | None, high: Number | None) -> AnyCondition | None:
    """Return the condition under which the result is in the range of its field.

    Raises:
        ExpressionError: No condition can say that: DynamoDB's conditions have no arithmetic.
    """
    if low is None and high is None:
        return None
    term, constant, is_subtracted = _split(label, value)
    if is_subtracted:  # low <= constant - term <= high
        least, most = _minus(constant, high), _minus(constant, low)
    else:  # low <= term + constant <= high
        least, most = _minus(low, constant), _minus(high, constant)
    path, otherwise = (term.path, term.otherwise) if isinstance(term, IfNotExists) else (term, None)
    bounds = [] if least is None else [Comparison(path, GE, least)]
    bounds += [] if most is None else [Comparison(path, LE, most)]
    if otherwise is not None and not is_between(cast("Number", otherwise), least, most):
        return And(*bounds)  # which no missing number satisfies
    # The store refuses to compute with a missing number, and says so.
    return Or(NotExists(path), And(*bounds))


def is_between(number: Number, low: Number | None, high: Number | None) -> bool:
    """Return whether the number is in the range, of which `None` is an open end."""
    return (low is None or number >= low) and (high is None or number <= high)


def _split(label: str, value: Arithmetic) -> tuple[Path | IfNotExists, Number, bool]:
    """Return the term and the constant that is added to it, and whether the term is subtracted from that instead."""
    match value:
        case Arithmetic((Path() | IfNotExists(_, int() | Decimal())) as term, operator, (int() | Decimal()) as amount):
            return term, amount if operator == "+" else negate(amount), False
        case Arithmetic((int() | Decimal()) as amount, operator, (Path() | IfNotExists(_, int() | Decimal())) as term):
            return term, amount, operator == "-"
        case _:
            raise ExpressionError(
                f"{label} has a range, and no condition can check that the sum of several attributes is in it: read the"
                " item, and save() a changed instance"
            )


def _minus(left: Number | None, right: Number | None) -> Number | None:
    return None if left is None or right is None else add_numbers(left, negate(right))


def _fields_in(operand: object) -> tuple[Any, ...]:
    if isinstance(operand, ComputedValue):
        return operand.fields
    return (operand,) if isinstance(operand, OperandEncoder) else ()


def _as_term(operand: Any, field: Updatable) -> Any:
    if isinstance(operand, ComputedValue):
        return _function_of(cast("Any", operand))
    return operand.path if isinstance(operand, OperandEncoder) else field.encode_amount(unwrap(operand))


def _as_list(operand: Any, field: Updatable) -> Any:
    if isinstance(operand, ComputedValue):
        return _function_of(cast("Any", operand))
    if isinstance(operand, OperandEncoder):
        return operand.path
    operand = unwrap(operand)
    if not isinstance(operand, (list, tuple)):
        raise ExpressionError(f"list_append takes fields and lists; got {shorten(operand)}")
    return [field.encode_element(element) for element in cast("Iterable[Any]", operand)]


def _function_of(operand: ComputedValue[Any]) -> IfNotExists | ListAppend:
    if isinstance(operand.value, Arithmetic):
        raise ExpressionError(
            "DynamoDB takes one + or - in the value of an attribute: compute the rest before, or later"
        )
    return operand.value


def _check_field(function: str, field: Any) -> Updatable:
    if not isinstance(field, OperandEncoder):
        raise ExpressionError(f"{function} takes a field, such as User.visits; got {shorten(field)}")
    return cast("Updatable", field)


def _require_type(field: Updatable, operator: str, kind: str) -> None:
    if field.stored_type not in (None, kind):
        raise ExpressionError(f"{field.label} is stored as {field.stored_type}; {operator} works only on {kind}")
