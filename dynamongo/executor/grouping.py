"""Grouping: which writes share a request, and which must not overtake each other."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from dynamongo.executor.guarded_writes import GuardedWrite
from dynamongo.expressions.values import Item
from dynamongo.operations import Delete, Put, UpdateItem

Write: TypeAlias = Put | Delete | UpdateItem | GuardedWrite


class Group:
    """Writes that are sent together: several as one batch, a single one alone.

    One object for a request, with a pair for each of its writes: an object for each would take a bulk write another
    microsecond for each item.

    Attributes:
        key_of: Returns the key of an item, or of a key, in a form that can be hashed.
        writes: The writes of one table by their keys, which differ, each with its position in the run.
    """

    __slots__ = ("key_of", "writes")

    def __init__(self, key_of: Callable[[Item], object], writes: dict[object, tuple[int, Write]]) -> None:
        self.key_of = key_of
        self.writes = writes

    @property
    def positions(self) -> list[int]:
        """The positions of the writes in the run."""
        return [position for position, _ in self.writes.values()]


Round: TypeAlias = list[Group]
"""Groups that may be sent in any order."""


class Grouper:
    """Hands out the writes of a table in rounds, and each round in groups: batches, and writes that need a request.

    In a round, every key occurs once: writes of the keys a, b, a, c make [a, b] and [a, c]. BatchWriteItem refuses two
    writes of one key, and carries out its writes in any order.

    Args:
        key_names: The names of the key attributes of the table.
        batch_size: How many writes a batch takes.
        round_size: How many writes a round takes at most.
        one_batch: Whether a round ends with its first full batch.
    """

    def __init__(self, key_names: tuple[str, ...], batch_size: int, round_size: int, *, one_batch: bool) -> None:
        self._key_of = cast("Callable[[Item], object]", operator.itemgetter(*key_names))
        self._batch_size = batch_size
        self._round_size = round_size
        self._one_batch = one_batch
        self._begin()

    def add(self, position: int, write: Write) -> Sequence[Round]:
        """Add a write, and return the rounds that are full now: often none, and sometimes two."""
        key = self._key_of(write.item if isinstance(write, Put) else write.key)
        full: Sequence[Round] = ()
        found = self._found
        if key in found or len(found) == self._round_size:
            full = (self.take_rest(),)
            found = self._found
        found.add(key)
        if not _is_batchable(write):
            self._groups.append(Group(self._key_of, {key: (position, write)}))
            return full
        batch = self._batch
        batch[key] = position, write
        if len(batch) == self._batch_size:
            self._end_batch()
            if self._one_batch:
                return (*full, self.take_rest())
        return full

    def take_rest(self) -> Round:
        """Return the round that is not full."""
        if self._batch:
            self._end_batch()
        groups = self._groups
        self._begin()
        return groups

    def _begin(self) -> None:
        self._groups: Round = []
        self._batch: dict[object, tuple[int, Write]] = {}
        self._found: set[object] = set()

    def _end_batch(self) -> None:
        self._groups.append(Group(self._key_of, self._batch))
        self._batch = {}


def _is_batchable(write: Write) -> bool:
    # A batch takes puts and deletes without conditions only. Source: BatchWriteItem, API reference.
    return not isinstance(write, (UpdateItem, GuardedWrite)) and write.condition is None
