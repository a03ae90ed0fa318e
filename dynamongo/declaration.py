"""The declaration of a model: from a class body to its fields, keys and table, with every mistake found at once.

A mistake raises `SchemaError` when the class is created, and its message names class and attribute.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

from dynamongo.conditions import Path
from dynamongo.connection import Connection
from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.scans import SCAN_POLICIES
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema, Throughput
from dynamongo.strategies import ModelKeys
from dynamongo.values import SCALAR_TYPES, ScalarType, shorten

Billing: TypeAlias = Literal["provisioned", "on_demand"]

_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_OPTIONS = (
    "__table__",
    "__hash_key__",
    "__range_key__",
    "__read_units__",
    "__write_units__",
    "__billing__",
    "__connection__",
    "__scans__",
    "__abstract__",
)
_BILLING: tuple[Billing, ...] = ("provisioned", "on_demand")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a concrete model declares. The name of the table is still without the connection's prefix."""

    table: TableSchema
    keys: ModelKeys
    fields: Mapping[str, Field[Any]]


def collect_fields(model: type) -> dict[str, Field[Any]]:
    """The fields of the class and of its bases, each bound to this class, in the order of declaration."""
    found: dict[str, Field[Any]] = {}
    others: set[str] = set()
    for base in reversed(model.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Field):
                _check_name(model, name, others)
                found[name] = value
            elif isinstance(value, type) and issubclass(value, Field):
                _refuse(model, name, f"is the class {value.__name__}, and not a field: write {value.__name__}()")
            elif name in found:
                _refuse(model, name, "hides a field of a base class")
            else:
                others.add(name)
    bound = {name: field.bind(model.__name__, Path(name)) for name, field in found.items()}
    for field in bound.values():
        field.is_key = False  # it may be one in the base class alone
        field.check_declaration()
    return bound


def declare(model: type, fields: Mapping[str, Field[Any]]) -> Declaration:
    """The declaration of a concrete model with these fields."""
    _check_spelling(model)
    _check_options(model)
    keys = _model_keys(model, fields)
    attributes = [
        KeyAttribute(name, _scalar_type(model, field)) for name, field in zip(keys.names, keys.fields, strict=True)
    ]
    return Declaration(TableSchema(_table(model), KeySchema(*attributes), _throughput(model)), keys, fields)


def _check_name(model: type, name: str, others: Collection[str]) -> None:
    if name.startswith("_"):
        _refuse(model, name, "is a field, whose name must not start with an underscore")
    if name in others:
        _refuse(model, name, "is a field that would hide a method or attribute; give it another name")


def _check_spelling(model: type) -> None:
    """Refuse `__rangekey__` and the like, without which the model would silently be another one."""
    for name in vars(model):
        if name.startswith("__") and name not in _OPTIONS and not hasattr(type, name):
            for option in difflib.get_close_matches(name, _OPTIONS, n=1, cutoff=0.75):
                _refuse(model, name, f"is not known; did you mean {option}?")


def _check_options(model: type) -> None:
    connection = getattr(model, "__connection__", None)
    if connection is not None and not isinstance(connection, Connection):
        _refuse(model, "__connection__", f"must be a Connection; got {shorten(connection)}")
    scans = getattr(model, "__scans__", None)
    if scans is not None and scans not in SCAN_POLICIES:
        _refuse(model, "__scans__", f"must be one of {', '.join(SCAN_POLICIES)}; got {shorten(scans)}")


def _table(model: type) -> str:
    table = getattr(model, "__table__", None)
    if table is None:
        _refuse(model, "__table__", "is missing: the name of the table (or `__abstract__ = True` for a base class)")
    if not isinstance(table, str) or not _TABLE_NAME.fullmatch(table):
        _refuse(model, "__table__", f"must be 1 to 255 letters, digits, `_`, `.` and `-`; got {shorten(table)}")
    return table


def _model_keys(model: type, fields: Mapping[str, Field[Any]]) -> ModelKeys:
    hash_key = _key_field(model, "__hash_key__", fields)
    if hash_key is None:
        _refuse(model, "__hash_key__", "is missing: the name of the field that is the hash key")
    range_key = _key_field(model, "__range_key__", fields)
    if range_key is hash_key:
        _refuse(model, "__range_key__", "must be another field than __hash_key__")
    return ModelKeys(model, hash_key, range_key, frozenset(fields))


def _key_field(model: type, attribute: str, fields: Mapping[str, Field[Any]]) -> Field[Any] | None:
    name = getattr(model, attribute, None)
    if name is None:
        return None
    if not isinstance(name, str) or name not in fields:
        _refuse(model, attribute, f"must be the name of a field ({', '.join(fields)}); got {shorten(name)}")
    field = fields[name]
    field.is_key = True
    field.check_key()
    return field


def _scalar_type(model: type, field: Field[Any]) -> ScalarType:
    for scalar_type in SCALAR_TYPES:
        if field.stored_type == scalar_type:
            return scalar_type
    stored = field.stored_type or "whatever it is given"
    _refuse(model, str(field.path), f"is a key, which is stored as S, N or B; {type(field).__name__} stores {stored}")


def _throughput(model: type) -> Throughput | None:
    billing = getattr(model, "__billing__", "provisioned")
    if billing not in _BILLING:
        _refuse(model, "__billing__", f"must be one of {', '.join(_BILLING)}; got {shorten(billing)}")
    units = [_units(model, name) for name in ("__read_units__", "__write_units__")]
    return None if billing == "on_demand" else Throughput(*units)


def _units(model: type, attribute: str) -> int:
    units = getattr(model, attribute, 8)
    if type(units) is not int or units < 1:
        _refuse(model, attribute, f"must be a positive int, in capacity units per second; got {shorten(units)}")
    return units


def _refuse(model: type, attribute: str, expected: str) -> NoReturn:
    raise SchemaError(f"{model.__name__}.{attribute} {expected}")
