"""Key rules: what must be true of the key attributes of an item, and of a key in a request.

Nearly all values of key attributes are *usual*: of the right type, canonical, not empty and well below the limits of
size. One short test per table or index recognizes them and stands for all checks. Other values go through the checks
one by one, which find what is wrong or let them pass.

Source: "Constraints in Amazon DynamoDB", partition keys and sort keys, in the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

from dynamongo.backends.memory.checks import INVALID
from dynamongo.backends.memory.partitions import NO_SORT, Position
from dynamongo.exceptions import InvalidRequestError, ValidationError
from dynamongo.expressions.numbers import canonical_number
from dynamongo.expressions.sizes import value_size
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import AttributeValue, Item, ScalarType, equals, has_utf8_form, type_of
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

_MAX_HASH_BYTES = 2048  # "Quotas in Amazon DynamoDB", partition keys and sort keys
_MAX_RANGE_BYTES = 1024

Locator: TypeAlias = Callable[[Item], Position | None]
"""Returns the position of an item or key whose key attributes have usual values, and `None` for any other."""

_USUAL_LENGTH: Final = _MAX_RANGE_BYTES // 4
"""Text of so many characters fits the limit in bytes, since UTF-8 takes at most four bytes for a character."""

_ABSENT: Final = object()
_MISMATCH = "The provided key element does not match the schema"
_NOT_VALID = "One or more parameter values are not valid."
_EMPTY = "The AttributeValue for a key attribute cannot contain an empty {} value."
_INDEX_EMPTY = "A value specified for a secondary index key is not supported."
_UPDATE_EMPTY = "The update expression attempted to update a secondary index key to a value that is not supported."


class EmptyKeyError(ValidationError):
    """A key attribute is empty. In a transaction this refuses the request, where other bad keys cancel it."""


def make_locator(keys: KeySchema, names: Sequence[str]) -> Locator:
    """Make the locator for a key; `names` are the attributes of a position: the hash key, then those of the sort."""
    if not keys.is_plain:
        return _make_long_locator(keys, names)
    hash_name, is_usual_hash = keys.hash_key.name, _USUAL[keys.hash_key.type]
    read_sort = make_readers(keys, names)[1]
    range_key = keys.range_key
    if range_key is None:

        def locate(item: Item) -> Position | None:
            value = item.get(hash_name)
            return (value, read_sort(item)) if is_usual_hash(value) else None

        return locate

    # In an index, the sort goes on with the table's key, which is not tested: items in a table have valid ones, and
    # `resolve_cursor` tests that of a cursor first.
    range_name, is_usual_range = range_key.name, _USUAL[range_key.type]

    def locate_ranged(item: Item) -> Position | None:
        value = item.get(hash_name)
        if is_usual_hash(value) and is_usual_range(item.get(range_name)):
            return value, read_sort(item)
        return None

    return locate_ranged


def _make_long_locator(keys: KeySchema, names: Sequence[str]) -> Locator:
    """Make the locator for a key with several hash or range attributes."""
    read_hash, read_sort = make_readers(keys, names)
    tests = tuple((part.name, _make_usual_test(part, share)) for part, share in _shares_of(keys))

    def locate_all(item: Item) -> Position | None:
        for name, is_usual in tests:
            if not is_usual(item.get(name)):
                return None
        return read_hash(item), read_sort(item)

    return locate_all


def _shares_of(keys: KeySchema) -> list[tuple[KeyAttribute, int]]:
    """Return the key attributes, each with the number of those that share its limit of size."""
    return [(part, len(role)) for role in (keys.hash_attributes, keys.range_attributes) for part in role]


def _make_usual_test(part: KeyAttribute, share: int) -> Callable[[object], bool]:
    """Make the test whether a value is usual for a key attribute; `share` attributes have to fit the limit together."""
    is_usual, most = _USUAL[part.type], _USUAL_LENGTH // share
    if share == 1 or part.type == "N":  # a number has at most 21 bytes
        return is_usual
    return lambda value: is_usual(value) and len(cast("str | bytes", value)) <= most


def usual_test(kind: ScalarType) -> Callable[[object], bool]:
    """Return the test whether a value is usual for a key attribute of a type."""
    return _USUAL[kind]


def make_readers(keys: KeySchema, names: Sequence[str]) -> tuple[Callable[[Item], Any], Callable[[Item], Any]]:
    """Make functions that read an item's hash key value and its sort: the values of all other attributes in `names`."""
    count = len(keys.hash_attributes)
    return itemgetter(*names[:count]), itemgetter(*names[count:]) if len(names) > count else _read_no_sort


def make_index_test(schema: TableSchema) -> Callable[[Item], bool]:
    """Make a test for items: whether every attribute that is a key of an index is missing or has a usual value."""
    shares: dict[KeyAttribute, int] = {}
    for part, share in [each for index in schema.indexes for each in _shares_of(index.keys)]:
        shares[part] = max(share, shares.get(part, 1))
    tests = tuple((part.name, _make_usual_test(part, share)) for part, share in shares.items())

    def are_usual(item: Item) -> bool:
        for name, is_usual in tests:
            value = item.get(name, _ABSENT)
            if value is not _ABSENT and not is_usual(value):
                return False
        return True

    return are_usual


def check_key(keys: KeySchema, key: Item) -> None:
    """Refuse a key that does not consist of exactly the table's key attributes, with valid values."""
    if key.keys() != set(keys.names) or any(type_of(key[part.name]) != part.type for part in keys.attributes):
        raise InvalidRequestError(_MISMATCH)
    check_key_values(keys, key)


def check_item_key(keys: KeySchema, item: Item) -> None:
    """Refuse an item without valid values of the table's key attributes."""
    for part in keys.attributes:
        if part.name not in item:
            raise InvalidRequestError(f"{INVALID} Missing the key {part.name} in the item")
        if (actual := type_of(item[part.name])) != part.type:
            raise InvalidRequestError(
                f"{INVALID} Type mismatch for key {part.name} expected: {part.type} actual: {actual}"
            )
    check_key_values(keys, item)


def check_batch_item_key(keys: KeySchema, item: Item) -> None:
    """Do as `check_item_key`, with the message that BatchWriteItem has for a key of another type."""
    for part in keys.attributes:
        if part.name not in item:
            raise InvalidRequestError(f"{INVALID} Missing the key {part.name} in the item")
        if type_of(item[part.name]) != part.type:
            raise InvalidRequestError(_MISMATCH)
    check_key_values(keys, item)


def check_index_targets(schema: TableSchema, updates: Sequence[AnyUpdate]) -> None:
    """Refuse an update inside an attribute that is a key of an index: keys are scalars."""
    for update in updates:
        if len(update.path.elements) > 1:
            name = update.path.elements[0]
            if any(name in index.keys.names for index in schema.indexes):
                raise InvalidRequestError(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                    f"IndexKey: {name}"
                )


def check_key_values(keys: KeySchema, values: Item) -> None:
    """Refuse values of key attributes that are empty or too long; missing attributes pass."""
    for part in keys.attributes:
        if (kind := _empty_kind(values.get(part.name))) is not None:
            raise EmptyKeyError(f"{_NOT_VALID} {_EMPTY.format(kind)} Key: {part.name}")
    _check_sizes(keys, values)


def check_index_keys(schema: TableSchema, item: Item, old: Item | None = None) -> None:
    """Refuse an item with an attribute that is a key of an index and has an invalid value.

    This holds even if the item lacks the index's other key attribute, and so would not be in the index. After an
    update, `old` is the item before, and only attributes that differ from it are checked.
    """
    for index in schema.indexes:
        for part in index.keys.attributes:
            if part.name in item and not (old and part.name in old and equals(old[part.name], item[part.name])):
                # The wording of an empty key differs between UpdateItem and PutItem.
                _check_index_key(index.name, part, item[part.name], is_update=old is not None)
        _check_sizes(index.keys, item)


def can_be_in(keys: KeySchema, item: Item) -> bool:
    """Return whether an item's values can be keys of an index; items older than the index may have others."""
    try:  # the checks that a write makes, so that the two cannot disagree
        for part in keys.attributes:
            if part.name in item:
                _check_index_key("", part, item[part.name], is_update=False)
        _check_sizes(keys, item)
    except (InvalidRequestError, EmptyKeyError):
        return False
    return True


def _check_index_key(index: str, part: KeyAttribute, value: AttributeValue, *, is_update: bool) -> None:
    if (actual := type_of(value)) != part.type:
        raise InvalidRequestError(
            f"{INVALID} Type mismatch for Index Key {part.name} Expected: {part.type} Actual: {actual} "
            f"IndexName: {index}"
        )
    if (kind := _empty_kind(value)) is None:
        return
    if is_update:
        raise EmptyKeyError(f"{_NOT_VALID} {_UPDATE_EMPTY} {_EMPTY.format(kind)}")
    where = f"IndexName: {index}, IndexKey: {part.name}"
    raise EmptyKeyError(f"{_NOT_VALID} {_INDEX_EMPTY} {_EMPTY.format(kind)} {where}")


def _empty_kind(value: AttributeValue) -> str | None:
    if value or not isinstance(value, (str, bytes)):
        return None
    return "string" if isinstance(value, str) else "binary"


def _check_sizes(keys: KeySchema, values: Item) -> None:
    # That several attributes share the limit of one is the word of the message about range keys; AWS documents nothing.
    if _size_together(keys.hash_attributes, values) > _MAX_HASH_BYTES:
        raise InvalidRequestError(  # DynamoDB's message has no space before the number
            f"{INVALID} Size of hashkey has exceeded the maximum size limit of{_MAX_HASH_BYTES} bytes"
        )
    if _size_together(keys.range_attributes, values) > _MAX_RANGE_BYTES:
        raise InvalidRequestError(
            f"{INVALID} Aggregated size of all range keys has exceeded the size limit of {_MAX_RANGE_BYTES} bytes"
        )


def _size_together(attributes: Sequence[KeyAttribute], values: Item) -> int:
    return sum([value_size(values[part.name]) for part in attributes if part.name in values])


def _read_no_sort(_: Item) -> Any:
    return NO_SORT


def _is_usual_text(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= _USUAL_LENGTH and (value.isascii() or has_utf8_form(value))


def _is_usual_number(value: object) -> bool:
    # `type`, not `isinstance`: True is an int in Python, but no number in DynamoDB. A Decimal is left to the slow path,
    # which makes it canonical: 1.0 is the key 1.
    return type(value) is int and canonical_number(value) is not None


def _is_usual_binary(value: object) -> bool:
    return type(value) is bytes and 0 < len(value) <= _USUAL_LENGTH


_USUAL: dict[ScalarType, Callable[[object], bool]] = {
    "S": _is_usual_text,
    "N": _is_usual_number,
    "B": _is_usual_binary,
}
