"""Schema rules: names, counts, keys, projections, throughput and tags of a table.

DynamoDB first checks each part of a request by itself, and reports all violations at once. Then it checks how the parts
fit together, and reports the first mistake.

Source: "Quotas in Amazon DynamoDB" and "Naming rules" in the developer guide, "CreateTable" in the API reference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from dynamongo.backends.memory.checks import INVALID, refuse_constraints, violation
from dynamongo.backends.memory.setting_rules import check_settings
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.sizes import text_size
from dynamongo.expressions.values import SCALAR_TYPES
from dynamongo.operations import CreateTable, StreamView
from dynamongo.operations.table_names import find_arn
from dynamongo.schema import (
    MAX_GLOBAL_INDEXES,
    MAX_INDEX_ATTRIBUTES,
    MAX_KEY_ATTRIBUTES,
    MAX_KEY_NAME_BYTES,
    MAX_LOCAL_INDEXES,
    MAX_PROJECTED_ATTRIBUTES,
    IndexSchema,
    KeySchema,
    TableSchema,
    Throughput,
)

_MAX_TAGS = 50  # "Tagging restrictions in DynamoDB" in the developer guide

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")


def check_new_table(operation: CreateTable) -> None:
    """Refuse a table that DynamoDB would not create."""
    schema = operation.schema
    if not _is_plain(operation):
        refuse_constraints(_shape_faults(operation))
    check_relations(schema)
    check_settings(operation.settings)
    if operation.tags:
        _check_tags(operation.tags)


def check_new_index(index: IndexSchema) -> None:
    """Refuse an index that no table could have."""
    refuse_constraints(_index_faults(index, "globalSecondaryIndexUpdates.1.member.create"))


def check_throughput(throughput: Throughput | None, indexes: Iterable[tuple[str, Throughput]]) -> None:
    """Refuse provisioned throughput of less than one unit."""
    faults = list(_unit_faults(throughput, "provisionedThroughput"))
    for number, (_, units) in enumerate(indexes, start=1):
        faults += _unit_faults(units, f"globalSecondaryIndexUpdates.{number}.member.update.provisionedThroughput")
    refuse_constraints(faults)


def check_relations(schema: TableSchema) -> None:
    """Refuse a schema whose parts contradict each other, or that has too many of them."""
    for message in _relation_faults(schema):  # unlike violations of shape, only the first is reported
        raise InvalidRequestError(message)


# Each part by itself.


def _is_plain(operation: CreateTable) -> bool:
    """Return whether a table has keys and nothing else, whose names no rule of shape could refuse: most tables do.

    Tests create thousands of tables: this takes a third off the time of each.
    """
    schema = operation.schema
    if schema.indexes or schema.throughput is not None or operation.stream is not None or not schema.keys.is_plain:
        return False
    for part in schema.keys.attributes:
        if not (part.type in SCALAR_TYPES and 0 < len(part.name) < 64 and part.name.isascii()):
            return False
    return 3 <= len(schema.name) <= 255 and _NAME.fullmatch(schema.name) is not None


def _shape_faults(operation: CreateTable) -> Iterator[str]:
    schema = operation.schema
    if find_arn(schema.name) is None:
        yield from _name_faults(schema.name, "tableName")
    yield from _key_length_faults(schema.keys, "keySchema")
    for number, part in enumerate(schema.key_attributes(), start=1):
        at = f"attributeDefinitions.{number}.member"
        yield from _attribute_name_faults(part.name, f"{at}.attributeName")
        if part.type not in SCALAR_TYPES:
            yield violation(repr(part.type), f"{at}.attributeType", "satisfy enum value set: [B, N, S]")
    yield from _unit_faults(schema.throughput, "provisionedThroughput")
    counts = {True: 0, False: 0}  # the request has a list for each kind, whose members are numbered from 1
    for index in schema.indexes:
        counts[index.is_global] += 1
        kind = "globalSecondaryIndexes" if index.is_global else "localSecondaryIndexes"
        yield from _index_faults(index, f"{kind}.{counts[index.is_global]}.member")
    if operation.stream is not None and operation.stream not in get_args(StreamView):
        at = "streamSpecification.streamViewType"
        views = ", ".join(view.upper() for view in get_args(StreamView))
        yield violation(repr(operation.stream.upper()), at, f"satisfy enum value set: [{views}]")


def _index_faults(index: IndexSchema, at: str) -> Iterator[str]:
    yield from _name_faults(index.name, f"{at}.indexName")
    if not index.is_global:
        yield from _key_length_faults(index.keys, f"{at}.keySchema")
    attributes = index.projection.attributes
    if len(attributes) > MAX_INDEX_ATTRIBUTES:
        listed = f"'[{', '.join(attributes)}]'"
        bound = f"have length less than or equal to {MAX_INDEX_ATTRIBUTES}"
        yield violation(listed, f"{at}.projection.nonKeyAttributes", bound)
    for name in attributes:
        yield from _attribute_name_faults(name, f"{at}.projection.nonKeyAttributes")
    yield from _unit_faults(index.throughput, f"{at}.provisionedThroughput")


def _key_length_faults(keys: KeySchema, at: str) -> Iterator[str]:
    """Yield what is wrong with the number of attributes in the key of a table or a local index."""
    if len(keys.names) > 2:
        yield violation(f"'[{', '.join(keys.names)}]'", at, "have length less than or equal to 2")


def _name_faults(name: str, at: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield violation(f"'{name}'", at, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
    if len(name) < 3:
        yield violation(f"'{name}'", at, "have length greater than or equal to 3")
    if len(name) > 255:
        yield violation(f"'{name}'", at, "have length less than or equal to 255")


def _attribute_name_faults(name: str, at: str) -> Iterator[str]:
    if not name:
        yield violation("''", at, "have length greater than or equal to 1")
    if text_size(name) > MAX_KEY_NAME_BYTES:
        yield violation(f"'{name}'", at, f"have length less than or equal to {MAX_KEY_NAME_BYTES}")


def _unit_faults(throughput: Throughput | None, at: str) -> Iterator[str]:
    if throughput is None:
        return
    for name, units in (  # DynamoDB reports write units before read units
        ("writeCapacityUnits", throughput.write_units),
        ("readCapacityUnits", throughput.read_units),
    ):
        if units < 1:
            yield violation(f"'{units}'", f"{at}.{name}", "have value greater than or equal to 1")


# The parts together.


def _relation_faults(schema: TableSchema) -> Iterator[str]:
    yield from _key_faults(schema)
    if schema.indexes:
        yield from _count_faults(schema.indexes)
    for index in schema.indexes:
        yield from _projection_faults(schema, index)
        yield from _throughput_faults(schema, index)
        if not index.is_global:
            yield from _local_faults(schema, index)


def _key_faults(schema: TableSchema) -> Iterator[str]:
    yield from _role_faults(schema.keys)
    if len(set(schema.keys.names)) < len(schema.keys.names):
        yield "Invalid KeySchema: Some index key attribute have no definition"
    # Schemas name an attribute and its type wherever it is a key, so that one name may come with two types.
    if not schema.indexes:
        return
    for name in _repeated([part.name for part in schema.key_attributes()]):
        yield f"{INVALID} Attribute Name is duplicated: {name}"
    for index in schema.indexes:
        yield from _role_faults(index.keys, MAX_KEY_ATTRIBUTES if index.is_global else 1)
        if not _repeated(index.keys.names):
            continue
        # Which of the two messages a key of two attributes gets is not recorded; the first is older than longer keys.
        if len(index.keys.names) == 2 and index.keys.is_plain:
            yield "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        yield "The KeySchema contains multiple key attributes with the same name"


def _role_faults(keys: KeySchema, most: int = 1) -> Iterator[str]:
    """Yield what is wrong with the number of hash and of range attributes."""
    if not keys.hash_attributes:
        yield "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
    if most == 1 and len(keys.hash_attributes) > 1:
        yield "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
    for kind, attributes in (("HASH", keys.hash_attributes), ("RANGE", keys.range_attributes)):
        if len(attributes) > most:
            yield f"{INVALID} The KeySchema exceeds the maximum allowed number of {kind} key attributes"


def _repeated(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once."""
    if len(set(names)) == len(names):
        return []
    return [name for name, count in Counter(names).items() if count > 1]


def _count_faults(indexes: tuple[IndexSchema, ...]) -> Iterator[str]:
    for name in _repeated([index.name for index in indexes]):
        yield f"{INVALID} Duplicate index name: {name}"
    global_count = sum(index.is_global for index in indexes)
    if global_count > MAX_GLOBAL_INDEXES:
        yield f"{INVALID} GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL_INDEXES}"
    if len(indexes) - global_count > MAX_LOCAL_INDEXES:
        yield f"{INVALID} Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL_INDEXES}"


def _projection_faults(schema: TableSchema, index: IndexSchema) -> Iterator[str]:
    """Yield what is wrong with the attributes that an index projects."""
    kind, attributes = index.projection.kind.upper(), index.projection.attributes
    if (kind == "INCLUDE") != bool(attributes):
        yield f"{INVALID} ProjectionType is {kind}, but NonKeyAttributes is {'' if attributes else 'not '}specified"
    for name in _repeated(attributes):
        yield f"{INVALID} Duplicate element in NonKeyAttributes: {name}"
    if (total := sum(len(each.projection.attributes) for each in schema.indexes)) > MAX_PROJECTED_ATTRIBUTES:
        yield (
            f"{INVALID} Number of NonKeyAttributes of all indexes exceeds the limit of {MAX_PROJECTED_ATTRIBUTES}; "
            f"number of NonKeyAttributes: {total}"
        )


def _throughput_faults(schema: TableSchema, index: IndexSchema) -> Iterator[str]:
    if index.throughput is None:
        return
    wrong = f"{INVALID} ProvisionedThroughput should not be specified for index: {index.name}"
    if not index.is_global:
        yield f"{wrong}, which is a local one"
    elif schema.throughput is None:
        yield f"{wrong} when BillingMode is PAY_PER_REQUEST"


def _local_faults(schema: TableSchema, index: IndexSchema) -> Iterator[str]:
    if schema.keys.range_key is None:
        yield (
            f"{INVALID} Table KeySchema does not have a range key, "
            "which is required when specifying a LocalSecondaryIndex"
        )
    if index.keys.range_key is None:
        yield f"{INVALID} Index KeySchema does not have a range key for index: {index.name}"
    # A local index is kept beside the table's partitions, hence the same hash key ("Local secondary indexes").
    if index.keys.hash_key != schema.keys.hash_key:
        yield (
            f"{INVALID} Index KeySchema does not have the same leading hash key as table KeySchema for index: "
            f"{index.name}. index hash key: {index.keys.hash_key.name}, table hash key: {schema.keys.hash_key.name}"
        )


def _check_tags(tags: Sequence[tuple[str, str]]) -> None:
    for message in _tag_faults(tags):
        raise InvalidRequestError(message)


def _tag_faults(tags: Sequence[tuple[str, str]]) -> Iterator[str]:
    if len(tags) > _MAX_TAGS:
        yield "Number of Tags exceed the current limit for the provided ResourceArn"
    for key, count in Counter(key for key, _ in tags).items():
        if key.lower().startswith("aws:"):  # reserved for tags that AWS sets itself
            yield f"Tag Key cannot be prefixed with aws:, Key: {key}"
        if count > 1:
            yield f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}"
