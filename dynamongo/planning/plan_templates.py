"""Plan templates: what the planner decided about a read, for later reads of the same shape.

Programs repeat a few reads with other values, such as `User.find(User.city == city, limit=10)`. The *shape* of a read
is all that its plan depends on, values aside: the classes, operators and paths of its conditions, the types of the
values, and the arguments of the verb. A template is made from the first plan of a shape, and says which conjunct went
where. The next read only has to put its own conjuncts there, which takes a fifth of the time with one index, and no
more with ten.

Where a decision depends on values, there is no template, or the values are looked at each time:

==================================================  ==============================================================
`in_`, or an OR, on a key attribute                 no template: the values are the keys to read, or their number
a lower and an upper bound on one key attribute     no template for values that are equal or contradict each other
other conditions on one key attribute               no template: the stricter one wins
several conditions on another attribute             no template for values that contradict each other
an empty string or binary value                     another shape: no key holds it
BETWEEN with equal bounds                           another shape: it is an equality
an `in_` with more values                           another shape; none with more than a few
==================================================  ==============================================================

There is one planner: a template is read off its plan, in which it finds the conjuncts themselves.
`tests/planning/test_plan_templates.py` compares filled templates with what the planner makes of the same reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import (
    EQ,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Operand,
    Or,
    Path,
    Size,
    conjuncts,
)
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.trees import Branch, nodes_of
from dynamongo.expressions.values import TYPES_BY_CLASS
from dynamongo.operations import Get, KeyCondition, Query, Scan
from dynamongo.planning.contradictions import find_contradiction, find_subject
from dynamongo.planning.plan import Plan, ReadOperation
from dynamongo.planning.read import Read
from dynamongo.schema import TableSchema

ReadShape: TypeAlias = tuple[Any, ...]
"""What two reads have in common that one template serves, as a flat tuple: it is hashed for each read."""

_KINDS: Final[dict[type, str]] = {**TYPES_BY_CLASS, frozenset: "set"}
_KINDS_OF_EMPTY: Final = {**_KINDS, str: "empty S", bytes: "empty B"}

_MAX_PARTS: Final = 8
"""An OR or IN with more of them names keys, or does not come a second time: to take its shape would only cost time."""


def find_read_shape(read: Read, parts: Sequence[AnyCondition]) -> ReadShape | None:
    """Return the shape of a read by a condition, given its conjuncts; `None` if there will be no template."""
    shape: list[Any] = [read.table.name, read.index, read.projection, read.required]
    shape += (read.descending, read.consistent, read.is_sorted)
    try:
        for part in parts:
            # Most conjuncts are comparisons of a path with a value, and are written out.
            if (
                type(part) is Comparison
                and type(part.left) is Path
                and (kind := (_KINDS if part.right else _KINDS_OF_EMPTY).get(type(part.right))) is not None
            ):
                shape += (part.operator, part.left.elements, kind)
            elif not isinstance(part, Branch):
                _ADDERS[type(part)](shape, part)
            elif len(part.branches) > _MAX_PARTS:
                return None
            else:
                for node in nodes_of(part):
                    _ADDERS[type(node)](shape, node)
    except KeyError:
        return None
    return tuple(shape)


def _add_operand(shape: list[Any], operand: Operand) -> None:
    kind = type(operand)
    if kind is Path:
        shape.append(cast("Path", operand).elements)
    elif kind is Size:
        shape += (Size, cast("Size", operand).path.elements)
    else:
        shape.append((_KINDS if operand else _KINDS_OF_EMPTY)[kind])


def _add_comparison(shape: list[Any], node: Comparison) -> None:
    shape.append(node.operator)
    _add_operand(shape, node.left)
    _add_operand(shape, node.right)


def _add_between(shape: list[Any], node: Between) -> None:
    shape += (Between, node.low == node.high)
    for operand in (node.operand, node.low, node.high):
        _add_operand(shape, operand)


def _add_in(shape: list[Any], node: In) -> None:
    if len(node.choices) > _MAX_PARTS or not set(map(type, node.choices)) <= _KINDS.keys():
        raise KeyError  # for `find_read_shape`; a path among the choices is too rare to be worth a shape
    shape += (In, len(node.choices))
    _add_operand(shape, node.operand)


def _add_begins_with(shape: list[Any], node: BeginsWith) -> None:
    shape.append(BeginsWith)
    _add_operand(shape, node.operand)
    _add_operand(shape, node.prefix)


def _add_contains(shape: list[Any], node: Contains) -> None:
    shape.append(Contains)
    _add_operand(shape, node.container)
    _add_operand(shape, node.part)


def _add_path(shape: list[Any], node: Exists | NotExists | IsType) -> None:
    shape += (type(node), node.path.elements)


def _add_junction(shape: list[Any], node: And | Or) -> None:
    shape += (type(node), len(node.parts))  # its parts follow


_ADDERS: Final[dict[type, Callable[[list[Any], Any], None]]] = {
    Comparison: _add_comparison,
    Between: _add_between,
    In: _add_in,
    BeginsWith: _add_begins_with,
    Contains: _add_contains,
    **dict.fromkeys((Exists, NotExists, IsType), _add_path),
    **dict.fromkeys((And, Or), _add_junction),
    Not: lambda shape, _: shape.append(Not),
}


_Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A plan of one operation without its values: these are in the conjuncts, of which it has the positions.

    Attributes:
        table: The table of the read.
        plan: The plan that the template was read off.
        key: The conjuncts that are the key of a Get or the key condition of a query, in the order of the key.
        folded: Those that become the BETWEEN of the key condition, the lower bound first.
        kept: Those of the filter.
        left: Those of the residual.
        takes_limit: Whether a request reads no more items than the limit.
        pairs: Those that are a lower and an upper bound on one key attribute.
        is_doubtful: Whether several conjuncts on one other attribute may contradict each other.
    """

    table: TableSchema
    plan: Plan
    key: tuple[int, ...]
    folded: _Pair | None
    kept: tuple[int, ...]
    left: tuple[int, ...]
    takes_limit: bool
    pairs: tuple[_Pair, ...]
    is_doubtful: bool

    def fill(
        self, read: Read, parts: Sequence[AnyCondition], batch_get: int, stated: tuple[AnyCondition, ...] = ()
    ) -> Plan | None:
        """Return the plan of a read of the same shape, given its conjuncts; `None` if it has to be planned."""
        if self.table is not read.table and self.table != read.table:  # of a read made before an option was assigned
            return None
        if self.pairs and not _are_ranges(parts, self.pairs):
            return None
        if self.is_doubtful and find_contradiction(parts) is not None:
            return None
        made = self.plan
        return Plan(
            (self._fill_operation(made.operations[0], read, parts),),
            _pick(parts, self.left),
            made.order_by,
            made.descending,
            read.limit,
            made.projection,
            made.loaded,
            made.cursor_names,
            made.rejected,
            made.warnings,
            batch_get,
            made.names,
            None,
            stated,
            made.key_templates,
        )

    def _fill_operation(self, made: ReadOperation, read: Read, parts: Sequence[Any]) -> ReadOperation:
        if isinstance(made, Query):
            return self._fill_query(made, read, parts)
        if isinstance(made, Get):
            values = [parts[position].right for position in self.key]
            return Get(made.table, dict(zip(made.key, values, strict=True)), made.projection, made.consistent)
        scan = cast("Scan", made)
        kept, limit = _pick(parts, self.kept), read.request_limit(within_limit=self.takes_limit)
        return Scan(scan.table, kept, scan.index, scan.projection, limit, consistent=scan.consistent, fetch=scan.fetch)

    def _fill_query(self, made: Query, read: Read, parts: Sequence[Any]) -> Query:
        conditions = [parts[position] for position in self.key]
        if self.folded is not None:
            low, high = self.folded
            conditions.append(Between(parts[low].left, parts[low].right, parts[high].right))
        # In the order of the fields: by name, it would take twice the time.
        return Query(
            made.table,
            KeyCondition(*conditions),
            _pick(parts, self.kept),
            made.index,
            made.projection,
            made.descending,
            read.request_limit(within_limit=self.takes_limit),
            None,
            made.consistent,
            made.count_only,
            made.fetch,
        )


def make_template(read: Read, parts: Sequence[AnyCondition], plan: Plan) -> PlanTemplate | None:
    """Return the template of a plan; `None` if a decision depends on values, or the plan has other nodes."""
    positions = {id(part): position for position, part in enumerate(parts)}
    # If one node is there twice, the plan does not tell which of the two it has.
    if len(plan.operations) != 1 or len(positions) < len(parts):
        return None
    keys = {attribute.name for attribute in read.table.key_attributes()}
    repeated = _find_repeated(parts)
    pairs = {each: _find_pair(parts, each) for each in repeated if each[0] in keys}
    bounds = tuple(pair for pair in pairs.values() if pair is not None)
    if len(bounds) < len(pairs) or not _are_ranges(parts, bounds) or any(_is_by_value(part, keys) for part in parts):
        return None
    operation = plan.operations[0]
    kept = conjuncts(operation.filter) if isinstance(operation, (Query, Scan)) else ()
    try:
        key, folded = _find_key(operation, parts, pairs)
        of_key, of_filter, of_residual = [
            tuple(positions[id(part)] for part in group) for group in (key, kept, conjuncts(plan.residual))
        ]
    except KeyError:
        return None
    takes_limit = plan.residual is None and not kept and not (isinstance(operation, Scan) and read.is_sorted)
    is_doubtful = len(pairs) < len(repeated)
    return PlanTemplate(read.table, plan, of_key, folded, of_filter, of_residual, takes_limit, bounds, is_doubtful)


def _find_repeated(parts: Sequence[AnyCondition]) -> set[tuple[str | int, ...]]:
    """Return the paths that several conjuncts restrict by values."""
    subjects = [subject.elements for part in parts if (subject := find_subject(part)) is not None]
    return {each for each in subjects if subjects.count(each) > 1}


def _find_pair(parts: Sequence[AnyCondition], elements: tuple[str | int, ...]) -> _Pair | None:
    """Return the positions of the lower and the upper bound on a path; `None` if there are other conditions on it."""
    found = [
        (part.operator[0], position) if isinstance(part, Comparison) else ("", position)
        for position, part in enumerate(parts)
        if (subject := find_subject(part)) is not None and subject.elements == elements
    ]
    signs = dict(found)
    return (signs[">"], signs["<"]) if len(found) == 2 and signs.keys() == {">", "<"} else None


def _are_ranges(parts: Sequence[Any], pairs: Iterable[_Pair]) -> bool:
    """Return whether each lower bound is less than the upper one: equal ones are an equality, which ranks higher."""
    return all(parts[low].right < parts[high].right for low, high in pairs)


def _is_by_value(part: AnyCondition, keys: set[str]) -> bool:
    return isinstance(part, (In, Or)) and any(path.attribute in keys for path in paths_of(part))


def _find_key(
    operation: ReadOperation, parts: Sequence[AnyCondition], pairs: Mapping[tuple[str | int, ...], _Pair | None]
) -> tuple[list[AnyCondition], _Pair | None]:
    """Return the conjuncts that are the key, in its order, and the two that were folded into a BETWEEN."""
    if isinstance(operation, Query):
        *before, last = operation.key_condition.parts
        folded = pairs.get(cast("Path", last.operand).elements) if isinstance(last, Between) else None
        return [*before, *([] if folded is not None else [last])], folded
    if isinstance(operation, Get):
        # By a value: `find_subject` passes over `email = name`, which is left for the residual.
        equalities = {
            subject.elements: part
            for part in parts
            if (subject := find_subject(part)) is not None and isinstance(part, Comparison) and part.operator == EQ
        }
        return [equalities[(name,)] for name in operation.key], None
    return [], None


def _pick(parts: Sequence[AnyCondition], positions: tuple[int, ...]) -> AnyCondition | None:
    """Return the conjuncts at the positions as one condition."""
    if not positions:
        return None
    if len(positions) == 1:
        return parts[positions[0]]
    return And(*[parts[position] for position in positions])
