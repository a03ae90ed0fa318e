"""The schema of a table: its keys, indexes and throughput, without wire names.

AWS's newer pages call a hash key "partition key" and a range key "sort key".

Source of the limits: "Quotas in Amazon DynamoDB" in the developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.expressions.values import ScalarType

MAX_GLOBAL_INDEXES: Final = 20
MAX_LOCAL_INDEXES: Final = 5

MAX_INDEX_ATTRIBUTES: Final = 20
"""The most attributes that one projection names besides the keys."""

MAX_PROJECTED_ATTRIBUTES: Final = 100
"""The most attributes that the projections of all indexes of a table name together."""

MAX_KEY_NAME_BYTES: Final = 255
"""The longest name of an attribute in a key or projection; any other may have 65,535 bytes."""


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """An attribute of a key, and its type."""

    name: str
    type: ScalarType


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The hash key of a table or index and, where it has one, its range key."""

    hash_key: KeyAttribute
    range_key: KeyAttribute | None = None
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The names of the key attributes, hash key first."""

    def __post_init__(self) -> None:
        # Computed once, since every read and write asks for them. A frozen dataclass refuses plain assignment.
        object.__setattr__(self, "names", tuple(attribute.name for attribute in self.attributes))

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """The key attributes, hash key first."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Provisioned capacity, in read units and write units per second."""

    read_units: int
    write_units: int


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
