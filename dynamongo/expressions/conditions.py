"""Conditions: trees of paths and attribute values, without fields, text or wire names.

Fields build them (`User.year < 2000`), the planner takes them apart, and consumers `match` over the closed union
`AnyCondition`. What DynamoDB checks before it reads anything (operand types, the order of BETWEEN's bounds, a path
compared with itself) is checked when a node is made, so that the line with the mistake is the line that fails.

Source: "Comparison operator and function reference" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias, TypeGuard, cast

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.trees import Branch, ComparisonOfWrongType, Junction
from dynamongo.expressions.values import (
    ATTRIBUTE_TYPES,
    ORDERED_TYPES,
    SCALAR_TYPES,
    AttributeType,
    AttributeValue,
    type_of,
)

if TYPE_CHECKING:
    from dynamongo.expressions import descriptions, evaluation, explanations
    from dynamongo.expressions.explanations import Explanation, Storable
else:  # they import this module
    descriptions = LazyModule("dynamongo.expressions.descriptions")
    evaluation = LazyModule("dynamongo.expressions.evaluation")
    explanations = LazyModule("dynamongo.expressions.explanations")

Comparator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]
EQ: Final = "="
NE: Final = "<>"
LT: Final = "<"
LE: Final = "<="
GT: Final = ">"
GE: Final = ">="
_COMPARATORS: Final = frozenset({EQ, NE, LT, LE, GT, GE})


@dataclass(frozen=True, slots=True, init=False)
class Path:
    """The address of a value inside an item: attribute names, and list positions from 0.

    A path that a field made also knows the Python names of the fields on the way, which messages show.

    >>> str(Path("address", "lines", 0))
    'address.lines[0]'
    >>> print(Path("versions", "python3.10"))
    versions["python3.10"]
    """

    elements: tuple[str | int, ...]
    """The steps as they are stored."""

    owner: str | None = field(default=None, repr=False, compare=False)
    """The full name of the model whose field made the path: a field of another model is refused."""

    names: tuple[str | int, ...] = field(default=(), repr=False, compare=False)
    """The steps under the names of the fields, which may be stored under other names."""

    def __init__(self, *elements: str | int) -> None:  # one argument per step, unlike a dataclass with one field
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "owner", None)
        object.__setattr__(self, "names", elements)

    def __truediv__(self, element: str | int) -> Path:
        return self.member(element, element)

    def member(self, element: str | int, name: str | int) -> Path:
        """Return the path of a part of the value, given the step as it is stored, and the name of its field."""
        return Path(*self.elements, element).made_by(self.owner, *self.names, name)

    def made_by(self, owner: str | None, *names: str | int) -> Path:
        """Return the same path, as made by the field of a model that has these names."""
        path = Path(*self.elements)
        object.__setattr__(path, "owner", owner)  # nobody else has seen this path yet
        object.__setattr__(path, "names", names)
        return path

    def __str__(self) -> str:
        return "".join(map(_describe_step, self.names)).removeprefix(".")

    @property
    def attribute(self) -> str:
        """The name under which the top-level attribute is stored that the path starts at."""
        return str(self.elements[0])

    @property
    def name(self) -> str:
        """The name of the field of that attribute."""
        return str(self.names[0])

    def below(self) -> Path:
        """Return the path relative to the top-level attribute; that of the attribute itself becomes empty."""
        return Path(*self.elements[1:]).made_by(self.owner, *self.names[1:])

    def starts_with(self, other: Path) -> bool:
        """Return whether `other` is this path or one of its ancestors."""
        return self.elements[: len(other.elements)] == other.elements


def _describe_step(step: str | int) -> str:
    """Write a step as it follows others, quoting a name that could be read as several steps or an operator."""
    if isinstance(step, int):
        return f"[{step}]"
    if step.replace("_", "").replace("-", "").isalnum():
        return f".{step}"
    from json.encoder import encode_basestring  # noqa: PLC0415 - slow to import, and few names need quotes

    return f"[{encode_basestring(step)}]"


@dataclass(frozen=True, slots=True)
class Size:
    """DynamoDB's `size(path)` as an operand: UTF-16 units of a string, bytes of a binary, members of a container."""

    path: Path

    def __str__(self) -> str:
        return f"size({self.path})"


Operand: TypeAlias = Path | Size | AttributeValue
_ORDERED: Final = ORDERED_TYPES | {Path, Size}
"""The types of operands that have an order, and those of which only the stored item can tell."""


def is_value(operand: Operand) -> TypeGuard[AttributeValue]:
    """Return whether the operand is a value, the same for every item."""
    return not isinstance(operand, (Path, Size))


class Condition(ComparisonOfWrongType):
    """Base of all conditions: combines them with `&`, `|` and `~`, and refuses to be tested for truth."""

    __slots__ = ()

    def __str__(self: Any) -> str:  # one of the union, as each subclass is
        return descriptions.describe(self)

    def __and__(self, other: Condition) -> AnyCondition:
        given: Any = other  # which only type checkers know to be a condition
        return And(self, given) if isinstance(given, Condition) else NotImplemented

    def __or__(self, other: Condition) -> AnyCondition:
        given: Any = other
        return Or(self, given) if isinstance(given, Condition) else NotImplemented

    def __invert__(self: Any) -> AnyCondition:
        return Not(self)

    def matches(self: Any, item: Mapping[str, Any] | Storable) -> bool:
        """Return whether the item satisfies the condition, as DynamoDB would decide. Makes no request.

        Args:
            item: An instance, as it would be saved, or attribute values by their stored names, such as an instance's
                `to_item()`.
        """
        return evaluation.holds(self, explanations.as_item(item))

    def explain(self: Any, item: Mapping[str, Any] | Storable) -> Explanation:
        """Return whether the item satisfies the condition, and which of its parts; print it to read it.

        Args:
            item: As in `matches`.

        >>> condition = Comparison(Path("city"), EQ, "Oslo") & (Exists(Path("vip")) | Comparison(Path("age"), GE, 18))
        >>> print(condition.explain({"city": "Oslo", "age": 17}))
        false: city = 'Oslo' AND (attribute_exists(vip) OR age >= 18)
          true: city = 'Oslo' (city is 'Oslo')
          false: attribute_exists(vip) OR age >= 18
            false: attribute_exists(vip) (vip is missing)
            false: age >= 18 (age is 17)
        """
        return explanations.explain(self, item)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a condition has no truth value: combine conditions with & | ~ (and parentheses),"
            " because Python's `and`, `or` and `not` would drop parts of them;"
            " write between() for `low <= field <= high`, and in_() for `field in values`"
        )


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """`left operator right`."""

    left: Operand
    operator: Comparator
    right: Operand

    def __post_init__(self) -> None:
        if self.operator not in _COMPARATORS:
            raise ExpressionError(f"a comparison operator must be one of = <> < <= > >=; got {self.operator!r}")
        if isinstance(self.right, Path):  # most comparisons are with values, and need no call
            _check_distinct(self, self.left, self.right)
        if self.operator not in (EQ, NE) and not (type(self.left) in _ORDERED and type(self.right) in _ORDERED):
            _check_orderable(self, self.left, self.right)


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """`low <= operand <= high`, both ends included."""

    operand: Operand
    low: Operand
    high: Operand

    def __post_init__(self) -> None:
        _check_orderable(self, self.operand, self.low, self.high)
        _check_distinct(self, self.operand, self.low, self.high)
        # Bounds that are read from the item may be reversed or of two types: then nothing lies between them.
        if is_value(self.low) and is_value(self.high):
            self._check_bounds(self.low, self.high)

    def _check_bounds(self, low: Any, high: Any) -> None:
        if type_of(low) != type_of(high):
            raise ExpressionError(
                f"the bounds of BETWEEN must have the same type; got {type_of(low)} and {type_of(high)} in `{self}`"
            )
        if low > high:
            raise ExpressionError(f"the lower bound of BETWEEN must come first; got `{self}`")


@dataclass(frozen=True, slots=True)
class In(Condition):
    """`operand` equals one of `choices`; without choices, nothing does."""

    operand: Operand
    choices: tuple[Operand, ...]

    def __post_init__(self) -> None:
        _check_distinct(self, self.operand, *self.choices)


@dataclass(frozen=True, slots=True)
class BeginsWith(Condition):
    """The string or binary `operand` starts with `prefix`."""

    operand: Operand
    prefix: Operand

    def __post_init__(self) -> None:
        if type(self.operand) is Path and type(self.prefix) is str:
            return  # most are, and need no call
        _check_distinct(self, self.operand, self.prefix)
        if not all(isinstance(each, Path) or type(each) in (str, bytes) for each in (self.operand, self.prefix)):
            raise ExpressionError(f"begins_with takes a string or binary value, and such a prefix; got `{self}`")


@dataclass(frozen=True, slots=True)
class Contains(Condition):
    """The string or binary `container` has `part` as a part, or the set or list has it as a member."""

    container: Operand
    part: Operand

    def __post_init__(self) -> None:
        _check_distinct(self, self.container, self.part)


@dataclass(frozen=True, slots=True)
class Exists(Condition):
    """There is a value at `path`, NULL and empty values included."""

    path: Path


@dataclass(frozen=True, slots=True)
class NotExists(Condition):
    """There is no value at `path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class IsType(Condition):
    """The value at `path` has the DynamoDB type `type` (DynamoDB's `attribute_type`)."""

    path: Path
    type: AttributeType

    def __post_init__(self) -> None:
        if self.type not in ATTRIBUTE_TYPES:
            raise ExpressionError(f"attribute_type must be one of {', '.join(ATTRIBUTE_TYPES)}; got {self.type!r}")


# A dataclass's own `__eq__` and `__repr__` would recurse: the three kinds of branches inherit those of `trees`.
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class And(Junction, Condition):
    """Every part holds. Nested ANDs are flattened, so that the parts are the conjuncts."""

    parts: tuple[AnyCondition, ...]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Or(Junction, Condition):
    """At least one part holds. Nested ORs are flattened."""

    parts: tuple[AnyCondition, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(Branch, Condition):
    """`part` does not hold. Two-valued: the negation of a comparison with a missing attribute is true."""

    part: AnyCondition

    @property
    def branches(self) -> tuple[AnyCondition, ...]:
        """The part."""
        return (self.part,)


AnyCondition: TypeAlias = (
    Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType | And | Or | Not
)

BaseCondition = Condition  # the names that dynamongo 0.2 documents
AndCondition = And
OrCondition = Or


def conjuncts(condition: AnyCondition | None) -> tuple[AnyCondition, ...]:
    """Return the parts that must all hold: those of an AND, else the condition itself; none for `None`."""
    return condition.parts if isinstance(condition, And) else () if condition is None else (condition,)


def all_of(parts: tuple[AnyCondition, ...]) -> AnyCondition | None:
    """Combine parts that must all hold into one condition; the inverse of `conjuncts`."""
    return And.of(parts) if len(parts) > 1 else parts[0] if parts else None


def _check_distinct(condition: AnyCondition, first: Operand, *others: Operand) -> None:
    """Refuse a path that is compared with itself, as DynamoDB does; it allows `size(a) = size(a)`."""
    if isinstance(first, Path) and first in others:
        raise ExpressionError(f"the first operand must differ from the others; got `{condition}`")


def _check_orderable(condition: AnyCondition, *operands: Operand) -> None:
    for operand in operands:
        if type(operand) not in _ORDERED and type_of(cast("AttributeValue", operand)) not in SCALAR_TYPES:
            raise ExpressionError(f"only strings, numbers and binary values have an order; got `{condition}`")
