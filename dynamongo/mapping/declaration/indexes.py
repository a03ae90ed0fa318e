"""The declaration of indexes: from `GlobalIndex(...)` and `LocalIndex(...)` in a class body to their schemas."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import GlobalIndex, Index
from dynamongo.mapping.declaration.named_fields import (
    check_attribute_name,
    find_field,
    find_key_field,
    make_key_attribute,
)
from dynamongo.mapping.declaration.options import check_units, find_throughput, refuse
from dynamongo.schema import (
    MAX_GLOBAL_INDEXES,
    MAX_INDEX_ATTRIBUTES,
    MAX_KEY_ATTRIBUTES,
    MAX_LOCAL_INDEXES,
    MAX_PROJECTED_ATTRIBUTES,
    IndexSchema,
    KeyAttribute,
    KeySchema,
    Projection,
    Throughput,
)

_INDEX_NAME = r"[A-Za-z0-9_.-]{3,255}"
"""Source: "Naming rules" in the DynamoDB developer guide."""


def declare_indexes(
    model: type, indexes: Mapping[str, Index], fields: Mapping[str, Field[Any]], table: KeySchema
) -> dict[str, IndexSchema]:
    """Return the schemas of the indexes by their attributes.

    Args:
        model: The class.
        indexes: The indexes by their attributes.
        fields: The fields of the class.
        table: The keys of the table.
    """
    schemas = {name: _make_schema(model, name, index, fields, table) for name, index in indexes.items()}
    _check_indexes(model, schemas)
    return schemas


def _make_schema(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], table: KeySchema
) -> IndexSchema:
    name = attribute if index.name is None else index.name
    if not _is_index_name(name):
        refuse(model, attribute, f"needs a name of 3 to 255 letters, digits, `_`, `.` and `-`; got {shorten(name)}")
    keys = _make_keys(model, attribute, index, fields, table)
    projection = _make_projection(model, attribute, index, fields, (*table.names, *keys.names))
    return IndexSchema(name, keys, projection, index.is_global, _find_throughput(model, attribute, index))


def _is_index_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(_INDEX_NAME, name) is not None


def _make_keys(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], table: KeySchema
) -> KeySchema:
    if index.is_global:
        hash_key = _make_key(model, f"{attribute}.hash_key", index.hash_key, fields, is_range=False)
    elif table.range_key is None:
        refuse(model, attribute, "is a local index, which needs a table with a range key: use a GlobalIndex")
    elif isinstance(index.range_key, tuple):
        refuse(model, f"{attribute}.range_key", "must be one field; only the keys of a GlobalIndex take several")
    else:
        hash_key = list(table.hash_attributes)
    has_range_key = index.range_key is not None or not index.is_global  # a local index is nothing but a range key
    # A local index has the hash key of the table, so with the range key of the table, too, it would be the table.
    taken = [*hash_key, *(() if index.is_global else table.range_attributes)]
    if not has_range_key:
        return KeySchema(hash_key)
    range_key = _make_key(model, f"{attribute}.range_key", index.range_key, fields, taken, is_range=True)
    return KeySchema(hash_key, range_key)


def _make_key(  # noqa: PLR0913 - what names the key in messages, and what it may name
    model: type,
    attribute: str,
    key: object,
    fields: Mapping[str, Field[Any]],
    taken: Iterable[KeyAttribute] = (),
    *,
    is_range: bool,
) -> list[KeyAttribute]:
    """Return the attributes of a hash or range key, which is the name of a field or a tuple of names."""
    names = cast("tuple[object, ...]", key) if isinstance(key, tuple) else (key,)
    if not 0 < len(names) <= MAX_KEY_ATTRIBUTES:
        refuse(model, attribute, f"must have 1 to {MAX_KEY_ATTRIBUTES} fields; got {len(names)}")
    found: list[KeyAttribute] = []
    for name in names:
        field = find_key_field(model, attribute, name, fields, is_range=is_range)
        part = make_key_attribute(model, field)
        if part in (*taken, *found):
            refuse(model, attribute, f"must be another field; {field.path.name} is already a key")
        field.is_index_key = True
        found.append(part)
    return found


def _make_projection(
    model: type, attribute: str, index: Index, fields: Mapping[str, Field[Any]], keys: Collection[str]
) -> Projection:
    if isinstance(index.projection, str):
        return Projection(index.projection)
    wanted = [find_field(model, f"{attribute}.projection", name, fields) for name in index.projection]
    names = tuple(name for name in dict.fromkeys(field.path.attribute for field in wanted) if name not in keys)
    if len(names) > MAX_INDEX_ATTRIBUTES:
        most = f"at most {MAX_INDEX_ATTRIBUTES} attributes besides the keys, or be 'all'"
        refuse(model, f"{attribute}.projection", f"must have {most}; got {len(names)}")
    for name in names:
        check_attribute_name(model, f"{attribute}.projection", name)
    # DynamoDB refuses an INCLUDE without attributes.
    return Projection("include", names) if names else Projection("keys_only")


def _find_throughput(model: type, attribute: str, index: Index) -> Throughput | None:
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
            refuse(model, attribute, f"has the same name in DynamoDB as {named[index.name]}: {index.name!r}")
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
