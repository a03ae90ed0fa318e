"""Conditions: trees of paths and attribute values, without fields, text or wire names.

A field builds them (`User.year < 2000`), the planner takes them apart, and each consumer reads them with one `match`
over the closed union `Condition`. The rules that DynamoDB checks before it reads anything (operand types, the order
of BETWEEN's bounds, a path compared with itself) are checked here when a node is made, so that the line that wrote
the mistake is the line that fails.

Source: "Comparison operator and function reference" in the DynamoDB developer guide.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias, TypeGuard, cast

from dynamongo._support.dataclasses import dataclass, field
from dynamongo._support.unions import assert_never
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.values import (
    ATTRIBUTE_TYPES,
    ORDERED_TYPES,
    SCALAR_TYPES,
    AttributeType,
    AttributeValue,
    describe_value,
    type_of,
)

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

    >>> str(Path("address", "lines", 0))
    'address.lines[0]'
    >>> print(Path("versions", "python3.10"))
    versions["python3.10"]
    """

    elements: tuple[str | int, ...]
    owner: str | None = field(default=None, repr=False, compare=False)
    """The full name of the model whose field made the path, so that it is not taken for one of another model."""

    def __init__(self, *elements: str | int) -> None:
        object.__setattr__(self, "elements", elements)
        object.__setattr__(self, "owner", None)

    def __truediv__(self, element: str | int) -> Path:
        return Path(*self.elements, element).owned_by(self.owner)

    def owned_by(self, owner: str | None) -> Path:
        """The same path, made by a field of the model with that name."""
        path = Path(*self.elements)
        object.__setattr__(path, "owner", owner)
        return path

    def __str__(self) -> str:
        return "".join(map(_describe_step, self.elements)).removeprefix(".")

    @property
    def attribute(self) -> str:
        """The name of the top-level attribute that the path starts at."""
        return str(self.elements[0])

    def starts_with(self, other: Path) -> bool:
        """Whether `other` is this path or one of its ancestors."""
        return self.elements[: len(other.elements)] == other.elements


def _describe_step(step: str | int) -> str:
    """The step as it follows others: a name that could be read as several steps, or as an operator, is quoted."""
    if isinstance(step, int):
        return f"[{step}]"
    is_plain = step.replace("_", "").replace("-", "").isalnum()
    return f".{step}" if is_plain else f"[{encode_basestring(step)}]"


@dataclass(frozen=True, slots=True)
class Size:
    """DynamoDB's `size(path)` as an operand: UTF-16 units of a string, bytes of a binary, members of a container."""

    path: Path

    def __str__(self) -> str:
        return f"size({self.path})"


Operand: TypeAlias = Path | Size | AttributeValue
_ORDERED: Final = ORDERED_TYPES | {Path, Size}
"""The types of operands that have an order, or may have one."""


def is_value(operand: Operand) -> TypeGuard[AttributeValue]:
    """Whether the operand is a value, the same for every item."""
    return not isinstance(operand, (Path, Size))


class BaseCondition:
    """What all conditions share: `&`, `|` and `~`, and the refusal to be tested for truth."""

    __slots__ = ()

    def __str__(self: Condition) -> str:  # type: ignore[misc]  # every subclass is in the union
        return describe(self)

    def __and__(self: Condition, other: object) -> And:  # type: ignore[misc]  # every subclass is in the union
        return And(self, cast("Condition", other)) if isinstance(other, BaseCondition) else NotImplemented

    def __or__(self: Condition, other: object) -> Or:  # type: ignore[misc]  # every subclass is in the union
        return Or(self, cast("Condition", other)) if isinstance(other, BaseCondition) else NotImplemented

    def __invert__(self: Condition) -> Not:  # type: ignore[misc]  # every subclass is in the union
        return Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a condition has no truth value: combine conditions with & | ~ (and parentheses),"
            " since Python's `and`, `or` and `not` would drop a part of them"
        )


@dataclass(frozen=True, slots=True)
class Comparison(BaseCondition):
    """`left operator right`."""

    left: Operand
    operator: Comparator
    right: Operand

    def __post_init__(self) -> None:
        if self.operator not in _COMPARATORS:
            raise ExpressionError(f"a comparison is one of = <> < <= > >=; got {self.operator!r}")
        _check_distinct(self, self.left, self.right)
        if self.operator not in (EQ, NE):
            _check_orderable(self, self.left, self.right)


@dataclass(frozen=True, slots=True)
class Between(BaseCondition):
    """`low <= operand <= high`, both ends included."""

    operand: Operand
    low: Operand
    high: Operand

    def __post_init__(self) -> None:
        _check_orderable(self, self.operand, self.low, self.high)
        _check_distinct(self, self.operand, self.low)
        _check_distinct(self, self.operand, self.high)
        if is_value(self.low) and is_value(self.high):
            self._check_bounds(self.low, self.high)

    def _check_bounds(self, low: Any, high: Any) -> None:
        if type_of(low) != type_of(high):
            raise ExpressionError(
                f"BETWEEN takes bounds of one type; got {type_of(low)} and {type_of(high)} in `{self}`"
            )
        if low > high:
            raise ExpressionError(f"BETWEEN takes the lower bound first; got `{self}`")


@dataclass(frozen=True, slots=True)
class In(BaseCondition):
    """`operand` equals one of `choices`; none of them where there are no choices."""

    operand: Operand
    choices: tuple[Operand, ...]

    def __post_init__(self) -> None:
        for choice in self.choices:
            _check_distinct(self, self.operand, choice)


@dataclass(frozen=True, slots=True)
class BeginsWith(BaseCondition):
    """The string or binary at `path` starts with `prefix`."""

    path: Path
    prefix: Operand

    def __post_init__(self) -> None:
        _check_distinct(self, self.path, self.prefix)
        if is_value(self.prefix) and type_of(self.prefix) not in ("S", "B"):
            raise ExpressionError(f"begins_with takes a string or binary prefix; got `{self}`")


@dataclass(frozen=True, slots=True)
class Contains(BaseCondition):
    """The string or binary at `path` has `operand` as a part, or the set or list there has it as a member."""

    path: Path
    operand: Operand

    def __post_init__(self) -> None:
        _check_distinct(self, self.path, self.operand)


@dataclass(frozen=True, slots=True)
class Exists(BaseCondition):
    """There is a value at `path`, NULL and empty values included."""

    path: Path


@dataclass(frozen=True, slots=True)
class NotExists(BaseCondition):
    """There is no value at `path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class IsType(BaseCondition):
    """The value at `path` has the DynamoDB type `type` (DynamoDB's `attribute_type`)."""

    path: Path
    type: AttributeType

    def __post_init__(self) -> None:
        if self.type not in ATTRIBUTE_TYPES:
            raise ExpressionError(f"attribute_type takes one of {', '.join(ATTRIBUTE_TYPES)}; got {self.type!r}")


class _Branch(BaseCondition):
    """What AND, OR and NOT share: what is done with a whole tree does not recurse, so that any depth will do."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _to_tokens(self) == _to_tokens(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(_to_tokens(self)))

    def __repr__(self) -> str:
        return assemble(cast("Condition", self), _represent)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_tokens, (_to_tokens(self),)


class _Junction(_Branch):
    """What AND and OR share: those in one of the same kind are flattened, when its parts are first asked for.

    To do that at each link of `a | b | c | …` would take time in proportion to the square of the chain's length.

    Attributes:
        given: What it was made of, before that was flattened.
    """

    __slots__ = ("given",)
    given: tuple[Condition, ...]

    def __init__(self, *parts: Condition) -> None:
        if not parts:
            raise ExpressionError("AND and OR take one condition at least")
        object.__setattr__(self, "given", parts)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The parts, where they are not there yet; a copy is made of them alone."""
            if name == "given":
                return object.__getattribute__(self, "parts")
            if name != "parts":
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            parts = _flatten(type(self), self.given)
            object.__setattr__(self, "parts", parts)
            return parts


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class And(_Junction):
    """Every part holds. Nested ANDs are flattened, so that the parts are the conjuncts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Or(_Junction):
    """One part at least holds. Nested ORs are flattened."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(_Branch):
    """`part` does not hold. Two-valued: the negation of a comparison with a missing attribute is true."""

    part: Condition


Condition: TypeAlias = Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType | And | Or | Not

AndCondition = And  # the names that dynamongo 0.2 documents
OrCondition = Or


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """The parts that must all hold: none for `None`, the parts of an AND, else the condition itself."""
    if condition is None:
        return ()
    return condition.parts if isinstance(condition, And) else (condition,)


def all_of(parts: tuple[Condition, ...]) -> Condition | None:
    """The inverse of `conjuncts`."""
    return And(*parts) if len(parts) > 1 else parts[0] if parts else None


def nodes_of(condition: Condition) -> list[Condition]:
    """Every condition in the tree: each before its parts, and these from left to right."""
    nodes: list[Condition] = []
    pending: list[Condition] = [condition]
    while pending:
        node = pending.pop()
        nodes.append(node)
        if isinstance(node, _Branch):
            pending += (node.part,) if isinstance(node, Not) else reversed(node.parts)
    return nodes


def operands_of(condition: Condition) -> Iterator[Operand]:
    """Every operand in the tree, from left to right; paths that functions take are operands too."""
    if isinstance(condition, _Branch):
        return itertools.chain.from_iterable(map(_own_operands, nodes_of(condition)))
    return iter(_own_operands(condition))


def _own_operands(node: Condition) -> tuple[Operand, ...]:
    match node:
        case Comparison():
            return node.left, node.right
        case Between():
            return node.operand, node.low, node.high
        case In():
            return node.operand, *node.choices
        case BeginsWith():
            return node.path, node.prefix
        case Contains():
            return node.path, node.operand
        case Exists() | NotExists() | IsType():
            return (node.path,)
        case And() | Or() | Not():
            return ()
        case _:
            assert_never(node)


def paths_of(condition: Condition) -> list[Path]:
    """Every path that the condition reads."""
    if isinstance(condition, Comparison) and isinstance(condition.left, Path) and is_value(condition.right):
        return [condition.left]  # what most conditions are
    found: list[Path] = []
    for operand in operands_of(condition):
        if isinstance(operand, Path):
            found.append(operand)
        elif isinstance(operand, Size):
            found.append(operand.path)
    return found


def cover(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The paths without those that lead into what another one covers, as DynamoDB wants a projection."""
    unique = dict.fromkeys(path.elements for path in paths)
    kept = [each for each in unique if not any(each[:length] in unique for length in range(1, len(each)))]
    return tuple(Path(*elements) for elements in kept)


def describe(condition: Condition) -> str:
    """The condition as a person reads it, in DynamoDB's own notation with the values written in.

    >>> print(~(Exists(Path("a")) & Comparison(Path("b"), LT, 3)))
    NOT (attribute_exists(a) AND b < 3)
    """
    return assemble(condition, _describe_node)


def assemble(condition: Condition, split: Callable[[Condition], Iterable[str | Condition]]) -> str:
    """The text of a tree of any depth; `split` gives the pieces of one condition, with its parts as they are."""
    texts: list[str] = []
    pending: list[str | Condition] = [condition]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            texts.append(piece)
        else:
            pending += reversed(tuple(split(piece)))
    return "".join(texts)


def join(parts: Iterable[Condition], joint: str, in_parentheses: tuple[type, ...] = ()) -> Iterator[str | Condition]:
    """The pieces of a text that consists of the parts; those of some kinds stand in parentheses."""
    for position, part in enumerate(parts):
        if position:
            yield joint
        if isinstance(part, in_parentheses):
            yield from ("(", part, ")")
        else:
            yield part


def _describe_node(condition: Condition) -> Iterable[str | Condition]:
    match condition:
        case And(parts):
            return join(parts, " AND ", (Or,))
        case Or(parts):
            return join(parts, " OR ", (And,))
        case Not(part):
            return ("NOT ", *join((part,), "", (And, Or)))
        case _:
            return (_describe_leaf(condition),)


def _describe_leaf(
    condition: Comparison | Between | In | BeginsWith | Contains | Exists | NotExists | IsType,
) -> str:
    match condition:
        case Comparison(left, operator, right):
            return f"{_describe_operand(left)} {operator} {_describe_operand(right)}"
        case Between(operand, low, high):
            bounds = f"{_describe_operand(low)} AND {_describe_operand(high)}"
            return f"{_describe_operand(operand)} BETWEEN {bounds}"
        case In(operand, choices):
            return f"{_describe_operand(operand)} IN ({_describe_choices(choices)})"
        case BeginsWith(path, prefix):
            return f"begins_with({path}, {_describe_operand(prefix)})"
        case Contains(path, operand):
            return f"contains({path}, {_describe_operand(operand)})"
        case Exists(path):
            return f"attribute_exists({path})"
        case NotExists(path):
            return f"attribute_not_exists({path})"
        case IsType(path, kind):
            return f"attribute_type({path}, {kind!r})"
        case _:
            assert_never(condition)


def _represent(condition: Condition) -> Iterable[str | Condition]:
    """The pieces of its `repr`: those of every other dataclass."""
    if isinstance(condition, (And, Or)):
        end = ",))" if len(condition.parts) == 1 else "))"
        return (f"{type(condition).__name__}(parts=(", *join(condition.parts, ", "), end)
    return ("Not(part=", condition.part, ")") if isinstance(condition, Not) else (repr(condition),)


_Node: TypeAlias = "Condition | tuple[type, int]"
"""A condition without parts as itself; any other as its kind and the number of its parts, which follow."""


def _to_tokens(tree: Any) -> list[_Node]:
    """The tree as a list, which is compared, hashed and pickled whatever the depth."""
    return [_to_token(node) for node in nodes_of(tree)]


def _to_token(node: Condition) -> _Node:
    if isinstance(node, Not):
        return Not, 1
    return (type(node), len(node.parts)) if isinstance(node, (And, Or)) else node


def _from_tokens(tokens: list[_Node]) -> Condition:
    """The tree that came to these tokens: read from the end, each has its parts made before it."""
    made: list[Condition] = []
    for token in reversed(tokens):
        if isinstance(token, tuple):
            kind, count = token
            parts = [made.pop() for _ in range(count)]
            made.append(kind(*parts))
        else:
            made.append(token)
    return made[0]


def _describe_choices(choices: tuple[Operand, ...], shown: int = 5) -> str:
    listed = [_describe_operand(choice) for choice in choices[:shown]]
    return ", ".join([*listed, f"… {len(choices) - shown} more"] if len(choices) > shown else listed)


def _describe_operand(operand: Operand) -> str:
    return describe_value(operand) if is_value(operand) else str(operand)


def _flatten(kind: type[And | Or], given: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions, with those that are in others of that kind, however deep, in the places of these."""
    flat: list[Condition] = []
    pending = [*reversed(given)]
    while pending:
        part = pending.pop()
        if isinstance(part, kind):
            pending += reversed(part.given)
        else:
            flat.append(part)
    return tuple(flat)


def _check_distinct(condition: Condition, first: Operand, other: Operand) -> None:
    """Refuse a path that is compared with itself; the size of one may be."""
    if isinstance(first, Path) and type(first) is type(other) and first == other:
        raise ExpressionError(f"the first operand must differ from the others; got `{condition}`")


def _check_orderable(condition: Condition, *operands: Operand) -> None:
    for operand in operands:
        if type(operand) not in _ORDERED and type_of(cast("AttributeValue", operand)) not in SCALAR_TYPES:
            raise ExpressionError(f"only strings, numbers and binary values have an order; got `{condition}`")
