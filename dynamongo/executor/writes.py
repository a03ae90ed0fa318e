"""Writes: in batches where they may be, alone where they must, each with an outcome of its own."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    WriteNotSent,
)
from dynamongo.executor.effects import Steps, Terms
from dynamongo.operations import BatchDelete, BatchPut, BatchWrite, Delete, Put
from dynamongo.values import AttributeValue

_ITEM_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
)
"""What one write of several may meet without a bearing on the others."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write; no `error` means that it was done."""

    index: int
    error: DynamongoError | None = None


Write: TypeAlias = Put | Delete


class Writes(Terms):
    """The part of the executor that writes."""

    def write(self, writes: Sequence[Write], key_names: tuple[str, ...]) -> Steps[list[Outcome]]:
        """Do the writes as if one after the other, and say of each whether it was done, in the order given.

        Those without a condition travel in batches, the others alone; writes of one key keep their order. An error
        that concerns one item is that item's outcome. Any other one stops the run: it is raised if there is no outcome
        yet, and else is that of the writes it befell, and those after them were not sent.
        """
        keyed = [_Keyed(index, write, key_names) for index, write in enumerate(writes)]
        groups = deque(_grouped(keyed, self._limits.batch_write))
        outcomes: dict[int, Outcome] = {}
        while groups:
            group = groups.popleft()
            try:
                yield from self._write_group(group, outcomes)
            except DynamongoError as error:
                left = [write for write in group if write.index not in outcomes]
                if isinstance(error, InvalidRequestError):  # nothing was done; alone, each says what is wrong
                    groups.extendleft([write] for write in reversed(left))
                    continue
                if not outcomes:
                    raise
                outcomes |= {write.index: Outcome(write.index, error) for write in left}
                outcomes |= _not_sent(itertools.chain.from_iterable(groups), error)
                break
        return [outcomes[write.index] for write in keyed]

    def _write_group(self, group: list[_Keyed], outcomes: dict[int, Outcome]) -> Steps[None]:
        if len(group) > 1:
            yield from self._write_batch(group, outcomes)
        else:
            outcomes[group[0].index] = yield from _write_alone(group[0])

    def _write_batch(self, group: list[_Keyed], outcomes: dict[int, Outcome]) -> Steps[None]:
        table = group[0].write.table
        pending = {write.key: write for write in group}
        attempt = 0
        while attempt <= self._retries.attempts:
            if attempt:
                yield self._retries.wait(attempt)
            result = yield BatchWrite(table, tuple(write.batched for write in pending.values()))
            left = {group[0].key_of(write) for write in result.unprocessed}
            outcomes |= {write.index: Outcome(write.index) for key, write in pending.items() if key not in left}
            attempt = 1 if len(left) < len(pending) else attempt + 1
            pending = {key: write for key, write in pending.items() if key in left}
            if not pending:
                return
        error = ThrottledError(f"the store did not get to it in {self._retries.attempts} attempts")
        outcomes |= {write.index: Outcome(write.index, error) for write in pending.values()}


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A write with its place in the input and its key."""

    index: int
    write: Write
    key_names: tuple[str, ...]

    @property
    def key(self) -> tuple[AttributeValue, ...]:
        return self.key_of(self.batched)

    def key_of(self, write: BatchPut | BatchDelete) -> tuple[AttributeValue, ...]:
        holder = write.item if isinstance(write, BatchPut) else write.key
        return tuple(holder[name] for name in self.key_names)

    @property
    def batched(self) -> BatchPut | BatchDelete:
        return BatchPut(self.write.item) if isinstance(self.write, Put) else BatchDelete(self.write.key)


def _not_sent(writes: Iterable[_Keyed], error: DynamongoError) -> dict[int, Outcome]:
    reason = WriteNotSent(f"not sent, since an earlier write of the run failed: {error}")
    reason.__cause__ = error
    return {write.index: Outcome(write.index, reason) for write in writes}


def _grouped(writes: Iterable[_Keyed], size: int) -> Iterator[list[_Keyed]]:
    """Groups that can be sent as one batch, and single writes that cannot, so that writes of one key keep order."""
    batch: dict[tuple[AttributeValue, ...], _Keyed] = {}
    for write in writes:
        if batch and (write.key in batch or len(batch) == size):
            yield list(batch.values())
            batch = {}
        if write.write.condition is None:
            batch[write.key] = write
        else:
            yield [write]
    if batch:
        yield list(batch.values())


def _write_alone(write: _Keyed) -> Steps[Outcome]:
    try:
        yield write.write
    except _ITEM_ERRORS as error:
        return Outcome(write.index, error)
    return Outcome(write.index)
