"""Conjuncts: the parts of a condition that are ANDed at the top; what they say of keys, and which a filter takes."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import cast

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
    Operand,
    Or,
    Path,
    all_of,
    conjuncts,
    is_value,
)
from dynamongo.expressions.limits import (
    MAX_EXPRESSION_BYTES,
    MAX_IN_OPERANDS,
    MAX_OPERATORS,
    count_operators,
    longest_in,
    rendered_bytes,
)
from dynamongo.expressions.operands import operands_of, paths_of
from dynamongo.expressions.values import AttributeValue, type_of
from dynamongo.schema import KeyAttribute

MAX_NESTING = 20
"""How deep keys are searched for in a condition; what is nested deeper is left to a filter.

The searches recurse, and a condition may be nested deeper than the stack of Python allows.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A conjunct that restricts a key attribute to a few values.

    Attributes:
        part: The conjunct.
        values: The values, without empty ones: no key holds them, and DynamoDB refuses to search for one.
        says_more: Whether the conjunct also has to be evaluated, since it says more than the values do.
    """

    part: AnyCondition
    values: tuple[AttributeValue, ...]
    says_more: bool = False

    @property
    def rank(self) -> tuple[int, bool]:
        """The lower, the better."""
        return len(self.values), self.says_more


def find_choice(parts: Sequence[AnyCondition], attribute: KeyAttribute, depth: int = 0) -> Choice | None:
    """Return the conjunct that restricts the attribute to the fewest values, if any does.

    Of `h IN (1, 2)` and `h = 1` that is the second: the first remains a condition on the items.
    """
    best: Choice | None = None
    for part in parts:
        choice = _choice_of(part, attribute, depth)
        if choice is not None and (best is None or choice.rank < best.rank):
            best = choice
    return best


def _choice_of(part: AnyCondition, attribute: KeyAttribute, depth: int) -> Choice | None:
    if isinstance(part, Comparison):
        if part.operator != EQ or not _is_attribute(part.left, attribute) or not is_key_value(part.right, attribute):
            return None
        return Choice(part, () if is_empty(part.right) else (cast("AttributeValue", part.right),))
    if isinstance(part, In):
        if not _is_attribute(part.operand, attribute) or not all(
            is_key_value(each, attribute) for each in part.choices
        ):
            return None
        return Choice(part, tuple(cast("AttributeValue", each) for each in part.choices if not is_empty(each)))
    if isinstance(part, Or) and depth < MAX_NESTING:
        # One branch without a value for the attribute lets every value through.
        found = [find_choice(conjuncts(branch), attribute, depth + 1) for branch in part.parts]
        return None if None in found else _join(part, part.parts, cast("list[Choice]", found))
    return None


def _join(part: Or, branches: Sequence[AnyCondition], found: Sequence[Choice]) -> Choice:
    # `(h = 1 AND a = 2) OR h = 3` names the values 1 and 3, but its first branch also has to be evaluated.
    says_more = any(
        choice.says_more or choice.part is not branch for choice, branch in zip(found, branches, strict=True)
    )
    return Choice(part, tuple(itertools.chain.from_iterable(choice.values for choice in found)), says_more)


def _is_attribute(operand: Operand, attribute: KeyAttribute) -> bool:
    """Return whether the operand is the attribute itself."""
    return isinstance(operand, Path) and operand.elements == (attribute.name,)


def is_key_value(operand: Operand, attribute: KeyAttribute) -> bool:
    """Return whether the operand is a value of the key attribute's type."""
    return is_value(operand) and type_of(operand) == attribute.type


def is_empty(operand: Operand) -> bool:
    """Return whether the operand is an empty string or binary value, which no key can hold."""
    return isinstance(operand, (str, bytes)) and not operand


def without(parts: Iterable[AnyCondition], *used: AnyCondition) -> AnyCondition | None:
    """Return the condition without the conjuncts that were used."""
    identities = set(map(id, used))  # comparing trees would take time, and drop an equal conjunct that was not used
    return all_of(tuple(part for part in parts if id(part) not in identities))


def demands(part: AnyCondition, attribute: str, depth: int = 0) -> bool:
    """Return whether the condition holds only for items with the attribute; `False` beyond `MAX_NESTING`."""
    match part:
        case Comparison(_, operator, _):
            # A missing attribute differs from every value, so `<>` holds for items without it.
            return operator != "<>" and Path(attribute) in operands_of(part)
        case In(operand, _):  # one of several choices may be missing
            return operand == Path(attribute)
        case Between() | BeginsWith() | Contains() | Exists() | IsType():
            return Path(attribute) in operands_of(part)
        case And(parts) if depth < MAX_NESTING:
            return any(demands(each, attribute, depth + 1) for each in parts)
        case Or(parts) if depth < MAX_NESTING:
            return all(demands(each, attribute, depth + 1) for each in parts)
        case _:  # NOT and `NotExists` hold for items without the attribute
            return False


def split_filter(
    parts: Iterable[AnyCondition], key_names: Collection[str], held: Collection[str] | None = None
) -> tuple[AnyCondition | None, AnyCondition | None]:
    """Split the conjuncts into those that the store evaluates as a filter, and those that are left to the executor.

    Args:
        parts: The conjuncts.
        key_names: The attributes that a filter may not name: the keys of the table or index that is queried.
        held: The attributes that a filter can name; `None` for all. What a local index fetches from the table is not
            among them.

    Source: "FilterExpression" in Query, API reference.
    """
    kept: list[AnyCondition] = []
    left: list[AnyCondition] = []
    operators, length = -1, 0  # of the kept ones as one AND: one operator between any two
    for part in parts:
        names = {path.attribute for path in paths_of(part)}
        is_sendable = names.isdisjoint(key_names) and (held is None or names.issubset(held))
        # `And(part)`: with the AND and the parentheses that join it to the others.
        more_operators, more_length = 1 + count_operators(part), rendered_bytes(And(part))
        is_small = operators + more_operators <= MAX_OPERATORS and length + more_length <= MAX_EXPRESSION_BYTES
        if is_sendable and is_small and longest_in(part) <= MAX_IN_OPERANDS:
            kept.append(part)
            operators, length = operators + more_operators, length + more_length
        else:
            left.append(part)
    return all_of(tuple(kept)), all_of(tuple(left))
