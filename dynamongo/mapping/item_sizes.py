"""Sizes of items as users see them: in bytes and capacity units, by attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.explanations import as_item
from dynamongo.expressions.sizes import text_size, value_size
from dynamongo.expressions.values import MAX_ITEM_BYTES, Item, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.rules.base import encode_unsaved
from dynamongo.mapping.versions import next_version

_READ_BYTES = 4096
_WRITE_BYTES = 1024
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ItemSize:
    """How large an item is, as DynamoDB counts it for its limit of 400 KB and for capacity.

    Source: "Item sizes and formats", and "DynamoDB provisioned capacity mode", in the developer guide.

    Attributes:
        bytes: The bytes of all names and values.
        attributes: The bytes of each attribute, its name included, by the name of its field; the largest comes first.
    """

    bytes: int
    attributes: Mapping[str, int]

    @property
    def read_units(self) -> int:
        """What a consistent read consumes: 1 for every 4 KB. A read in a transaction takes twice as much."""
        return -(-self.bytes // _READ_BYTES) or 1

    @property
    def eventual_read_units(self) -> float:
        """What an eventually consistent read consumes, which is the default: half."""
        return self.read_units / 2

    @property
    def write_units(self) -> int:
        """What a write of the item to its table consumes: 1 for every KB. One in a transaction takes twice as much.

        A write that makes an item smaller consumes what the larger one did, and each index that changes adds its own.
        """
        return -(-self.bytes // _WRITE_BYTES) or 1

    @property
    def share(self) -> float:
        """The part of the 400 KB that it takes: 1.0 is all of it."""
        return self.bytes / MAX_ITEM_BYTES

    def describe_bytes(self) -> str:
        """Return the bytes beside those that an item can have."""
        return f"{self.bytes:,} of {MAX_ITEM_BYTES:,} bytes"

    def describe_largest(self) -> str:
        """Return the names and bytes of the largest attributes."""
        named = [f"{name} ({size:,})" for name, size in list(self.attributes.items())[:_SHOWN]]
        return f"the largest attributes: {', '.join(named)}"

    def __str__(self) -> str:
        units = f"read units: {self.read_units:,}, write units: {self.write_units:,}"
        return f"{self.describe_bytes()} ({units}); {self.describe_largest()}"


def size_of(item: object) -> ItemSize:
    """Return the size of the item that an instance would be stored as now. Makes no request.

    Args:
        item: An instance; or attribute values by their stored names, such as an instance's `to_item()`.

    Raises:
        ValidationError: A value does not suit its field, or a required one is missing.
        AttributeNotLoaded: The item was only partly read.

    >>> print(size_of({"name": "Oslo", "tags": ["city", "fjord"]}))
    26 of 409,600 bytes (read units: 1, write units: 1); the largest attributes: tags (18), name (8)
    """
    if isinstance(item, Mapping):
        return measure(as_item(cast("Mapping[str, Any]", item)), {})
    known: Any = item
    mapper: Any = getattr(cast("Any", type(known)), "__mapper__", None)
    if mapper is None:
        raise ExpressionError(f"size_of takes an instance, or a dict of attribute values; got {shorten(item)}")
    stored: Item = encode_unsaved(mapper, known)
    if mapper.version is not None:
        stored[mapper.version.attribute] = next_version(known.__dict__[mapper.version.name])
    return measure(stored, mapper.attributes)


def measure(item: Item, fields: Mapping[str, Field[Any]]) -> ItemSize:
    """Return the size of an item.

    Args:
        item: The item.
        fields: Fields by the names under which they are stored.
    """
    sizes = {
        fields[name].path.name if name in fields else name: text_size(name) + value_size(value)
        for name, value in item.items()
    }
    ordered = sorted(sizes.items(), key=lambda each: -each[1])
    return ItemSize(sum(sizes.values()), dict(ordered))
