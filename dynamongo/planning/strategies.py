"""Strategies: the ways to say *which items*, and what each of them comes to.

A key as a scalar or `(hash, range)` tuple, a dict, an instance and a key condition come to a `Target`: a key, with
the checks that were ANDed to it. A list comes to one target per entry. Any other condition stays a condition, and
the planner finds the keys in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import (
    EQ,
    BaseCondition,
    Comparison,
    Condition,
    In,
    Or,
    Path,
    all_of,
    conjuncts,
    is_value,
    paths_of,
)
from dynamongo.expressions.values import AttributeValue, Item, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.key_codec import KeyCodec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """One item: its key, and what it must satisfy beside."""

    key: Item
    check: Condition | None = None

    @property
    def condition(self) -> Condition:
        """The target as a condition: its key's equalities and its checks."""
        return cast("Condition", all_of((*key_equalities(self.key), *conjuncts(self.check))))


Source: TypeAlias = tuple[Target, ...] | Condition | None
"""What a strategy for many items comes to; `None` is every item of the table."""


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """The key fields of a model, as strategies need them."""

    model: type
    hash_key: Field[Any]
    range_key: Field[Any] | None = None
    declared: frozenset[str] = frozenset()
    """The names of all fields of the model."""

    codec: KeyCodec = field(init=False, repr=False, compare=False)
    """What makes the key of the values of its fields."""

    owners: frozenset[str | None] = field(init=False, repr=False, compare=False)
    """The owners of paths that need no look: the model, and `None` where no field made the path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "codec", KeyCodec(self.fields))
        object.__setattr__(self, "owners", frozenset([None, name_model(self.model)]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the key attributes, hash key first."""
        return self.codec.names

    @property
    def fields(self) -> tuple[Field[Any], ...]:
        """The key fields, hash key first."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)

    def describe(self) -> str:
        """What a strategy has to say, for messages: `email == …`, or both keys' equalities."""
        return " and ".join(f"`{name} == …`" for name in self.names)


def name_model(model: type) -> str:
    """The full name of a model, as the paths of its fields have it."""
    return f"{model.__module__}.{model.__qualname__}"


def check_owner(model: Any, path: Path, *, to_write: bool = False) -> None:
    """Refuse the path of a field of another model, which may have the same name and hold something else.

    Args:
        model: The model.
        path: What a condition or an update is about.
        to_write: Whether a value is stored there or copied from there, so that the rules of the fields count.

    Raises:
        ExpressionError: The path was made by a field of neither the model nor one of its bases, or by one of a base
            that the model declares anew with another stored form or other rules.
    """
    if path.owner is None or path.owner == name_model(model):
        return
    base: Any = next((each for each in model.__mro__ if name_model(each) == path.owner), None)
    other = path.owner.rpartition(".")[2]
    if base is None:
        raise ExpressionError(
            f"{model.__name__}: {path} is a field of {other}; use that of {model.__name__}, or a base of both"
        )
    own, inherited = model.__fields__[path.attribute], base.__fields__[path.attribute]
    is_same = own.can_copy(inherited) and inherited.can_copy(own) if to_write else own.stores_like(inherited)
    if not is_same:
        raise ExpressionError(
            f"{model.__name__}: {path} is a field of {other}, which {model.__name__} declares anew with other"
            f" {'rules' if own.stores_like(inherited) else 'values'}; use that of {model.__name__}"
        )


def key_equalities(key: Item) -> tuple[Comparison, ...]:
    """The key as conditions, one for each attribute."""
    return tuple(Comparison(Path(name), EQ, value) for name, value in key.items())


def resolve_one(strategy: Any, keys: ModelKeys, *, to_write: bool = False) -> Target:
    """The item that a strategy means.

    Args:
        strategy: What the user gave.
        keys: The keys of the model.
        to_write: Whether the item is to be written, so that the version of a loaded instance counts.

    Raises:
        ExpressionError: The strategy does not fix the whole key.
        ValidationError: A key value does not suit its field.
    """
    if isinstance(strategy, tuple):
        return Target(keys.codec.encode(_check_tuple(cast("tuple[Any, ...]", strategy), keys)))
    if isinstance(strategy, BaseCondition):
        return _from_condition(cast("Condition", strategy), keys)
    if isinstance(strategy, keys.model):
        return _from_instance(strategy, keys, to_write=to_write)
    if not isinstance(strategy, str) and isinstance(strategy, Mapping):
        return Target(keys.codec.encode(_from_mapping(cast("Mapping[str, Any]", strategy), keys)))
    return Target(keys.codec.encode((_check_scalar(strategy, keys),)))


def resolve_many(strategy: Any, keys: ModelKeys, *, to_write: bool = False) -> Source:
    """The items that a strategy means: one target per entry of a list, else a condition.

    A single key counts as a list of one. A tuple is always a `(hash, range)` key, never a list.
    Raises as `resolve_one`.
    """
    if strategy is None or isinstance(strategy, BaseCondition):
        return cast("Condition | None", strategy)
    if _is_list(strategy):
        return tuple(resolve_one(entry, keys, to_write=to_write) for entry in strategy)
    return (resolve_one(strategy, keys, to_write=to_write),)


def keys_condition(values: Iterable[Any], keys: ModelKeys) -> Condition:
    """The condition that the item's key is one of `values`, each of them a strategy for one item."""
    targets = [resolve_one(value, keys) for value in values]
    if targets and (keys.range_key is not None or any(target.check is not None for target in targets)):
        return Or(*(_own_condition(target, keys) for target in targets))
    hash_key = keys.hash_key.path
    return In(hash_key, tuple(target.key[hash_key.attribute] for target in targets))


def _own_condition(target: Target, keys: ModelKeys) -> Condition:
    """The target as a condition that knows its model."""
    equalities = (Comparison(field.path, EQ, target.key[field.path.attribute]) for field in keys.fields)
    return cast("Condition", all_of((*equalities, *conjuncts(target.check))))


def _is_list(strategy: Any) -> bool:
    return not isinstance(strategy, (str, bytes, bytearray, tuple, Mapping)) and isinstance(strategy, Iterable)


def _name(keys: ModelKeys) -> str:
    return keys.model.__name__


def _from_instance(instance: Any, keys: ModelKeys, *, to_write: bool) -> Target:
    key = keys.codec.encode(tuple(getattr(instance, name) for name in keys.names))
    return Target(key, instance._lock() if to_write else None)  # noqa: SLF001 - the model's own part


def _from_mapping(given: Mapping[str, Any], keys: ModelKeys) -> tuple[Any, ...]:
    if unknown := [name for name in given if name not in keys.declared]:
        raise ExpressionError(
            f"{_name(keys)}: a dict that names an item has names of fields; {', '.join(map(str, unknown))} is none"
        )
    missing = [name for name in keys.names if given.get(name) is None]
    if missing:
        raise ExpressionError(
            f"{_name(keys)}: a dict that names an item holds its whole key ({', '.join(keys.names)});"
            f" {', '.join(missing)} is missing in {shorten(given)}"
        )
    return tuple(given[name] for name in keys.names)


def _check_scalar(given: Any, keys: ModelKeys) -> Any:
    if _is_list(given) or isinstance(given, Field):
        raise ExpressionError(
            f"{_name(keys)}: one item was asked for, as {keys.describe()}; got {shorten(cast('object', given))}"
        )
    if keys.range_key is not None:
        raise ExpressionError(
            f"{_name(keys)} has a range key: give ({', '.join(keys.names)}) as a tuple; got {shorten(given)}"
        )
    return given


def _check_tuple(given: tuple[Any, ...], keys: ModelKeys) -> tuple[Any, ...]:
    if keys.range_key is None:
        raise ExpressionError(
            f"{_name(keys)} has no range key: give {keys.names[0]} alone, or several in a list; got {shorten(given)}"
        )
    if len(given) != 2:
        raise ExpressionError(f"{_name(keys)}: a key is a ({', '.join(keys.names)}) tuple; got {shorten(given)}")
    return given


def _from_condition(condition: Condition, keys: ModelKeys) -> Target:
    names = keys.names
    found: dict[str, AttributeValue] = {}
    checks: list[Condition] = []
    for part in conjuncts(condition):
        fixed = fixed_value(part, names)
        if fixed is None or fixed[0] in found:
            checks.append(part)
        else:
            if fixed[2].owner not in keys.owners:
                check_owner(keys.model, fixed[2])
            found[fixed[0]] = fixed[1]
    if len(found) < len(names):
        _refuse(condition, [name for name in names if name not in found], keys)
    key = {name: field.refuse_empty(found[name]) for name, field in zip(names, keys.fields, strict=True)}
    return Target(key, all_of(tuple(checks)))


def fixed_value(part: Condition, names: tuple[str, ...]) -> tuple[str, AttributeValue, Path] | None:
    """The name, the value and the path if the condition is `name == value` for one of the names."""
    if not isinstance(part, Comparison) or part.operator != EQ or not isinstance(part.left, Path):
        return None
    name = part.left.elements[0]
    if name not in names or len(part.left.elements) > 1 or not is_value(part.right):
        return None
    return name, part.right, part.left


def _refuse(condition: Condition, missing: list[str], keys: ModelKeys) -> None:
    named = any(path.attribute in missing for path in paths_of(condition))
    if named and isinstance(condition, Or):
        reason = "the key is ORed, and must be ANDed with the other conditions"
    elif named:
        reason = f"{' and '.join(missing)} must be compared with == and a value, and ANDed"
    else:
        reason = f"{' and '.join(missing)} is not in it"
    raise ExpressionError(
        f"{_name(keys)}: one item was asked for, as {keys.describe()}, but {reason}; got `{condition}`"
    )
