"""Keys: what must be true of the key attributes of an item, and of a key that a request gives.

Nearly all values of key attributes are *usual*: of the right type, in canonical form, and neither empty nor anywhere
near too long. For these a short test, made once for a table or index, stands for all the checks. Any other is looked
at by the checks themselves, which say what is wrong.

Source: "Constraints in Amazon DynamoDB", partition keys and sort keys, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from dynamongo.backends.memory.partitions import NO_SORT, Position
from dynamongo.exceptions import InvalidRequestError, ValidationError
from dynamongo.expressions.sizes import size_of
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import (
    AttributeValue,
    Item,
    ScalarType,
    canonical_number,
    equals,
    has_utf8_form,
    type_of,
)
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

MAX_HASH_BYTES = 2048
MAX_RANGE_BYTES = 1024

Locator: TypeAlias = Callable[[Item], Position | None]
"""Tells the position of an item or key whose key attributes are usual, and `None` for any other."""

_USUAL_LENGTH: Final = MAX_RANGE_BYTES // 4
"""So many characters are not too many bytes, whatever they are."""

_ABSENT: Final = object()
_MISMATCH = "The provided key element does not match the schema"
_NOT_VALID = "One or more parameter values are not valid."
_INVALID = "One or more parameter values were invalid:"
_EMPTY = "The AttributeValue for a key attribute cannot contain an empty {} value."
_INDEX_EMPTY = "A value specified for a secondary index key is not supported."
_UPDATE_EMPTY = "The update expression attempted to update a secondary index key to a value that is not supported."


class EmptyKeyValue(ValidationError):  # noqa: N818 - what it says is the mistake
    """A key attribute is empty. Of all that can be wrong with a key, this alone makes a whole transaction invalid."""


def make_locator(keys: KeySchema, names: Sequence[str]) -> Locator:
    """The locator for a key, and the names of the attributes in a position: the hash key, and what makes up a sort."""
    hash_name, is_usual_hash = keys.hash_key.name, _USUAL[keys.hash_key.type]
    read_sort = make_sort_reader(names)
    range_key = keys.range_key
    if range_key is None:

        def locate(item: Item) -> Position | None:
            value = item.get(hash_name)
            return (value, read_sort(item)) if is_usual_hash(value) else None

        return locate

    range_name, is_usual_range = range_key.name, _USUAL[range_key.type]

    def locate_ranged(item: Item) -> Position | None:
        value = item.get(hash_name)
        if is_usual_hash(value) and is_usual_range(item.get(range_name)):
            return value, read_sort(item)
        return None

    return locate_ranged


def is_usual(value: object, kind: ScalarType) -> bool:
    """Whether a value is what most values of key attributes of that type are."""
    return _USUAL[kind](value)


def make_sort_reader(names: Sequence[str]) -> Callable[[Item], Any]:
    """What reads an item's sort, which is made up of all these attributes but the first, the hash key."""
    return itemgetter(*names[1:]) if len(names) > 1 else _read_no_sort


def make_index_test(schema: TableSchema) -> Callable[[Item], bool]:
    """A test of an item: whether those of its attributes that are keys of indexes are usual, or not there."""
    parts = {part.name: _USUAL[part.type] for index in schema.indexes for part in index.keys.attributes}
    tests = tuple(parts.items())

    def are_usual(item: Item) -> bool:
        for name, is_usual in tests:
            value = item.get(name, _ABSENT)
            if value is not _ABSENT and not is_usual(value):
                return False
        return True

    return are_usual


def check_key(keys: KeySchema, key: Item) -> None:
    """Refuse a key that is not exactly the table's key attributes, with values that can be keys."""
    if key.keys() != set(keys.names) or any(type_of(key[part.name]) != part.type for part in keys.attributes):
        raise InvalidRequestError(_MISMATCH)
    check_key_values(keys, key)


def check_item_key(keys: KeySchema, item: Item) -> None:
    """Refuse an item without the table's key attributes."""
    for part in keys.attributes:
        if part.name not in item:
            raise InvalidRequestError(f"{_INVALID} Missing the key {part.name} in the item")
        if (actual := type_of(item[part.name])) != part.type:
            raise InvalidRequestError(
                f"{_INVALID} Type mismatch for key {part.name} expected: {part.type} actual: {actual}"
            )
    check_key_values(keys, item)


def check_batch_item_key(keys: KeySchema, item: Item) -> None:
    """`check_item_key` with the message that a batch gives for a key of another type."""
    for part in keys.attributes:
        if part.name not in item:
            raise InvalidRequestError(f"{_INVALID} Missing the key {part.name} in the item")
        if type_of(item[part.name]) != part.type:
            raise InvalidRequestError(_MISMATCH)
    check_key_values(keys, item)


def check_index_targets(schema: TableSchema, updates: Sequence[AnyUpdate]) -> None:
    """Refuse an update of what is inside an attribute that is a key of an index."""
    for update in updates:
        if len(update.path.elements) > 1:
            name = update.path.elements[0]
            if any(name in index.keys.names for index in schema.indexes):
                raise InvalidRequestError(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                    f"IndexKey: {name}"
                )


def check_key_values(keys: KeySchema, values: Item) -> None:
    """Refuse values of key attributes that are empty or too long; attributes that are not there pass."""
    for part in keys.attributes:
        if (kind := _empty_kind(values.get(part.name))) is not None:
            raise EmptyKeyValue(f"{_NOT_VALID} {_EMPTY.format(kind)} Key: {part.name}")
    _check_sizes(keys, values)


def check_index_keys(schema: TableSchema, item: Item, old: Item | None = None) -> None:
    """Refuse an item with an attribute that cannot be the key of an index it is part of, be the item in it or not.

    With `old`, which is what an update started from, only attributes that the update changed are looked at.
    """
    for index in schema.indexes:
        for part in index.keys.attributes:
            if part.name in item and not (old and part.name in old and equals(old[part.name], item[part.name])):
                _check_index_key(index.name, part, item[part.name], is_update=old is not None)
        _check_sizes(index.keys, item)


def can_be_in(keys: KeySchema, item: Item) -> bool:
    """Whether the item has values that can be the keys of an index, as those of an index that comes later need not."""
    try:
        for part in keys.attributes:
            if part.name in item:
                _check_index_key("", part, item[part.name], is_update=False)
        _check_sizes(keys, item)
    except (InvalidRequestError, EmptyKeyValue):
        return False
    return True


def _check_index_key(index: str, part: KeyAttribute, value: AttributeValue, *, is_update: bool) -> None:
    if (actual := type_of(value)) != part.type:
        raise InvalidRequestError(
            f"{_INVALID} Type mismatch for Index Key {part.name} Expected: {part.type} Actual: {actual} "
            f"IndexName: {index}"
        )
    if (kind := _empty_kind(value)) is None:
        return
    if is_update:
        raise EmptyKeyValue(f"{_NOT_VALID} {_UPDATE_EMPTY} {_EMPTY.format(kind)}")
    where = f"IndexName: {index}, IndexKey: {part.name}"
    raise EmptyKeyValue(f"{_NOT_VALID} {_INDEX_EMPTY} {_EMPTY.format(kind)} {where}")


def _empty_kind(value: AttributeValue) -> str | None:
    if value or not isinstance(value, (str, bytes)):
        return None
    return "string" if isinstance(value, str) else "binary"


def _check_sizes(keys: KeySchema, values: Item) -> None:
    hash_key, range_key = keys.hash_key.name, keys.range_key and keys.range_key.name
    if hash_key in values and size_of(values[hash_key]) > MAX_HASH_BYTES:
        raise InvalidRequestError(
            f"{_INVALID} Size of hashkey has exceeded the maximum size limit of{MAX_HASH_BYTES} bytes"
        )
    if range_key in values and size_of(values[range_key]) > MAX_RANGE_BYTES:
        raise InvalidRequestError(
            f"{_INVALID} Aggregated size of all range keys has exceeded the size limit of {MAX_RANGE_BYTES} bytes"
        )


def _read_no_sort(_: Item) -> Any:
    return NO_SORT


def _is_usual_text(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= _USUAL_LENGTH and (value.isascii() or has_utf8_form(value))


def _is_usual_number(value: object) -> bool:
    return type(value) is int and canonical_number(value) is not None


def _is_usual_binary(value: object) -> bool:
    return type(value) is bytes and 0 < len(value) <= _USUAL_LENGTH


_USUAL: dict[ScalarType, Callable[[object], bool]] = {
    "S": _is_usual_text,
    "N": _is_usual_number,
    "B": _is_usual_binary,
}
