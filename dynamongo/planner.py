"""The planner: what a strategy comes to, and the operations that serve it.

===================================================================  =============================================
what is asked for                                                    plan
===================================================================  =============================================
the whole key of one item                                            Get
the whole keys of several: a list, `in_`, `keys_in`, ORed keys       BatchGet
`hash == x`, whatever is said of the range key                       Query
`hash.in_([...])` without the whole range key                        one Query per value
anything else                                                        Scan
===================================================================  =============================================

Only conditions that are ANDed at the top supply keys. What the key does not cover becomes the *filter*, which the
store evaluates after the key, or where the store cannot (batch gets, conditions on key attributes in a query) the
*residual*, which the executor evaluates on what comes back. Planning does no I/O: a plan is data.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from dynamongo.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    And,
    BeginsWith,
    Between,
    Comparator,
    Comparison,
    Condition,
    In,
    Operand,
    Or,
    Path,
    all_of,
    conjuncts,
    is_value,
    paths_of,
)
from dynamongo.evaluation import compile_condition
from dynamongo.limits import (
    MAX_EXPRESSION_BYTES,
    MAX_IN_OPERANDS,
    MAX_OPERATORS,
    check_limits,
    count_operators,
    longest_in,
    rendered_bytes,
)
from dynamongo.operations import BatchGet, Get, KeyCondition, Query, Scan
from dynamongo.plans import Plan
from dynamongo.schema import KeyAttribute, KeySchema
from dynamongo.strategies import Source, Target, fixed_value
from dynamongo.values import AttributeValue, Item, type_of

Bound: TypeAlias = tuple[Any, Comparator]
RangeCondition: TypeAlias = Comparison | Between | BeginsWith


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a read asks for beside its items."""

    descending: bool = False
    limit: int | None = None
    consistent: bool = False


def plan_read(table: str, keys: KeySchema, source: Source, options: ReadOptions) -> Plan:
    """The plan that reads what `source` means from the table (its full name) with these keys."""
    if isinstance(source, tuple):
        return _plan_targets(table, keys, source, options)
    parts = conjuncts(source)
    if options.limit == 0 or any(isinstance(part, In) and not part.choices for part in parts):
        return _nothing(options)
    found = _whole_keys(parts, keys)
    if found is not None:
        return _plan_keys(table, keys, *found, options)
    return _plan_queries(table, keys, parts, options) or _plan_scan(table, keys, parts, options)


def recheck(condition: Condition | None, key: Item) -> Condition | None:
    """What a write of the item with `key`, which satisfied the condition when it was read, checks again.

    That is all but what its key decides: of ORed conditions on several keys, those on its own.

    Raises:
        ExpressionError: It is too large for the condition of a write.
    """
    checked = None if condition is None else _undecided(condition, key)
    if checked is not None:
        check_limits(checked)
    return checked


def _undecided(part: Condition, key: Item) -> Condition | None:
    """What is left of a condition that holds, given the key; `None` where the key alone decides it."""
    if _is_about(part, key):
        return None
    if isinstance(part, And):
        left = [_undecided(each, key) for each in part.parts]
        return all_of(tuple(each for each in left if each is not None))
    if isinstance(part, Or):
        branches = [_undecided(branch, key) for branch in part.parts if _may_hold(branch, key)]
        return None if None in branches else Or(*cast("list[Condition]", branches))
    return part


def _may_hold(branch: Condition, key: Item) -> bool:
    return all(compile_condition(part)(key) for part in conjuncts(branch) if _is_about(part, key))


def _is_about(part: Condition, key: Item) -> bool:
    return all(path.attribute in key for path in paths_of(part))


def _nothing(options: ReadOptions) -> Plan:
    return Plan((), descending=options.descending, limit=options.limit)


# Keys.


def _plan_targets(table: str, keys: KeySchema, targets: tuple[Target, ...], options: ReadOptions) -> Plan:
    if not targets or options.limit == 0:
        return _nothing(options)
    if all(target.check is None for target in targets):
        residual = None
    elif len(targets) == 1:
        residual = targets[0].check
    else:
        residual = Or(*(target.condition for target in targets))
    return _plan_keys(table, keys, [target.key for target in targets], residual, options)


def _plan_keys(
    table: str, keys: KeySchema, found: Iterable[Item], residual: Condition | None, options: ReadOptions
) -> Plan:
    unique = tuple({tuple(key.values()): key for key in found}.values())
    if not unique:
        return _nothing(options)
    if len(unique) == 1:
        get = Get(table, unique[0], consistent=options.consistent)
        return Plan((get,), residual, descending=options.descending, limit=options.limit)
    batch = BatchGet(table, unique, consistent=options.consistent)
    return Plan((batch,), residual, keys.names, options.descending, options.limit)


def _whole_keys(parts: tuple[Condition, ...], keys: KeySchema) -> tuple[list[Item], Condition | None] | None:
    """The whole keys that the conjuncts fix, with what is left of the conjuncts; `None` where they do not."""
    for part in parts:
        if isinstance(part, Or) and (found := _keys_in_or(part, keys)) is not None:
            return found, _without(parts, part)
    choices = [_alternatives(parts, attribute) for attribute in keys.attributes]
    used = [choice for choice in choices if choice is not None]
    if len(used) < len(choices):
        return None
    product = itertools.product(*(values for _, values in used))
    return [dict(zip(keys.names, values, strict=True)) for values in product], _without(
        parts, *(part for part, _ in used)
    )


def _keys_in_or(condition: Or, keys: KeySchema) -> list[Item] | None:
    found = [_whole_key(branch, keys) for branch in condition.parts]
    if None in found:
        return None
    return [key for key in cast("list[Item]", found) if not any(map(_is_empty, key.values()))]


def _whole_key(branch: Condition, keys: KeySchema) -> Item | None:
    """The key, if the branch says that and nothing else."""
    fixed = [fixed_value(part, keys.names) for part in conjuncts(branch)]
    key = dict(pair for pair in fixed if pair is not None)
    if len(fixed) != len(keys.names) or len(key) != len(keys.names):
        return None
    if not all(_is_key_value(key[attribute.name], attribute) for attribute in keys.attributes):
        return None
    return {name: key[name] for name in keys.names}


def _alternatives(
    parts: tuple[Condition, ...], attribute: KeyAttribute
) -> tuple[Condition, tuple[AttributeValue, ...]] | None:
    """The conjunct that allows the attribute the fewest values, with these values.

    Empty ones are left out: no key holds them, and DynamoDB refuses a request that asks for one.
    """
    found = [(part, values) for part in parts if (values := _values_of(part, attribute)) is not None]
    return min(found, key=lambda pair: len(pair[1]), default=None)


def _values_of(part: Condition, attribute: KeyAttribute) -> tuple[AttributeValue, ...] | None:
    match part:
        case Comparison(Path((attribute.name,)), "=", operand) if _is_key_value(operand, attribute):
            return () if _is_empty(operand) else (cast("AttributeValue", operand),)
        case In(Path((attribute.name,)), choices) if all(_is_key_value(choice, attribute) for choice in choices):
            return tuple(cast("AttributeValue", choice) for choice in choices if not _is_empty(choice))
        case Or(branches):
            found = [_values_of(branch, attribute) for branch in branches]
            return None if None in found else tuple(itertools.chain.from_iterable(filter(None, found)))
        case _:
            return None


def _is_key_value(operand: Operand, attribute: KeyAttribute) -> bool:
    return is_value(operand) and type_of(operand) == attribute.type


def _is_empty(operand: Operand) -> bool:
    return isinstance(operand, (str, bytes)) and not operand


def _without(parts: Sequence[Condition], *used: Condition) -> Condition | None:
    return all_of(tuple(part for part in parts if not any(part is other for other in used)))


# Queries.


def _plan_queries(table: str, keys: KeySchema, parts: tuple[Condition, ...], options: ReadOptions) -> Plan | None:
    hash_choice = _alternatives(parts, keys.hash_key)
    if hash_choice is None:
        return None
    used, values = hash_choice
    folded = fold_range(conjuncts(_without(parts, used)), keys.range_key)
    if folded is None or not values:
        return _nothing(options)
    range_condition, rest = folded
    kept, residual = split_filter(rest, keys.names)
    limit = options.limit if kept is None and residual is None else None
    scalars = cast("tuple[str, ...]", values)  # or numbers, or binary: one type that has an order
    queries = tuple(
        Query(
            table,
            KeyCondition(Comparison(Path(keys.hash_key.name), EQ, value), range_condition),
            kept,
            descending=options.descending,
            limit=limit,
            consistent=options.consistent,
        )
        for value in sorted(set(scalars), reverse=options.descending)
    )
    return Plan(queries, residual, descending=options.descending, limit=options.limit)


def fold_range(
    parts: tuple[Condition, ...], attribute: KeyAttribute | None
) -> tuple[RangeCondition | None, tuple[Condition, ...]] | None:
    """One condition on the range key out of all that can be folded, with the conjuncts it does not cover.

    `None` where the conjuncts contradict each other. The stricter of several bounds wins; a lower and an upper one
    become BETWEEN, and a bound that excludes its own value stays behind as well, since BETWEEN includes it.
    """
    if attribute is None:
        return None, parts
    prefix = next((part for part in parts if _is_prefix(part, attribute)), None)
    if prefix is not None:
        return cast("BeginsWith", prefix), conjuncts(_without(parts, prefix))
    bounds = [part for part in parts if _is_bound(part, attribute)]
    rest = conjuncts(_without(parts, *bounds))
    folded = _fold_bounds(Path(attribute.name), bounds)
    return None if folded is None else (folded[0], (*folded[1], *rest))


def _is_prefix(part: Condition, attribute: KeyAttribute) -> bool:
    match part:
        case BeginsWith(Path((attribute.name,)), prefix):
            return _is_key_bound(prefix, attribute)
        case _:
            return False


def _is_bound(part: Condition, attribute: KeyAttribute) -> bool:
    match part:
        case Comparison(Path((attribute.name,)), "<" | "<=" | ">" | ">=", bound):
            return _is_key_bound(bound, attribute)
        case Between(Path((attribute.name,)), low, high):
            return _is_key_bound(low, attribute) and _is_key_bound(high, attribute)
        case _:
            return False


def _is_key_bound(operand: Operand, attribute: KeyAttribute) -> bool:
    """Whether a key condition takes the bound: DynamoDB refuses an empty one there, though not in a filter."""
    return _is_key_value(operand, attribute) and not _is_empty(operand)


def _fold_bounds(path: Path, bounds: Sequence[Condition]) -> tuple[RangeCondition | None, tuple[Condition, ...]] | None:
    lower = [bound for part in bounds for bound in _lower_bounds(part)]
    upper = [bound for part in bounds for bound in _upper_bounds(part)]
    # Of two bounds at one value the one that excludes it is the stricter.
    low = max(lower, key=lambda bound: (bound[0], bound[1] == GT), default=None)
    high = min(upper, key=lambda bound: (bound[0], bound[1] == LE), default=None)
    if low is None or high is None:
        only = low or high
        return (None if only is None else Comparison(path, only[1], only[0])), ()
    if low[0] > high[0] or (low[0] == high[0] and (low[1], high[1]) != (GE, LE)):
        return None
    strict = [Comparison(path, operator, value) for value, operator in (low, high) if operator in (GT, LT)]
    return Between(path, low[0], high[0]), tuple(strict)


def _lower_bounds(part: Condition) -> Iterator[Bound]:
    match part:
        case Comparison(_, (">" | ">=") as operator, value):
            yield value, operator
        case Between(_, low, _):
            yield low, GE
        case _:
            pass


def _upper_bounds(part: Condition) -> Iterator[Bound]:
    match part:
        case Comparison(_, ("<" | "<=") as operator, value):
            yield value, operator
        case Between(_, _, high):
            yield high, LE
        case _:
            pass


def split_filter(parts: Iterable[Condition], key_names: tuple[str, ...]) -> tuple[Condition | None, Condition | None]:
    """The conjuncts that the store can evaluate as a filter, and those that are left to the executor."""
    kept: list[Condition] = []
    left: list[Condition] = []
    for part in parts:
        names_key = any(path.attribute in key_names for path in paths_of(part))
        (left if names_key or not _fits((*kept, part)) else kept).append(part)
    return all_of(tuple(kept)), all_of(tuple(left))


def _fits(parts: tuple[Condition, ...]) -> bool:
    """Whether the conjuncts make one expression that DynamoDB takes."""
    condition = And(*parts)
    return (
        longest_in(parts[-1]) <= MAX_IN_OPERANDS
        and count_operators(condition) <= MAX_OPERATORS
        and rendered_bytes(condition) <= MAX_EXPRESSION_BYTES
    )


# Scans.


def _plan_scan(table: str, keys: KeySchema, parts: tuple[Condition, ...], options: ReadOptions) -> Plan:
    kept, residual = split_filter(parts, ())
    scan = Scan(table, kept, consistent=options.consistent)
    return Plan((scan,), residual, keys.names, options.descending, options.limit)
