"""The schema of a table: its keys, indexes and throughput, without wire names.

AWS's newer pages call a hash key "partition key" and a range key "sort key".

Source of the limits: "Quotas in Amazon DynamoDB" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.expressions.values import ScalarType

MAX_GLOBAL_INDEXES: Final = 20
MAX_LOCAL_INDEXES: Final = 5

MAX_INDEX_ATTRIBUTES: Final = 20
"""The most attributes that one projection names besides the keys."""

MAX_PROJECTED_ATTRIBUTES: Final = 100
"""The most attributes that the projections of all indexes of a table name together."""

MAX_KEY_ATTRIBUTES: Final = 4
"""The most hash attributes of a global index, and the most range attributes.

Source: "Multi-attribute keys pattern" in the developer guide.
"""

MAX_KEY_NAME_BYTES: Final = 255
"""The longest name of an attribute in a key or projection; any other may have 65,535 bytes."""


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """An attribute of a key, and its type."""

    name: str
    type: ScalarType


_KeyAttributes: TypeAlias = KeyAttribute | Iterable[KeyAttribute]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class KeySchema:
    """The hash key of a table or index and, where it has one, its range key.

    Either key of a global index may have several attributes. Items with the same values of all hash attributes are one
    partition, which is sorted by the first range attribute, then by the second, and so on.

    Attributes:
        hash_attributes: The attributes of the hash key, one or more.
        range_attributes: Those of the range key; empty without one.
        names: The names of all of them, hash key first.

    >>> KeySchema(KeyAttribute("email", "S")).hash_key
    KeyAttribute(name='email', type='S')
    >>> tenant, region, year = KeyAttribute("tenant", "S"), KeyAttribute("region", "S"), KeyAttribute("year", "N")
    >>> str(KeySchema((tenant, region), year))
    'hash key tenant (S), region (S); range key year (N)'
    """

    hash_attributes: tuple[KeyAttribute, ...]
    range_attributes: tuple[KeyAttribute, ...]
    names: tuple[str, ...] = field(init=False, compare=False)

    def __init__(self, hash_attributes: _KeyAttributes, range_attributes: _KeyAttributes | None = None) -> None:
        """Take each key as one attribute or as several."""
        # A frozen dataclass refuses plain assignment. The names are computed once: every read and write asks for them.
        object.__setattr__(self, "hash_attributes", _as_tuple(hash_attributes))
        object.__setattr__(self, "range_attributes", _as_tuple(range_attributes))
        object.__setattr__(self, "names", tuple([each.name for each in self.attributes]))

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """All key attributes, hash key first."""
        return self.hash_attributes + self.range_attributes

    @property
    def hash_key(self) -> KeyAttribute:
        """The first hash attribute: the only one, but for some global indexes."""
        return self.hash_attributes[0]

    @property
    def range_key(self) -> KeyAttribute | None:
        """The first range attribute: the only one, but for some global indexes; `None` without a range key."""
        return self.range_attributes[0] if self.range_attributes else None

    @property
    def is_plain(self) -> bool:
        """Whether it has one hash attribute and at most one range attribute, as the key of every table."""
        return len(self.hash_attributes) == 1 and len(self.range_attributes) <= 1

    def __repr__(self) -> str:
        keys = (self.hash_attributes, self.range_attributes) if self.range_attributes else (self.hash_attributes,)
        return f"KeySchema({', '.join(repr(each[0] if len(each) == 1 else each) for each in keys)})"

    def __str__(self) -> str:
        hash_key, range_key = (
            ", ".join(f"{each.name} ({each.type})" for each in attributes)
            for attributes in (self.hash_attributes, self.range_attributes)
        )
        return f"hash key {hash_key}; range key {range_key}" if range_key else f"hash key {hash_key}"


def _as_tuple(key: _KeyAttributes | None) -> tuple[KeyAttribute, ...]:
    return () if key is None else (key,) if isinstance(key, KeyAttribute) else tuple(key)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Provisioned capacity, in read units and write units per second."""

    read_units: int
    write_units: int


StreamView: TypeAlias = Literal["keys_only", "new_image", "old_image", "new_and_old_images"]
"""What a stream contains of each changed item: its key, the item after the change, before it, or both.

Source: "StreamSpecification" in the DynamoDB API reference.
"""

TableClass: TypeAlias = Literal["standard", "infrequent_access"]
"""What storage and requests of a table cost: the second class stores for less, and reads and writes for more.

Source: "DynamoDB table classes" in the developer guide.
"""


Recovery: TypeAlias = bool | int
"""Whether a table can be restored to any second, or of how many days back, from 1 to 35."""


@dataclass(frozen=True, slots=True)
class TableSettings:
    """Settings of a table besides its keys, indexes and throughput; `None` for one that is not mentioned.

    Attributes:
        table_class: Its table class.
        encryption: Which key it is encrypted with: `"aws_owned"`, which AWS does by default; `"aws_managed"`, the key
            of the account that AWS KMS manages; or the id or ARN of another key of KMS. A table that is described has
            the ARN, also for the managed key, since DynamoDB does not say which of the two it is.
        deletion_protection: Whether DeleteTable is refused.

    Source: "SSESpecification", "TableClass" and "DeletionProtectionEnabled" in CreateTable, API reference.
    """

    table_class: TableClass | None = None
    encryption: str | None = None
    deletion_protection: bool | None = None


ProjectionKind: TypeAlias = Literal["all", "keys_only", "include"]


@dataclass(frozen=True, slots=True)
class Projection:
    """The attributes that an index holds besides its own keys and the table's."""

    kind: ProjectionKind = "all"
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexSchema:
    """A secondary index. A local one shares the table's hash key; a global one has its own keys and throughput.

    Source: "Improving data access with secondary indexes" in the DynamoDB developer guide.
    """

    name: str
    keys: KeySchema
    projection: Projection = Projection()
    is_global: bool = True
    throughput: Throughput | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table. `name` includes the prefix; without `throughput` the table is billed on demand."""

    name: str
    keys: KeySchema
    throughput: Throughput | None = None
    indexes: tuple[IndexSchema, ...] = ()

    def key_attributes(self) -> Iterator[KeyAttribute]:
        """Return the attributes of all keys of the table and its indexes, each once for every type that it has.

        More than one type is a mistake, which the store refuses.
        """
        # CreateTable lists the attributes of all keys in `AttributeDefinitions`, each once, and no others.
        # Source: CreateTable, API reference.
        keys = (self.keys, *(index.keys for index in self.indexes))
        return iter(dict.fromkeys(attribute for each in keys for attribute in each.attributes))
