"""Reads across models: items of several kinds in one read, each as an instance of its own class."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from dynamongo.arguments import check_names
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import AnyCondition, Condition, all_of, conjuncts
from dynamongo.expressions.values import shorten
from dynamongo.mapping.keys.composed import ComposedKeys
from dynamongo.mapping.kinds.union_mapper import UnionMapper
from dynamongo.mapping.mapper import Mapper
from dynamongo.verbs.read_arguments import AnyReadArguments, ReadArguments
from dynamongo.verbs.read_calls import prepare_find

R = TypeVar("R")

_MAX_UNIONS: Final = 32
"""How many combinations a model keeps, with the templates of their plans."""


class AcrossArguments(ReadArguments, total=False):
    """The keyword arguments of `Connection.find_across`.

    Attributes:
        hash_key: The value of the hash key of the table, or of the index that is named; a tuple of values for an index
            whose hash key has several attributes. Where all models compose it in the same way, the values of its
            members, or a dict of them; or the key itself, such as `"CUSTOMER#7"`.
        descending: Whether to reverse the order of a query.
        limit: How many items to return at most, of all models together.
        cursor: Where to continue: the `cursor` of a page of the same read.
    """

    hash_key: object
    descending: bool
    limit: int | None
    cursor: str | None


_NAMES: Final = ("models", "condition", *AcrossArguments.__annotations__)
_OPTIONS: Final[dict[str, Any]] = {"descending": False, "limit": None, "cursor": None}


class Across:
    """Several models of one table, as what a read takes for a model."""

    def __init__(self, models: Sequence[Any], mapper: UnionMapper[Any]) -> None:
        first = models[0]
        self.__mapper__ = mapper
        self.__name__ = mapper.name
        self.__connection__ = first.__connection__
        self.__scans__ = next((model.__scans__ for model in models if model.__scans__ is not None), None)
        self.table_name = first.table_name


def prepare_across(
    result_set: Callable[..., R], models: Sequence[Any], condition: Condition | None, arguments: AcrossArguments
) -> R:
    """Return the result set that `Connection.find_across` returns.

    Args:
        result_set: The class of the result set.
        models: The models.
        condition: As in `find_across`.
        arguments: The same.
    """
    check_names("find_across", arguments, _NAMES)
    across: Any = Across(models, _find_mapper(models))
    if condition is not None and not isinstance(cast("object", condition), Condition):
        raise ExpressionError(
            f"{across.__name__}: condition must be a condition, such as User.age > 18; got {shorten(condition)}"
        )
    given: dict[str, Any] = {**arguments}
    options = {name: given.pop(name, absent) for name, absent in _OPTIONS.items()}
    keys = _fix_hash_key(across.__mapper__, given.get("index"), given.pop("hash_key")) if "hash_key" in given else ()
    whole = all_of((*keys, *conjuncts(cast("AnyCondition | None", condition))))
    return prepare_find(
        result_set, across, whole, cast("AnyReadArguments", given), as_dicts=False, as_items=False, **options
    )


def _find_mapper(models: Sequence[Any]) -> UnionMapper[Any]:
    mappers = [_check(models[0], model) for model in models]
    made = mappers[0].unions
    # Two calls differ also where a class was derived in between, whose kind is read as well.
    key = tuple(
        (model, *(() if mapper.kinds is None else mapper.kinds.models.items()))
        for model, mapper in zip(models, mappers, strict=True)
    )
    found: UnionMapper[Any] | None = made.get(key)
    if found is None:
        if len(made) >= _MAX_UNIONS:  # of models that are bound to many tables
            made.clear()
        found = UnionMapper[Any](mappers)
        made[key] = found
    return found


def _check(first: Any, model: Any) -> Mapper[Any]:
    """Return the mapper of a model that can be read together with the first."""
    mapper: Any = getattr(model, "__mapper__", None) if isinstance(cast("object", model), type) else None
    if not isinstance(mapper, Mapper):
        raise ExpressionError(f"find_across takes models; got {shorten(model)}")
    known = cast("Mapper[Any]", mapper)
    declared = first.__mapper__.declaration.table.keys
    if model.table_name() != first.table_name() or connection_of(model) is not connection_of(first):
        raise ExpressionError(f"{first.__name__} and {known.name} cannot be read together: they have different tables")
    if known.declaration.table.keys != declared:
        raise ExpressionError(
            f"{first.__name__} and {known.name} cannot be read together: one declares the key {declared}, the other"
            f" {known.declaration.table.keys}"
        )
    return known


def _fix_hash_key(mapper: UnionMapper[Any], index: Any, value: Any) -> list[AnyCondition]:
    """Return the conditions that the hash key of the table or the index, or what it is composed of, has the value."""
    schema = mapper.declaration.table
    wanted = mapper.resolve_index(index)
    keys = next((each.keys for each in schema.indexes if each.name == wanted), schema.keys)
    own = [attribute.name for attribute in keys.hash_attributes]
    sources = [[name] if mapper.key_templates is None else mapper.key_templates.sources_of(name) for name in own]
    names = list(dict.fromkeys(itertools.chain.from_iterable(sources)))
    if isinstance(value, Mapping):
        return _fix_named(mapper, {*own, *names}, cast("Mapping[str, Any]", value))
    if len(own) == 1 and mapper.key_templates is not None and _is_whole_key(mapper.key_templates, own[0], value):
        return [cast("Any", mapper.attributes[own[0]]) == value]
    values = [value] if len(names) == 1 else _as_list(value)
    if len(values) != len(names):
        shown = ", ".join(mapper.attributes[name].path.name for name in names)
        raise ExpressionError(f"{mapper.name}: hash_key must be a tuple of {shown}; got {shorten(value)}")
    return [cast("Any", mapper.attributes[name]) == each for name, each in zip(names, values, strict=True)]


def _is_whole_key(templates: ComposedKeys, name: str, value: Any) -> bool:
    """Return whether the value is that of the key itself, which no member can have: it contains a separator."""
    key = templates.by_attribute.get(name)
    return key is not None and isinstance(value, str) and key.parse(value) is not None and key.separates(value)


def _fix_named(mapper: UnionMapper[Any], attributes: Container[str], values: Mapping[str, Any]) -> list[AnyCondition]:
    """Return the conditions that a dict of field names says, which are those of the hash key."""
    mapper.check_names(values, ExpressionError)
    found = [(mapper.fields[name], value) for name, value in values.items()]
    if others := [field.path.name for field, _ in found if field.path.attribute not in attributes]:
        raise ExpressionError(f"{mapper.name}: hash_key must name fields of the hash key; got {', '.join(others)}")
    return [cast("Any", field) == value for field, value in found]


def _as_list(value: Any) -> list[Any]:
    return list(cast("Sequence[Any]", value)) if isinstance(value, (tuple, list)) else []
