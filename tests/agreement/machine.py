"""The machine: every step is executed in memory and on a server, and what comes of it is compared."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from agreement.differences import FIXED, FREE_OF_CHARGE, LEFT_OUT, REFUSED, find
from agreement.outcomes import Pages, Refusal, comparable, frozen, in_any_order, run, run_pages
from agreement.readings import Segments, filtered_scans, queries, scans, segments
from agreement.schemas import schemas, second_schemas
from agreement.steps import (
    batch_gets,
    batch_writes,
    deletes,
    filled,
    gets,
    puts,
    transact_gets,
    transact_writes,
    update_items,
)
from agreement.totals import Totals
from agreement.world import TableState, World
from dynamongo.backends.base import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    BatchWrite,
    CreateTable,
    Delete,
    DeleteTable,
    DescribeTable,
    Get,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)
from dynamongo.schema import TableSchema
from dynamongo.testing.contract import Awaited

T = TypeVar("T")

_numbers = itertools.count()
_PATIENCE = 60.0  # seconds
_WRITES_BETWEEN_COMPARISONS = 10


def on_tables(make: Callable[[World], st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """What `make` gives for the tables as they stand when the rule is run."""
    return st.runner().flatmap(lambda machine: make(machine.world))


class Server:
    """The backend to compare with; the tables of every example have names of their own there."""

    name = "dynamodb"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.limits = backend.limits
        self._prefix = f"agreement-{os.getpid()}-{time.time_ns():x}-{next(_numbers)}-"

    def execute(self, operation: Any) -> Any:
        """Execute the operation on tables, and with a token, that are this example's own."""
        return self._backend.execute(self._rename(operation))

    def create(self, schema: TableSchema) -> None:
        """Create a table, and wait until it can be used."""
        self.execute(CreateTable(schema))
        deadline = time.monotonic() + _PATIENCE
        while self.execute(DescribeTable(schema.name)).status != "ACTIVE":
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        self._backend.wait(seconds)

    def close(self) -> None:
        """Keep the backend, which is shared."""

    def _rename(self, operation: Any) -> Any:
        match operation:
            case CreateTable(schema):
                return CreateTable(replace(schema, name=self._prefix + schema.name))
            case TransactWrite(actions, token):
                own = token and self._prefix[-30:] + token
                return TransactWrite(tuple(map(self._rename, actions)), own)
            case TransactGet(wanted):
                return TransactGet(tuple(map(self._rename, wanted)))
            case _:
                return replace(operation, table=self._prefix + operation.table)


class Agreement(RuleBasedStateMachine):
    """Memory and a server that answers as DynamoDB does, but for `differences`.

    Attributes:
        backend: What talks to the server; a subclass says.
        is_awaited: Whether operations are awaited, on both.
        totals: What is counted; a subclass says.
    """

    backend: ClassVar[Backend]
    is_awaited: ClassVar[bool]
    totals: ClassVar[Totals]

    def __init__(self) -> None:
        super().__init__()
        self.memory: Backend = Awaited(MemoryBackend()) if self.is_awaited else MemoryBackend()
        self.server = Server(self.backend)
        self.schemas: list[TableSchema] = []
        self._world: World | None = None
        self._writes = 0
        self.totals.sequences += 1

    @property
    def world(self) -> World:
        """The tables as they stand in memory."""
        if self._world is None:
            self._world = {each.name: TableState(each, self._items_of(self.memory, each.name)) for each in self.schemas}
        return self._world

    def _items_of(self, backend: Backend, table: str, index: str | None = None) -> tuple[Any, ...]:
        found = run_pages(backend, Scan(table, index=index))
        assert isinstance(found, Pages), found
        return found.items

    @initialize(first=filled(schemas()), second=filled(second_schemas))
    def create_tables(self, first: TableState, second: TableState) -> None:
        for table in (first, second):
            self.memory.execute(CreateTable(table.schema))
            self.server.create(table.schema)
            self.schemas.append(table.schema)
        for table in (first, second):
            for item in table.items:
                self.agree(Put(table.schema.name, item))

    @rule(operations=on_tables(lambda world: st.lists(batch_writes(world), min_size=1, max_size=2)))
    def fill(self, operations: list[BatchWrite]) -> None:
        for operation in operations:
            self.agree(operation)

    @rule(operation=on_tables(puts))
    def put(self, operation: Put) -> None:
        self.agree(operation)

    @rule(operation=on_tables(deletes))
    def delete(self, operation: Delete) -> None:
        self.agree(operation)

    @rule(operation=on_tables(update_items))
    def update(self, operation: UpdateItem) -> None:
        self.agree(operation)

    @rule(operations=on_tables(lambda world: st.lists(update_items(world), min_size=1, max_size=5)))
    def update_more(self, operations: list[UpdateItem]) -> None:
        for operation in operations:
            self.agree(operation)

    @rule(operation=on_tables(gets))
    def get(self, operation: Get) -> None:
        self.agree(operation)

    @rule(operation=on_tables(batch_gets))
    def batch_get(self, operation: BatchGet) -> None:
        self.agree(operation)

    @rule(operation=on_tables(transact_writes), is_repeated=st.booleans())
    def transact_write(self, operation: TransactWrite, is_repeated: bool) -> None:  # noqa: FBT001 - a rule's argument
        self.agree(operation)
        if is_repeated and operation.token:
            self.agree(operation)

    @rule(operation=on_tables(transact_gets))
    def transact_get(self, operation: TransactGet) -> None:
        self.agree(operation)

    @rule(operation=on_tables(queries))
    def query(self, operation: Query) -> None:
        self.agree_on_pages(operation, is_ordered=not self._has_ties(operation))

    @rule(operation=on_tables(queries), limit=st.integers(1, 4))
    def query_past_a_deleted_item(self, operation: Query, limit: int) -> None:
        operation = replace(operation, limit=limit)
        if operation.table not in self.world or self._has_ties(operation) or self._judge(operation):
            return
        page = run(self.memory, operation)
        if isinstance(page, Refusal) or page.cursor is None:
            return
        self.agree(Delete(operation.table, self.world[operation.table].key_of(page.cursor)))
        self.agree_on_pages(replace(operation, cursor=page.cursor), is_ordered=True)

    @rule(operation=on_tables(scans))
    def scan(self, operation: Scan) -> None:
        self.agree_on_pages(operation, is_ordered=False)

    @rule(operations=on_tables(lambda world: st.lists(filtered_scans(world), min_size=1, max_size=6)))
    def filter(self, operations: list[Scan]) -> None:
        for operation in operations:
            self.agree_on_pages(operation, is_ordered=False)

    @rule(operations=on_tables(lambda world: st.lists(filtered_scans(world), min_size=1, max_size=6)))
    def filter_more(self, operations: list[Scan]) -> None:
        for operation in operations:
            self.agree_on_pages(operation, is_ordered=False)

    @rule(operation=on_tables(segments))
    def scan_in_segments(self, operation: Segments) -> None:
        if self._judge(operation.scan):
            return
        ours, theirs = (self._read_segments(backend, operation) for backend in (self.memory, self.server))
        self._assert_equal("Segments", ours, theirs)

    def compare_contents(self) -> None:
        """Compare what the tables and their indexes hold."""
        for schema in self.schemas:
            for index in (None, *(index.name for index in schema.indexes)):
                ours, theirs = (self._items_of(each, schema.name, index) for each in (self.memory, self.server))
                self._assert_equal(
                    f"contents of {index}" if index else "contents", in_any_order(ours), in_any_order(theirs)
                )

    def teardown(self) -> None:
        try:
            self.compare_contents()
        finally:
            for schema in self.schemas:
                self.server.execute(DeleteTable(schema.name))
            self.memory.close()

    def agree(self, operation: AnyOperation) -> None:
        """Execute the operation on both, and compare all that came of it."""
        if self._judge(operation):
            return
        world, self._world = self.world, None
        ours, theirs = run(self.memory, operation), run(self.server, operation)
        if isinstance(ours, Refusal):
            self._world = world
        for difference, fix in FIXED:
            if not isinstance(theirs, Refusal) and difference.applies(operation, world):
                theirs = fix(theirs)
                self.totals.known[difference.reason] += 1
        charged = find(FREE_OF_CHARGE, operation, world) is None
        forms = (comparable(outcome, with_capacity=charged) for outcome in (ours, theirs))
        self._assert_equal(type(operation).__name__, *forms)
        self._count_write(operation)

    def _count_write(self, operation: AnyOperation) -> None:
        """After every tenth write, compare what the tables hold."""
        self._writes += not isinstance(operation, (Get, BatchGet, TransactGet))
        if self._writes == _WRITES_BETWEEN_COMPARISONS:
            self._writes = 0
            self.compare_contents()

    def agree_on_pages(self, operation: Query | Scan, *, is_ordered: bool) -> None:
        """Read all pages on both, and compare them one by one, or all items together where they come in no order."""
        if self._judge(operation):
            return
        ours, theirs = run_pages(self.memory, operation), run_pages(self.server, operation)
        kind = type(operation).__name__ + (" of an index" if operation.index else "")
        if isinstance(ours, Refusal) or isinstance(theirs, Refusal):
            self._assert_equal(kind, ours, theirs)
        elif is_ordered:
            self._assert_equal(kind, list(map(comparable, ours.pages)), list(map(comparable, theirs.pages)))
        else:
            self._assert_equal(kind, self._unordered(operation, ours), self._unordered(operation, theirs))

    def _unordered(self, operation: Query | Scan, found: Pages) -> Any:
        """What pages in no order, or with ties, have in common: the order of range keys, where it is one, too."""
        capacity = found.pages[0].consumed if len(found.pages) == 1 else None
        sorts: list[Any] = []
        if isinstance(operation, Query) and not operation.projection:
            range_key = self.world[operation.table].keys_of_view(operation.index).range_key
            sorts = [frozen(item[range_key.name]) for item in found.items] if range_key else []
        return in_any_order(found.items), found.totals(), sorts, capacity

    def _read_segments(self, backend: Backend, operation: Segments) -> Any:
        found: list[Any] = []
        for number in range(operation.total):
            pages = run_pages(backend, replace(operation.scan, segment=number, total_segments=operation.total))
            if isinstance(pages, Refusal):
                return pages
            found += pages.items
        return in_any_order(found)

    def _judge(self, operation: AnyOperation) -> bool:
        """Whether the server cannot be asked; memory still has to refuse what DynamoDB refuses."""
        if known := find(LEFT_OUT, operation, self.world):
            self.totals.known[known.reason] += 1
            return True
        known = find(REFUSED, operation, self.world)
        if known:
            self.totals.known[known.reason] += 1
            assert isinstance(run(self.memory, operation), Refusal), f"memory must refuse it: {known.reason}"
        return known is not None

    def _has_ties(self, operation: Query) -> bool:
        """Whether two items are equal in the key of the index that is queried."""
        if operation.index is None or operation.table not in self.world:
            return False
        table = self.world[operation.table]
        names = table.keys_of_view(operation.index).names
        items = [item for item in table.items if all(name in item for name in names)]
        counts = Counter(repr([frozen(item[name]) for name in names]) for item in items)
        return max(counts.values(), default=0) > 1

    def _assert_equal(self, kind: str, ours: Any, theirs: Any) -> None:
        if ours != theirs:
            self.totals.disagreements += 1
            note(f"disagreement in {kind}\nmemory: {ours!r}\nserver: {theirs!r}")
        assert ours == theirs
        self.totals.count(kind, ours)
