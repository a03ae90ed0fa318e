"""The declaration of a model: its fields, keys, indexes and table, read from the class body.

A mistake raises `SchemaError` when the class is created; the message names the class and the attribute.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.sizes import text_size
from dynamongo.expressions.values import SCALAR_TYPES, ScalarType, check_name, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.durations import TimedeltaField
from dynamongo.fields.enumeration import EnumField
from dynamongo.fields.indexes import GlobalIndex, Index
from dynamongo.fields.version import VersionField
from dynamongo.mapping.keys import ModelKeys, name_model
from dynamongo.mapping.options import check_options, check_spelling, check_units, find_throughput, refuse
from dynamongo.schema import (
    MAX_GLOBAL_INDEXES,
    MAX_INDEX_ATTRIBUTES,
    MAX_KEY_NAME_BYTES,
    MAX_LOCAL_INDEXES,
    MAX_PROJECTED_ATTRIBUTES,
    IndexSchema,
    KeyAttribute,
    KeySchema,
    Projection,
    TableSchema,
    Throughput,
)

# Source: "Naming rules" in the DynamoDB developer guide. A table name has at least 3 characters with the prefix.
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_INDEX_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a concrete model declares."""

    table: TableSchema
    """The table, under its name without the connection's prefix."""

    keys: ModelKeys
    fields: Mapping[str, Field[Any]]
    indexes: Mapping[str, Index]
    """The indexes by the names of their attributes, each with its schema."""

    expires_by: str | None = None
    """The name of the attribute by which items expire."""

    version: str | None = None
    """The name of the attribute that counts the writes of an item."""

    required: frozenset[str] = frozenset()
    """The names of the attributes that every item has."""

    index_keys: tuple[str, ...] = ()
    """The names of the attributes that are keys of indexes."""

    def mark_expiry_field(self) -> None:
        """Tell each field whether items expire by it, because that field accepts whole seconds only."""
        for name, field in self.fields.items():
            field.is_expiry = False
            if name == self.expires_by:
                field.expire_items()


def collect_fields(model: type) -> dict[str, Field[Any]]:
    """Return the fields of the class and its bases, in the order of declaration, each bound to this class."""
    found: dict[str, Field[Any]] = {}
    others: set[str] = set()
    for base in reversed(model.__mro__):  # so that the first base wins, as for any other attribute
        for name, value in vars(base).items():
            if isinstance(value, Field):
                _check_name(model, name, others)
                found[name] = value
            elif isinstance(value, type) and issubclass(value, Field):
                refuse(model, name, f"is the class {value.__name__}, not a field: write {value.__name__}()")
            elif name in found:
                refuse(model, name, "hides a field of a base class")
            else:
                others.add(name)
    bound = {name: field.bind(model.__name__, Path(name).owned_by(name_model(model))) for name, field in found.items()}
    for field in bound.values():
        field.is_key = field.is_index_key = field.is_expiry = False  # it may be one only in a base class
        field.check_declaration()
    return bound


def collect_indexes(model: type) -> dict[str, Index]:
    """Return the indexes of the class and its bases, which refer to their fields by name."""
    found: dict[str, Index] = {}
    names: dict[int, str] = {}  # in a class body, `GlobalIndex(hash_key=name)` refers to a field that has no name yet
    for base in reversed(model.__mro__):
        names |= {id(cast("object", value)): name for name, value in vars(base).items() if isinstance(value, Field)}
        for name, value in vars(base).items():
            if isinstance(value, Index):
                found[name] = value.resolve(names)
            elif isinstance(value, type) and issubclass(value, Index):
                refuse(model, name, f"is the class {value.__name__}, not an index: write {value.__name__}(...)")
            else:
                found.pop(name, None)  # such as `by_name = None`, which drops an index of a base
    return found


def declare(model: type, fields: Mapping[str, Field[Any]], indexes: Mapping[str, Index]) -> Declaration:
    """Return the declaration of a concrete model with these fields and indexes."""
    check_spelling(model, vars(model))
    check_options(model)
    keys = _model_keys(model, fields)
    schema = KeySchema(*(_key_attribute(model, field) for field in keys.fields))
    throughput = find_throughput(model)
    schemas = {name: _index_schema(model, name, index, fields, schema) for name, index in indexes.items()}
    _check_indexes(model, schemas)
    table = TableSchema(_table(model), schema, throughput, tuple(schemas.values()))
    bound = {name: index.bind(f"{model.__name__}.{name}", schemas[name]) for name, index in indexes.items()}
    required = frozenset(name for name, field in fields.items() if field.required)
    index_keys = tuple(dict.fromkeys(name for index in table.indexes for name in index.keys.names))
    return Declaration(
        table, keys, fields, bound, _expires_by(model, fields), _version(model, fields), required, index_keys
    )


def _check_name(model: type, name: str, others: Collection[str]) -> None:
    if name.startswith("_"):
        refuse(model, name, "is a field; its name must not start with an underscore")
    try:
        check_name(name)
    except ValidationError as error:
        raise SchemaError(f"{model.__name__}: DynamoDB does not allow the name of a field: {error}") from error
    if name in others:
        refuse(model, name, "is a field that would hide a method or attribute; rename it")


def _expires_by(model: type, fields: Mapping[str, Field[Any]]) -> str | None:
    name = getattr(model, "__ttl__", None)
    if name is None:
        return None
    field = _find_field(model, "__ttl__", name, fields)
    # Stored as numbers, too, but not as points in time.
    if field.stored_type != "N" or isinstance(field, (EnumField, TimedeltaField, VersionField)):
        refuse(
            model,
            "__ttl__",
            "must name a field that is stored as a number of seconds since 1970, such as a TimestampField;"
            f" {name} is a {type(field).__name__}",
        )
    copy.copy(field).expire_items()  # checks a copy: the field must not change if a later check fails
    return field.path.attribute


def _version(model: type, fields: Mapping[str, Field[Any]]) -> str | None:
    names = [name for name, field in fields.items() if isinstance(field, VersionField)]
    for name in names[1:]:
        refuse(model, name, f"is a second VersionField beside {names[0]}; a model can have only one")
    for name in names:
        if fields[name].is_key:
            refuse(model, name, "is a VersionField, which changes with every write, so it cannot be part of the key")
    return names[0] if names else None


def _table(model: type) -> str:
    table = getattr(model, "__table__", None)
    if table is None:
        refuse(
            model,
            "__table__",
            "is missing: set it to the name of the table (or set `__abstract__ = True` for a base class)",
        )
    if not isinstance(table, str) or not _TABLE_NAME.fullmatch(table):
        refuse(model, "__table__", f"must be 1 to 255 letters, digits, `_`, `.` and `-`; got {shorten(table)}")
    return table


def _model_keys(model: type, fields: Mapping[str, Field[Any]]) -> ModelKeys:
    hash_key = _key_field(model, "__hash_key__", fields)
    if hash_key is None:
        refuse(model, "__hash_key__", "is missing: set it to the name of the hash key field")
    range_key = _key_field(model, "__range_key__", fields)
    if range_key is hash_key:
        refuse(model, "__range_key__", "must differ from __hash_key__")
    keys = ModelKeys(model, hash_key, range_key)
    for field in keys.fields:
        field.is_key = True
    return keys


def _key_field(model: type, attribute: str, fields: Mapping[str, Field[Any]]) -> Field[Any] | None:
    name = getattr(model, attribute, None)
    return None if name is None else _find_key(model, attribute, name, fields)


def _find_key(model: type, attribute: str, name: object, fields: Mapping[str, Field[Any]]) -> Field[Any]:
    field = _find_field(model, attribute, name, fields)
    field.check_key()
    return field


def _find_field(model: type, attribute: str, name: object, fields: Mapping[str, Field[Any]]) -> Field[Any]:
    if not isinstance(name, str) or name not in fields:
        refuse(model, attribute, f"must be the name of a field ({', '.join(fields)}); got {shorten(name)}")
    return fields[name]


def _key_attribute(model: type, field: Field[Any]) -> KeyAttribute:
    name = field.path.attribute
    _check_index_attribute(model, name, name)
    return KeyAttribute(name, _scalar_type(model, field))


def _index_schema(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], table: KeySchema
) -> IndexSchema:
    name = attribute if index.name is None else index.name
    if not _is_index_name(name):
        refuse(model, attribute, f"needs a name of 3 to 255 letters, digits, `_`, `.` and `-`; got {shorten(name)}")
    keys = _index_keys(model, attribute, index, fields, table)
    projection = _projection(model, attribute, index, fields, (*table.names, *keys.names))
    return IndexSchema(name, keys, projection, index.is_global, _index_throughput(model, attribute, index))


def _is_index_name(name: object) -> bool:
    return isinstance(name, str) and _INDEX_NAME.fullmatch(name) is not None


def _index_keys(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], table: KeySchema
) -> KeySchema:
    if index.is_global:
        hash_key = _index_key(model, f"{attribute}.hash_key", index.hash_key, fields)
    elif table.range_key is None:
        refuse(model, attribute, "is a local index, which needs a table with a range key: use a GlobalIndex")
    else:
        hash_key = table.hash_key
    has_range_key = index.range_key is not None or not index.is_global  # a local index is nothing but a range key
    range_key = _index_key(model, f"{attribute}.range_key", index.range_key, fields) if has_range_key else None
    if range_key in (hash_key, None if index.is_global else table.range_key) and range_key is not None:
        refuse(model, f"{attribute}.range_key", f"must be another field; {range_key.name} is already a key")
    return KeySchema(hash_key, range_key)


def _index_key(model: type, attribute: str, name: object, fields: Mapping[str, Field[Any]]) -> KeyAttribute:
    field = _find_key(model, attribute, name, fields)
    field.is_index_key = True
    return _key_attribute(model, field)


def _projection(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], keys: Collection[str]
) -> Projection:
    if isinstance(index.projection, str):
        return Projection(index.projection)
    wanted = [_find_field(model, f"{attribute}.projection", name, fields) for name in index.projection]
    names = tuple(name for name in dict.fromkeys(field.path.attribute for field in wanted) if name not in keys)
    if len(names) > MAX_INDEX_ATTRIBUTES:
        most = f"at most {MAX_INDEX_ATTRIBUTES} attributes besides the keys, or be 'all'"
        refuse(model, f"{attribute}.projection", f"must have {most}; got {len(names)}")
    for name in names:
        _check_index_attribute(model, f"{attribute}.projection", name)
    return Projection("include", names) if names else Projection("keys_only")


def _check_index_attribute(model: type, attribute: str, name: str) -> None:
    if (size := text_size(name)) > MAX_KEY_NAME_BYTES:
        expected = f"must be stored under a name of at most {MAX_KEY_NAME_BYTES} bytes"
        refuse(
            model,
            attribute,
            f"{expected}, as all attributes of keys and projections; got {size} bytes: {shorten(name)}",
        )


def _index_throughput(model: type, attribute: str, index: Index) -> Throughput | None:
    """Return what is provisioned for an index: nothing for a local one, or where the table is billed on demand."""
    table = find_throughput(model)
    if table is None or not isinstance(index, GlobalIndex):
        return None
    read_units, write_units = index.read_units, index.write_units
    return Throughput(
        check_units(model, f"{attribute}.read_units", table.read_units if read_units is None else read_units),
        check_units(model, f"{attribute}.write_units", table.write_units if write_units is None else write_units),
    )


def _check_indexes(model: type, schemas: Mapping[str, IndexSchema]) -> None:
    """Refuse what no table can have: duplicate names, and more indexes or attributes than the limits allow."""
    named: dict[str, str] = {}
    for attribute, index in schemas.items():
        if index.name in named:
            refuse(model, attribute, f"has the same name as {named[index.name]}: {index.name}")
        named[index.name] = attribute
    counts = {
        "global indexes": (sum(index.is_global for index in schemas.values()), MAX_GLOBAL_INDEXES),
        "local indexes": (sum(not index.is_global for index in schemas.values()), MAX_LOCAL_INDEXES),
        "attributes in the projections of its indexes": (
            sum(len(index.projection.attributes) for index in schemas.values()),
            MAX_PROJECTED_ATTRIBUTES,
        ),
    }
    for what, (count, most) in counts.items():
        if count > most:
            refuse(model, list(schemas)[-1], f"exceeds the limit of {most} {what} per table; got {count}")


def _scalar_type(model: type, field: Field[Any]) -> ScalarType:
    for scalar_type in SCALAR_TYPES:
        if field.stored_type == scalar_type:
            return scalar_type
    stored = field.stored_type or 'any type; a custom field declares one with stored_type = "S"'
    kind = type(field).__name__
    refuse(model, field.path.attribute, f"is a key, which must be stored as S, N or B; {kind} stores {stored}")
