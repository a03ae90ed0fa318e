"""Strategies: the ways to say *which items*, and how each is resolved.

A scalar or tuple key, a dict, an instance and a condition that fixes a key resolve to a `Target`: the key, and the
conditions that were ANDed to it. A list resolves to one target per entry. Any other condition stays as it is, and the
planner looks for keys in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.conditions import (
    EQ,
    And,
    AnyCondition,
    Comparison,
    Condition,
    In,
    Or,
    Path,
    all_of,
    conjuncts,
    is_value,
)
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.keys.model_keys import key_equalities
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded

if TYPE_CHECKING:  # most models have none
    from dynamongo.mapping.keys.composed import ComposedKeys

Strategy: TypeAlias = Any
"""What a caller passes to say which items are meant.

For one item:

- its key: the value of the hash key, or a `(hash, range)` tuple;
- a dict that holds the key under the names of its fields;
- an instance that holds the key;
- a condition that fixes the whole key with `==`; conditions ANDed to it must hold as well.

For several items, a list of these, or any condition.

It is `Any`, for functions that pass on what they were given. What the verbs of a model take depends on the type of its
keys; see `strategy_types`.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One item: its key, and the conditions that it must satisfy."""

    key: Item
    check: AnyCondition | None = None

    item: Recorded | None = field(default=None, repr=False, compare=False)
    """The instance that somebody gave to say which of several items, for the hooks of its model."""

    @property
    def condition(self) -> AnyCondition:
        """The target as a condition: the equalities of its key, and its checks."""
        return cast("AnyCondition", all_of((*key_equalities(self.key), *conjuncts(self.check))))


ResolvedStrategy: TypeAlias = tuple[Target, ...] | AnyCondition | None
"""The items that a strategy means: targets, a condition, or `None` for every item of the table."""


def resolve_one(strategy: Any, mapper: Mapper[Any], *, to_write: bool = False) -> Target:
    """Return the item that a strategy means.

    Args:
        strategy: What the user gave.
        mapper: The mapper of the model.
        to_write: Whether the item is to be written, so that the version of a loaded instance is checked.

    Raises:
        ExpressionError: The strategy does not fix the whole key, or names fields of another model.
        ValidationError: A key value does not suit its field.
    """
    item = strategy if isinstance(strategy, Recorded) else None
    return Target(*resolve_key(strategy, mapper, to_write=to_write), item)


def resolve_key(strategy: Any, mapper: Mapper[Any], *, to_write: bool = False) -> tuple[Item, AnyCondition | None]:
    """Return the key and the check of the item that a strategy means, as `resolve_one` does, without a `Target`."""
    keys = mapper.keys
    given = strategy  # which stays `Any`: a call of `cast` would cost more than the check
    if isinstance(strategy, tuple):
        if len(given) != keys.tuple_size:
            _refuse_tuple(given, mapper)
        return keys.codec.encode(given) if keys.key_templates is None else keys.key_templates.make_key(given), None
    if isinstance(strategy, Condition):
        return _from_condition(given, mapper)
    if isinstance(strategy, mapper.origin):
        # `getattr`, not `vars`: a key attribute that was not read raises `AttributeNotLoaded`.
        key = keys.codec.encode(tuple(getattr(strategy, name) for name in keys.field_names))
        return key, mapper.lock_of(strategy) if to_write else None
    # Most keys are strings, and a check against an ABC such as `Mapping` is slow.
    if not isinstance(strategy, str):
        if isinstance(strategy, Mapping):
            return _from_mapping(cast("Mapping[str, Any]", strategy), mapper), None
        # An instance of a base, which read it from an index that does not tell the kind.
        if isinstance(strategy, Recorded) and issubclass(mapper.origin, given.__mapper__.origin):
            return keys.codec.encode(tuple(getattr(given, name) for name in keys.field_names)), None
    values = (_check_scalar(strategy, mapper),)
    return keys.codec.encode(values) if keys.key_templates is None else keys.key_templates.make_key(values), None


def resolve_checked(strategy: Any, condition: Any, mapper: Mapper[Any], *, to_write: bool = True) -> Target:
    """Return the item that a strategy means, to be checked for the condition that was given beside it, if any.

    Raises:
        ExpressionError: As `resolve_one`; or `condition` is no condition, or names fields of another model.
        ValidationError: As `resolve_one`.
    """
    key, check = resolve_key(strategy, mapper, to_write=to_write)
    if condition is None:
        return Target(key, check)
    if not isinstance(condition, Condition):
        raise ExpressionError(
            f"{mapper.name}: condition must be a condition, such as User.age > 18; got {shorten(condition)}"
        )
    more: Any = condition
    mapper.check_paths(paths_of(more))
    return Target(key, more if check is None else And(check, more))


def resolve_many(strategy: Any, mapper: Mapper[Any], *, to_write: bool = False) -> ResolvedStrategy:
    """Return the items that a strategy means: one target per entry of a list, or else a condition.

    A single key counts as a list of one. A tuple is always a `(hash, range)` key, never a list.
    Raises as `resolve_one`.
    """
    if strategy is None:
        return None
    given = strategy  # which stays `Any`, as above
    if isinstance(strategy, Condition):
        condition: AnyCondition = given
        mapper.check_paths(paths_of(condition))
        return condition
    entries = strategy if _is_list(strategy) else (strategy,)
    if to_write:
        return tuple([resolve_one(entry, mapper, to_write=True) for entry in entries])
    return tuple([Target(*resolve_key(entry, mapper)) for entry in entries])  # a read calls no hooks with instances


def keys_condition(values: Iterable[Any], mapper: Mapper[Any]) -> AnyCondition:
    """Return the condition that the item's key is one of `values`, each of them a strategy for one item."""
    keys = mapper.keys
    targets = [resolve_one(value, mapper) for value in values]
    if targets and (keys.range_key is not None or any(target.check is not None for target in targets)):
        return Or(*(_own_condition(target, mapper) for target in targets))
    # An IN also for no values: it has no choices, and the planner knows that it holds for no item.
    hash_key = keys.hash_key.path
    return In(hash_key, tuple(target.key[hash_key.attribute] for target in targets))


def _own_condition(target: Target, mapper: Mapper[Any]) -> AnyCondition:
    """Return the target as a condition whose paths belong to the model, so that other models refuse it."""
    equalities = (Comparison(field.path, EQ, target.key[field.path.attribute]) for field in mapper.keys.fields)
    return cast("AnyCondition", all_of((*equalities, *conjuncts(target.check))))


def _is_list(strategy: Any) -> bool:
    return not isinstance(strategy, (str, bytes, bytearray, tuple, Mapping)) and isinstance(strategy, Iterable)


def _from_mapping(given: Mapping[str, Any], mapper: Mapper[Any]) -> Item:
    keys = mapper.keys
    if unknown := [name for name in given if name not in mapper.fields]:
        raise ExpressionError(mapper.describe_unknown(unknown))
    if keys.key_templates is not None and not given.keys().isdisjoint(keys.field_names):
        return _from_raw_mapping(given, mapper, keys.key_templates)
    names = keys.part_names
    if any(given.get(name) is None for name in names):
        _refuse_mapping(given, names, mapper)
    values = tuple(given[name] for name in names)
    return keys.codec.encode(values) if keys.key_templates is None else keys.key_templates.make_key(values)


def _from_raw_mapping(given: Mapping[str, Any], mapper: Mapper[Any], templates: ComposedKeys) -> Item:
    """Return the key of a dict that holds key attributes themselves, perhaps beside what they are composed of."""
    fields = dict.fromkeys((*mapper.keys.fields, *mapper.keys.parts))
    values = {field: given[field.path.name] for field in fields if given.get(field.path.name) is not None}
    stored = {field.path.attribute: field.encode_key(value) for field, value in values.items()}
    key, _ = templates.find_key(stored)
    for name, value in key.items():
        if stored.keys() >= set(templates.sources_of(name)) and (composed := templates.compose(name, stored)) != value:
            raise ValidationError(
                f"{mapper.name}: a dict must contain one key; its {mapper.attributes[name].path.name} is"
                f" {shorten(value)}, and the rest of it makes {shorten(composed)}"
            )
    if len(key) < len(mapper.keys.names):
        missing = [each for name in mapper.keys.names if name not in key for each in templates.sources_of(name)]
        _refuse_mapping(given, [mapper.renamed.get(name, name) for name in missing], mapper)
    return key


def _refuse_mapping(given: Mapping[str, Any], names: Iterable[str], mapper: Mapper[Any]) -> NoReturn:
    raise ExpressionError(
        f"{mapper.name}: a dict must contain the whole key ({', '.join(mapper.keys.part_names)});"
        f" {', '.join(name for name in names if given.get(name) is None)} is missing in {shorten(given)}"
    )


def _check_scalar(given: Any, mapper: Mapper[Any]) -> Any:
    keys = mapper.keys
    if not isinstance(given, (str, int)) and (_is_list(given) or isinstance(given, Field)):  # most keys are
        raise ExpressionError(
            f"{mapper.name}: expected one item, as {keys.describe()}; got {shorten(cast('object', given))}"
        )
    if keys.size != 1:
        what = (
            "has a range key"
            if keys.key_templates is None
            else "has a key of several values"
            if keys.size
            else "has one key"
        )
        raise ExpressionError(
            f"{mapper.name} {what}: pass ({', '.join(keys.part_names)}) as a tuple; got {shorten(given)}"
        )
    return given


def _refuse_tuple(given: tuple[Any, ...], mapper: Mapper[Any]) -> NoReturn:
    names = mapper.keys.part_names
    if len(names) == 1:
        what = "no range key" if mapper.key_templates is None else "a key of one value"
        raise ExpressionError(
            f"{mapper.name} has {what}: pass {names[0]} alone, or several keys in a list; got {shorten(given)}"
        )
    raise ExpressionError(f"{mapper.name}: a key must be a ({', '.join(names)}) tuple; got {shorten(given)}")


def _from_condition(condition: AnyCondition, mapper: Mapper[Any]) -> tuple[Item, AnyCondition | None]:
    templates, names, owners = mapper.key_templates, mapper.keys.names, mapper.owners
    wanted = names if templates is None else templates.named
    found: dict[str, AttributeValue] = {}
    checks: list[AnyCondition] = []
    for part in conjuncts(condition):
        name = _fixed_name(part)
        if name not in wanted or name in found:  # a second `==` on the key is a check, never dropped
            checks.append(part)
            continue
        fixed: Any = part  # a comparison of a path with a value
        if fixed.left.owner not in owners:
            mapper.check_paths((fixed.left,))
        found[name] = fixed.right
    if templates is not None:
        found, others = _compose(condition, found, mapper, templates)
        checks += others
    if len(found) < len(names):
        _refuse(condition, [name for name in names if name not in found], mapper)
    key = {name: found[name] for name in names}
    if not all(key.values()):
        for value, field in zip(key.values(), mapper.keys.fields, strict=True):
            field.refuse_empty(value)
    check = all_of(tuple(checks))
    if check is not None:
        mapper.check_paths(paths_of(check))
    return key, check


def _compose(
    condition: AnyCondition, given: dict[str, AttributeValue], mapper: Mapper[Any], templates: ComposedKeys
) -> tuple[Item, list[AnyCondition]]:
    """Return the key that the values of members make, and the conjuncts on members that it does not need."""
    found, used = templates.find_key(given)
    names = mapper.keys.names
    if len(found) < len(names):
        lacking = [each for name in names if name not in found for each in templates.sources_of(name)]
        _refuse(condition, [each for each in lacking if each not in given], mapper)
    first = {_fixed_name(part): part for part in reversed(conjuncts(condition))}
    return found, [first[name] for name in given if name not in used]


def _fixed_name(part: AnyCondition) -> Any:
    """Return the name of the attribute if the condition is `name == value`."""
    if isinstance(part, Comparison) and part.operator == EQ and isinstance(part.left, Path) and is_value(part.right):
        elements = part.left.elements
        return elements[0] if len(elements) == 1 else None
    return None


def _refuse(condition: AnyCondition, missing: list[str], mapper: Mapper[Any]) -> NoReturn:
    named = any(path.attribute in missing for path in paths_of(condition))
    names = " and ".join(mapper.renamed.get(name, name) for name in missing)
    if named and isinstance(condition, Or):
        reason = "the key is ORed; it must be ANDed with the other conditions"
    elif named:
        reason = f"{names} must be compared with == and a value, and ANDed"
    else:
        reason = f"{names} is missing"
    raise ExpressionError(
        f"{mapper.name}: expected one item, as {mapper.keys.describe()}, but {reason}; got `{condition}`"
    )
