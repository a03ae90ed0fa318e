"""`Table`, which gives tests a short notation for operations, and other helpers that they share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeVar, cast

import pytest

from dynamongo._support.dataclasses import replace
from dynamongo.backends.base import Backend
from dynamongo.exceptions import TableExists, TableNotFound
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import AttributeValue, Item, normalize
from dynamongo.operations import (
    Action,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    KeyCondition,
    KeyPart,
    Operation,
    PageResult,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import TableSchema

R = TypeVar("R")
Paged: TypeAlias = Query | Scan

_PATIENCE = 120.0  # seconds; DynamoDB takes about ten to create or delete a table


def cases(names: str, table: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Parametrize a test by a dict from the id of a case to its arguments.

    Ids are always explicit, so that `known_failures` can be checked against them as soon as a class is defined.
    """
    return pytest.mark.parametrize(names, list(table.values()), ids=list(table))


def exact(value: Any) -> Any:
    """Return a form of the value that distinguishes `1` from `True`, and `Decimal("1.5")` from `Decimal("1.50")`."""
    if isinstance(value, dict):
        return {name: exact(member) for name, member in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [exact(element) for element in cast("list[Any]", value)]
    if isinstance(value, frozenset):
        return {exact(member) for member in cast("frozenset[Any]", value)}
    return type(value).__name__, repr(value)


def in_order(items: tuple[Item, ...] | list[Item]) -> list[Any]:
    """Sort the items, to compare results whose order is undefined."""
    return sorted(map(exact, items), key=lambda item: repr(sorted(item.items())))


class Table:
    """A live table. It checks that every item returned is canonical."""

    def __init__(self, backend: Backend, schema: TableSchema) -> None:
        self.backend = backend
        self.schema = schema
        self.name = schema.name

    def create(self) -> None:
        """Create the table and wait until it is active."""
        self.backend.execute(CreateTable(self.schema))
        self.wait_until_active()

    def wait_until_active(self) -> None:
        """Wait until the table is active."""
        deadline = time.monotonic() + _PATIENCE
        while self.backend.execute(DescribeTable(self.name)).status != "ACTIVE":
            assert time.monotonic() < deadline, f"{self.name} did not become ACTIVE"
            time.sleep(0.2)

    def drop(self) -> None:
        """Delete the table if it exists, and wait until it is gone."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                self.backend.execute(DeleteTable(self.name))
            except TableNotFound:
                return
            except TableExists:
                time.sleep(0.2)

    def execute(self, operation: Operation[R]) -> R:
        """Execute any operation, and check that the items returned are canonical."""
        result = self.backend.execute(operation)
        for item in _items_of(result):
            assert exact(item) == exact(normalize(item)), "items are returned with canonical numbers"
        return result

    def put(self, item: Item, **options: Any) -> Item | None:
        """Put an item; return the old one if asked to."""
        return self.execute(Put(self.name, item, **options)).attributes

    def put_all(self, items: list[Item]) -> None:
        """Put each item."""
        for item in items:
            self.put(item)

    def get(self, key: Item, **options: Any) -> Item | None:
        """Read an item consistently."""
        return self.execute(Get(self.name, key, consistent=True, **options)).item

    def update(self, key: Item, *updates: AnyUpdate, **options: Any) -> Item | None:
        """Update an item; return the attributes asked for."""
        return self.execute(UpdateItem(self.name, key, updates, **options)).attributes

    def delete(self, key: Item, **options: Any) -> Item | None:
        """Delete an item; return the old one if asked to."""
        return self.execute(Delete(self.name, key, **options)).attributes

    def query_of(self, hash_key: AttributeValue, range_key: KeyPart | None = None, **options: Any) -> Query:
        """Return a consistent query; `range_key` is the condition on the range key."""
        condition = _key_condition("pk", hash_key, range_key)
        return Query(self.name, condition, consistent=True, **options)

    def query(self, hash_key: AttributeValue, range_key: KeyPart | None = None, **options: Any) -> PageResult:
        """Read one page of a query."""
        return self.execute(self.query_of(hash_key, range_key, **options))

    def query_index_of(
        self,
        index: str,
        hash_key: AttributeValue,
        range_key: KeyPart | None = None,
        **options: Any,
    ) -> Query:
        """Return an eventually consistent query of an index."""
        schema = next(each for each in self.schema.indexes if each.name == index)
        condition = _key_condition(schema.keys.hash_key.name, hash_key, range_key)
        return Query(self.name, condition, index=index, **options)

    def query_index(
        self,
        index: str,
        hash_key: AttributeValue,
        range_key: KeyPart | None = None,
        **options: Any,
    ) -> PageResult:
        """Read one page of a query of an index."""
        return self.execute(self.query_index_of(index, hash_key, range_key, **options))

    def index_items(self, index: str, **options: Any) -> list[Item]:
        """Return everything that the index contains."""
        return self.read_all(Scan(self.name, index=index, **options))

    def transact(self, *actions: Action, token: str | None = None) -> None:
        """Execute the actions in one transaction."""
        self.execute(TransactWrite(actions, token))

    def transact_get(self, *keys: Item, **options: Any) -> tuple[Item | None, ...]:
        """Read the items with these keys in one transaction."""
        return self.execute(TransactGet(tuple(Get(self.name, key, **options) for key in keys))).items

    def scan_of(self, **options: Any) -> Scan:
        """Return a consistent scan."""
        return Scan(self.name, consistent=True, **options)

    def scan(self, **options: Any) -> PageResult:
        """Read one page of a scan."""
        return self.execute(self.scan_of(**options))

    def pages(self, operation: Paged) -> Iterator[PageResult]:
        """Yield all pages, each from the cursor of the one before."""
        while True:
            page = self.execute(operation)
            yield page
            if page.cursor is None:
                return
            assert page.cursor != operation.cursor, "the cursor moves on"
            operation = replace(operation, cursor=page.cursor)

    def read_all(self, operation: Paged) -> list[Item]:
        """Return the items of all pages."""
        return [item for page in self.pages(operation) for item in page.items]

    def items(self) -> list[Item]:
        """Return everything that the table contains."""
        return self.read_all(self.scan_of())


def _key_condition(name: str, hash_key: AttributeValue, range_key: KeyPart | None) -> KeyCondition:
    return KeyCondition(Comparison(Path(name), EQ, hash_key), *([] if range_key is None else [range_key]))


def _items_of(result: object) -> list[Item]:
    found = [getattr(result, name, None) for name in ("item", "attributes", "cursor")]
    return [item for item in (*found, *getattr(result, "items", ())) if item is not None]
