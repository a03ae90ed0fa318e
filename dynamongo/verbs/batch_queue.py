"""Batch queues: the writes of a batch that wait to be sent, and the outcomes of those that were."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import BulkWriteError, DynamongoError, WriteNotSent
from dynamongo.executor.guarded_writes import guard_write
from dynamongo.planning.strategies import Strategy, resolve_one
from dynamongo.planning.strategy_types import K
from dynamongo.planning.write_builders import make_put
from dynamongo.verbs.bulk_entries import Entry, delete_entry
from dynamongo.verbs.bulk_writes import attach_result, find_stop
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.results import BatchResult, WriteOutcome, sum_up

M = TypeVar("M", bound=Instance)


class BatchQueue(Generic[M, K]):
    """What `Batch` and `AsyncBatch` have in common: everything but the sending."""

    _keyword: ClassVar[str]
    """What opens the block."""

    def __init__(self, model: type[M], max_units_per_second: float | None = None) -> None:
        # One worker: a full request is sent at once, and a put and a delete of one item keep their order.
        self._options = WriteOptions(max_workers=1, max_units_per_second=max_units_per_second)
        mapper, connection = model.__mapper__, connection_of(model)
        # Fixed now: writes of one batch must not be spread over two backends.
        self._destination: Destination[M] = Destination(mapper, model.table_name(), connection, connection.backend)
        self._waiting: list[Entry[M]] = []
        self._sent: BatchResult[M] = BatchResult([], [])
        self._stop: DynamongoError | None = None
        self._is_open = False

    @property
    def result(self) -> BatchResult[M]:
        """The outcome of the writes that were sent."""
        return self._sent

    @property
    def pending(self) -> list[M]:
        """The items of the writes that were not sent."""
        return [entry.item for entry in self._waiting]

    @property
    def _request_size(self) -> int:
        return self._destination.backend.limits.batch_write

    @property
    def _is_full(self) -> bool:
        """Whether the writes that wait fill a request."""
        return len(self._waiting) >= self._request_size

    def _add_put(self, item: M | Mapping[str, Any]) -> None:
        mapper, table = self._destination.mapper, self._destination.table
        instance = mapper.as_instance(item)
        if type(instance) is not mapper.model:
            mapper = mapper.mapper_of(instance)
        make = functools.partial(make_put, overwrite=True)
        put = self._destination.build(make, mapper, table, instance)
        self._add(Entry(instance, put if mapper.unique is None else guard_write(mapper, put, instance)))

    def _add_delete(self, strategy: Strategy) -> None:
        mapper, table = self._destination.mapper, self._destination.table
        self._add(delete_entry(mapper, table, resolve_one(strategy, mapper, to_write=True)))

    def _add(self, entry: Entry[M]) -> None:
        name = self._destination.mapper.name
        if not self._is_open:
            raise DynamongoError(f"{name}.batch() takes writes only inside its `{self._keyword}` block")
        self._check_stop()
        self._waiting.append(entry)

    def _check_stop(self) -> None:
        if self._stop is not None:
            name = self._destination.mapper.name
            raise WriteNotSent(f"{name}.batch() takes no more writes after {self._stop}") from self._stop

    @contextlib.contextmanager
    def _sending(self, count: int) -> Generator[tuple[list[Entry[M]], dict[int, WriteOutcome[M]]]]:
        """Return the first writes, which the block executes, and a dict that it fills with their outcomes.

        The writes wait until their outcomes are known, so that an interruption leaves none of them unaccounted for.
        """
        entries = self._waiting[:count]  # a copy: they leave `_waiting` when their outcomes are known
        outcomes: dict[int, WriteOutcome[M]] = {}
        try:
            yield entries, outcomes
        except BaseException as error:
            # What was not sent stays pending, for the caller to send again.
            sent = {index: each for index, each in outcomes.items() if not isinstance(each.error, WriteNotSent)}
            self._account(entries, sent)
            attach_result(error, self._sent)
            raise
        self._account(entries, outcomes)
        self._stop = find_stop(outcomes.values())
        if self._stop is not None:
            raise self._explain_stop(self._stop)

    def _account(self, entries: list[Entry[M]], outcomes: dict[int, WriteOutcome[M]]) -> None:
        """Move the entries whose outcomes are known from those that wait to the result."""
        # Replaces the first entries, which were sent, by those without an outcome; later ones keep their place.
        self._waiting[: len(entries)] = [entry for index, entry in enumerate(entries) if index not in outcomes]
        result = sum_up(outcomes.values())  # its `unreadable` is empty: only updates return what they wrote
        self._sent.success.extend(result.success)
        self._sent.failures.extend(result.failures)

    def _explain_stop(self, stop: DynamongoError) -> DynamongoError:
        """Return the error that stops the batch: the store's own if nothing was written, as in `save_many`."""
        if not self._sent.success:
            attach_result(stop, self._sent)
            return stop
        error = BulkWriteError(f"{self._sent.describe()}; the batch was stopped by {stop}", self._sent)
        error.__cause__ = stop
        return error
