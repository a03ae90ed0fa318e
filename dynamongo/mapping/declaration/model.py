"""The declaration of a model: its fields, keys, indexes and table, read from the class body.

A mistake raises `SchemaError` when the class is created; the message names the class and the attribute.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import check_name
from dynamongo.fields.base import Field
from dynamongo.fields.declared_names import refuse_shared_names
from dynamongo.fields.indexes import Index
from dynamongo.fields.version import VersionField
from dynamongo.mapping.declaration.named_fields import find_field, find_key_field, make_key_attribute
from dynamongo.mapping.declaration.options import check_options, check_spelling, find_throughput, refuse
from dynamongo.mapping.keys.model_keys import ModelKeys, name_model
from dynamongo.mapping.records import Recorded
from dynamongo.operations.table_names import describe_name_fault
from dynamongo.schema import KeySchema, TableSchema

if TYPE_CHECKING:
    from dynamongo.mapping.declaration import indexes as index_declaration
    from dynamongo.mapping.keys import composed as composed_keys
else:  # many tables have no index, and most no key that is composed of other fields
    composed_keys = LazyModule("dynamongo.mapping.keys.composed")
    index_declaration = LazyModule("dynamongo.mapping.declaration.indexes")

_NAMES_OF_FIELDS = ("__hash_key__", "__range_key__", "__ttl__")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a concrete model declares."""

    table: TableSchema
    """The table, under what `__table__` says: its name without the prefix, its ARN, or "" for a callable."""

    keys: ModelKeys
    fields: Mapping[str, Field[Any]]
    indexes: Mapping[str, Index]
    """The indexes by the names of their attributes, each with its schema."""

    expires_by: str | None = None
    """The name of the attribute by which items expire."""

    version: Path | None = None
    """The path of the attribute that counts the writes of an item."""

    required: frozenset[str] = frozenset()
    """The names of the attributes that every item has."""

    index_keys: tuple[str, ...] = ()
    """The names of the attributes that are keys of indexes."""

    def mark_expiry_field(self) -> None:
        """Tell each field whether items expire by it, because that field accepts whole seconds only."""
        for field in self.fields.values():
            field.is_expiry = False
            if field.path.attribute == self.expires_by:
                field.expire_items()


def collect_fields(model: type) -> dict[str, Field[Any]]:
    """Return the fields of the class and its bases, in the order of declaration, each bound to this class."""
    return _bind_fields(model, find_fields(model, "model", is_ours))


def find_fields(
    model: type,
    what: str,
    is_ours: Callable[[type], bool],
    body_of: Callable[[type], Mapping[str, Any]] = vars,
) -> dict[str, Field[Any]]:
    """Return the fields that a class body and those of its bases declare, in the order of declaration.

    Args:
        model: The class.
        what: What it is, in a word.
        is_ours: Whether a base is one of the library, whose names no field may have.
        body_of: Returns what a class body declares.
    """
    found: dict[str, Field[Any]] = {}
    others: set[str] = set()
    for base in reversed(model.__mro__):  # so that the first base wins, as for any other attribute
        if not found and is_ours(base):
            others.update(vars(base))
            continue
        for name, value in body_of(base).items():
            if isinstance(value, Field):
                _check_name(model, name, others, what)
                found[name] = value
            elif hasattr(cast("object", type(value)), "__document__"):
                refuse(model, name, f"is a document, not a field: write DocumentField({type(value).__name__})")
            elif isinstance(value, type) and issubclass(value, Field):
                refuse(model, name, f"is the class {value.__name__}, not a field: write {value.__name__}()")
            elif name in found:
                refuse(model, name, "hides a field of a base class")
            else:
                others.add(name)
    refuse_shared_names(model.__name__, found)
    return found


def _bind_fields(model: type, fields: Mapping[str, Field[Any]]) -> dict[str, Field[Any]]:
    """Return a copy of each field that belongs to the class."""
    owner = name_model(model)
    bound = {
        name: field.bind(model.__name__, Path(field.stored_as or name).made_by(owner, name))
        for name, field in fields.items()
    }
    for field in bound.values():
        field.is_key = field.is_index_key = field.is_expiry = False  # it may be one only in a base class
        field.reserved_prefix, field.slots = None, ()
        field.check_declaration()
    return bound


def collect_indexes(model: type) -> dict[str, Index]:
    """Return the indexes of the class and its bases, which refer to their fields by name."""
    found: dict[str, Index] = {}
    names: dict[int, str] = {}  # in a class body, `GlobalIndex(hash_key=name)` refers to a field that has no name yet
    for base in reversed(model.__mro__):
        if not found and is_ours(base):
            continue
        # Bases come first, so that a class body can name the fields of its bases.
        names |= {id(cast("object", value)): name for name, value in vars(base).items() if isinstance(value, Field)}
        for name, value in vars(base).items():
            if isinstance(value, Index):
                found[name] = value.resolve(names)
            elif isinstance(value, type) and issubclass(value, Index):
                refuse(model, name, f"is the class {value.__name__}, not an index: write {value.__name__}(...)")
            else:
                found.pop(name, None)  # such as `by_name = None`, which drops an index of a base
    return found


def is_ours(base: type) -> bool:
    """Return whether the class is `Model` or a base of it, which has a hundred attributes, and no field or index.

    Searching them would take half of the time that a class takes to declare.
    """
    if base is object or base is Recorded:
        return True
    # The models of examples in docstrings are in these modules, too, and the first base of `Model` is no model.
    is_base = "__abstract__" in vars(base) or type(base) is type
    return is_base and base.__module__.startswith(("dynamongo.model.", "dynamongo.verbs."))


def declare(model: type, fields: Mapping[str, Field[Any]], indexes: Mapping[str, Index]) -> Declaration:
    """Return the declaration of a concrete model with these fields and indexes."""
    check_spelling(model, vars(model))
    check_options(model)
    # First, because it marks the fields of the key, which `_find_version` looks at.
    keys = _find_keys(model, fields)
    schema = KeySchema(*(make_key_attribute(model, field) for field in keys.fields))
    throughput = find_throughput(model)
    schemas = index_declaration.declare_indexes(model, indexes, fields, schema) if indexes else {}
    table = TableSchema(_find_table_name(model), schema, throughput, tuple(schemas.values()))
    bound = {name: index.bind(f"{model.__name__}.{name}", schemas[name]) for name, index in indexes.items()}
    required = frozenset(field.path.attribute for field in fields.values() if field.required)
    index_keys = tuple(dict.fromkeys(name for index in table.indexes for name in index.keys.names))
    return Declaration(
        table, keys, fields, bound, _find_expiry(model, fields), _find_version(model, fields), required, index_keys
    )


_HIDEABLE: Final = frozenset({"size"})
"""The methods that a field may hide, since many tables have such an attribute; `size_of(user)` does the same."""


def _check_name(model: type, name: str, others: Collection[str], what: str) -> None:
    if name in _NAMES_OF_FIELDS:
        refuse(model, name, 'must be the name of a field, such as "email"; got the field itself')
    if name.startswith("_"):
        refuse(model, name, f"is a field; its name must not start with an underscore{rename(name)}")
    try:
        check_name(name)
    except ValidationError as error:
        raise SchemaError(f"{model.__name__}: DynamoDB does not allow the name of a field: {error}") from error
    if name in others and name not in _HIDEABLE:
        refuse(model, name, f"is a field that would hide a method or attribute of every {what}{rename(name)}")


def rename(name: str) -> str:
    """Return how to declare the attribute of that name in spite of it."""
    other = f"{name.strip('_') or 'name'}{'' if name.startswith('_') else '_'}"
    return f': give it another one and say how it is stored, as in {other} = StringField(stored_as="{name}")'


def _find_expiry(model: type, fields: Mapping[str, Field[Any]]) -> str | None:
    name = getattr(model, "__ttl__", None)
    if name is None:
        return None
    field = find_field(model, "__ttl__", name, fields)
    # Enums, timedeltas and versions are stored as numbers, too, but not as seconds since 1970, which DynamoDB requires.
    # Source: "Using time to live (TTL) in DynamoDB" in the developer guide.
    if field.stored_type != "N" or not field.can_expire_items:
        refuse(
            model,
            "__ttl__",
            "must name a field that is stored as a number of seconds since 1970, such as a TimestampField;"
            f" {name} is a {type(field).__name__}",
        )
    copy.copy(field).expire_items()  # checks a copy: the field must not change if a later check fails
    return field.path.attribute


def _find_version(model: type, fields: Mapping[str, Field[Any]]) -> Path | None:
    names = [name for name, field in fields.items() if isinstance(field, VersionField)]
    for name in names[1:]:
        refuse(model, name, f"is a second VersionField beside {names[0]}; a model can have only one")
    for name in names:
        if fields[name].is_key:
            refuse(model, name, "is a VersionField, which changes with every write, so it cannot be part of the key")
    return fields[names[0]].path if names else None


def _find_table_name(model: type) -> str:
    table = getattr(model, "__table__", None)
    if table is None:
        refuse(
            model,
            "__table__",
            "is missing: set it to the name of the table (or set `__abstract__ = True` for a base class)",
        )
    if callable(table):  # asked for the name when a request needs it
        return ""
    if fault := describe_name_fault(table):
        refuse(model, "__table__", fault)
    return cast("str", table)


def _find_keys(model: type, fields: Mapping[str, Field[Any]]) -> ModelKeys:
    hash_key = _find_key(model, "__hash_key__", fields)
    if hash_key is None:
        refuse(model, "__hash_key__", "is missing: set it to the name of the hash key field")
    range_key = _find_key(model, "__range_key__", fields)
    if range_key is hash_key:
        refuse(model, "__range_key__", "must differ from __hash_key__")
    is_plain = all(field.derived is None for field in fields.values())
    templates = None if is_plain else composed_keys.find_templates(hash_key, range_key, fields)
    keys = ModelKeys(model, hash_key, range_key, templates)
    for field in keys.fields:
        field.is_key = True
    return keys


def _find_key(model: type, attribute: str, fields: Mapping[str, Field[Any]]) -> Field[Any] | None:
    name = getattr(model, attribute, None)
    is_range = attribute == "__range_key__"
    return None if name is None else find_key_field(model, attribute, name, fields, is_range=is_range)
