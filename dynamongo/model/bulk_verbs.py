"""The verbs for many items: `User.save_many(...)`, `User.save_many.explain(...)`, and the streams of their outcomes.

Each verb is an object, so that it can be called, explained, and tell of the one that it is without a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends import Limits
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import AttributeNotLoaded, ExpressionError, ValidationError
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.model.bulk_writes import (
    Entry,
    WriteOptions,
    collect,
    delete_entries,
    update_entries,
    write_entries,
)
from dynamongo.model.instance import Instance
from dynamongo.model.prepared_read import instances_of
from dynamongo.model.progress import ProgressOption, find_total
from dynamongo.model.result_set import ResultSet
from dynamongo.model.results import BatchResult, WriteOutcome
from dynamongo.operations import Put
from dynamongo.planning.plan import Plan, Requests
from dynamongo.planning.planner import plan_for
from dynamongo.planning.read import Read
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import ResolvedStrategy, Target, resolve_many, resolve_one
from dynamongo.planning.write_builders import check_changes, make_put

M = TypeVar("M", bound=Instance)


@dataclass(frozen=True, slots=True)
class WritePlan:
    """How a verb for many items is carried out. Print it to read it.

    Attributes:
        step: The kind of request and its table, such as `"BatchWrite users"`.
        per_request: How many items a request writes.
        writes: How many items are written, or `None` where that is known after the read.
        read: How they are found, or `None` where they are known.
        check: What each write checks again, since its item may have changed after it was read.
        warnings: What the reader of the plan should know.
    """

    step: str
    per_request: int = 1
    writes: int | None = None
    read: Plan | None = None
    check: Condition | None = None
    warnings: tuple[str, ...] = ()

    @property
    def requests(self) -> Requests:
        """How many requests are made, those of the read included."""
        if self.read is None:
            count = -(-(self.writes or 0) // self.per_request)
            return Requests(count, "one more for each that the store does not get to" if self.per_request > 1 else None)
        found = self.read.requests
        growth = "one more for each item that is found"
        return Requests(found.at_least, growth if found.growth is None else f"{found.growth}, and {growth}")

    def __str__(self) -> str:
        lines = [] if self.read is None else [str(self.read)]
        lines.append(self.step)
        writes = "each item that is found" if self.writes is None else f"{self.writes} items"
        share = f", {self.per_request} to a request" if self.per_request > 1 else ", each with a request"
        lines.append(f"  writes         {writes}{share}")
        if self.check is not None:
            lines.append(f"  checks again   {self.check}")
        lines.append(f"  requests       {self.requests}")
        lines += [f"  note           {warning}" for warning in self.warnings]
        return "\n".join(lines)


class BoundVerb(Generic[M]):
    """A verb of one model."""

    name: ClassVar[str]

    def __init__(self, model: type[M]) -> None:
        self._model = model

    def _read(self, source: ResolvedStrategy, *, is_sorted: bool, scans: ScanPolicy | None = None) -> Read:
        required = self._model.__mapper__.declaration.required
        return Read(
            self._model.__mapper__.schema(self._model.table_name()),
            source,
            is_sorted=is_sorted,
            required=required,
            scans=scans,
        )

    @property
    def _limits(self) -> Limits:
        return connection_of(self._model).limits

    def _step(self, kind: str) -> str:
        return f"{kind} {self._model.table_name()}"

    def _find(self, source: ResolvedStrategy, scans: ScanPolicy | None) -> tuple[list[Target], list[M]]:
        """What a condition finds, read with the scan policy of the call: what each write checks, and the instances."""
        model = self._model
        read = self._read(source, is_sorted=True, scans=scans)
        return ResultSet(model, read, instances_of(model.__mapper__)).targets()

    def _resolve(self, strategy: Any) -> ResolvedStrategy:
        if strategy is None:
            raise ExpressionError(
                f"{self._model.__name__}.{self.name} needs a strategy; None would be every item of the table"
            )
        return resolve_many(strategy, self._model.__mapper__, to_write=True)

    @staticmethod
    def _check_scans(scans: ScanPolicy | None) -> None:
        if scans is not None:
            check_policy(scans)

    def _known_targets(self, source: ResolvedStrategy) -> tuple[tuple[Target, ...] | None, Plan | None]:
        """The targets that are known without reading, or else the plan that finds them."""
        if isinstance(source, tuple):
            return source, None
        plan = plan_for(self._model.__mapper__, self._read(source, is_sorted=False), self._limits.batch_get)
        if plan.keys is not None:
            return tuple(Target(key) for key in plan.keys), None
        return None, plan


class SaveMany(BoundVerb[M]):
    """Store several items as if one after the other.

    All are validated before the first is sent. Costs one BatchWriteItem request per 25 items, or one PutItem request
    per item if `overwrite` is `False` or a condition.
    """

    name = "save_many"

    def __call__(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Store the items.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.
            max_workers: How many requests are under way at once; 10 by default, and 1 in memory.
            progress: A callback that is given a `Progress`, or `True` for a bar.

        Returns:
            Every item as an instance, either among the successes or among the failures with the reason.

        Raises:
            ValidationError: An item is not valid; nothing was written. The message says which item.
            AttributeNotLoaded: An item, or a map or list in it, was read in part; the same.
        """
        entries = list(self._entries(items, overwrite))
        for index, entry in enumerate(entries):
            if entry.error is not None:
                raise type(entry.error)(f"item {index}: {entry.error}") from entry.error
        options = WriteOptions(max_workers, progress, len(entries))
        return collect(self._model, write_entries(self._model, entries, options))

    def explain(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
    ) -> WritePlan:
        """How the items would be stored. Makes no request."""
        writes = [entry.write for entry in self._entries(items, overwrite)]
        puts = [write for write in writes if isinstance(write, Put)]
        condition = puts[0].condition if puts else None
        if all(put.condition is None for put in puts):
            return WritePlan(self._step("BatchWrite"), self._limits.batch_write, len(writes))
        return WritePlan(self._step("Put"), 1, len(writes), check=condition)

    def stream(
        self,
        items: Iterable[M | Mapping[str, Any]],
        overwrite: bool | Condition = True,  # noqa: FBT001, FBT002 - as in `save_one`
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Store the items as they come from the iterable; see `Model.save_iter`."""
        options = WriteOptions(max_workers, progress, find_total(items))
        return iter(write_entries(self._model, self._entries(items, overwrite), options))

    def _entries(self, items: Iterable[Any], overwrite: Any) -> Iterator[Entry[M]]:
        mapper, table = self._model.__mapper__, self._model.table_name()
        for item in items:
            instance = item
            try:
                instance = mapper.as_instance(item)
                yield Entry(instance, make_put(mapper, table, instance, overwrite))
            except (AttributeNotLoaded, ValidationError) as error:
                yield Entry(instance, None, error)


class DeleteMany(BoundVerb[M]):
    """Delete several items.

    Keys (a list, `in_`, `keys_in`) are deleted without being read: one BatchWriteItem request per 25, and one
    DeleteItem request for each that has a condition of its own; an item that is not there counts as deleted. Any other
    condition is read first, as `get_many` would, and each delete checks it again, so that an item that was changed in
    between is reported and not destroyed. Of a condition that is too large for a write, each checks what held of it
    when its item was read.
    """

    name = "delete_many"

    def __call__(
        self,
        strategy: Any,
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Delete the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            scans: As in `get_many`.
            max_workers: As in `save_many`.
            progress: As in `save_many`.

        Returns:
            The items; those that were deleted by key are instances that hold the key alone.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the condition is about more
                attributes than a delete can check again. Nothing was deleted.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        self._check_scans(scans)
        source = self._resolve(strategy)
        targets, _ = self._known_targets(source)
        if targets is not None:
            entries = list(delete_entries(self._model, targets))
        else:
            entries = list(delete_entries(self._model, *self._find(source, scans)))
        options = WriteOptions(max_workers, progress, len(entries))
        return collect(self._model, write_entries(self._model, entries, options))

    def explain(self, strategy: Any) -> WritePlan:
        """How the items would be found and deleted. Makes no request."""
        source = self._resolve(strategy)
        targets, plan = self._known_targets(source)
        if targets is None:
            return WritePlan(self._step("Delete"), 1, None, plan, cast("Condition | None", source))
        checked = sum(target.check is not None for target in targets)
        note = (f"{checked} of them have a condition, and go alone",) if checked else ()
        return WritePlan(self._step("BatchWrite"), self._limits.batch_write, len(targets), warnings=note)

    def stream(
        self, strategies: Iterable[Any], *, max_workers: int | None = None, progress: ProgressOption = None
    ) -> Iterator[WriteOutcome[M]]:
        """Delete the items as their strategies come from the iterable; see `Model.delete_iter`."""
        targets = (resolve_one(strategy, self._model.__mapper__, to_write=True) for strategy in strategies)
        options = WriteOptions(max_workers, progress, find_total(strategies))
        return iter(write_entries(self._model, delete_entries(self._model, targets), options))


class UpdateMany(BoundVerb[M]):
    """Change some attributes of several items, with one UpdateItem request for each.

    Items that are named by their keys are updated without being read, and must exist. Any other condition is read
    first, as `get_many` would, and each update checks it again, so that an item that was changed in between is reported
    and not changed. Of a condition that is too large for a write, each checks what held of it when its item was read.
    """

    name = "update_many"

    def __call__(
        self,
        strategy: Any,
        updates: AnyUpdate | Iterable[AnyUpdate],
        *,
        scans: ScanPolicy | None = None,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> BatchResult[M]:
        """Update the items.

        Args:
            strategy: A list of strategies for one item each, or any condition.
            updates: As in `update_one`; the same for every item.
            scans: As in `get_many`.
            max_workers: As in `save_many`.
            progress: As in `save_many`.

        Returns:
            The items as they are now; the others among the failures, each with the reason: `ItemNotFound`, or a
            condition that does not hold.

        Raises:
            ExpressionError: As in `update_one`, or the condition is about more attributes than an update can check
                again. Nothing was changed.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        self._check_scans(scans)
        changes = check_changes(self._model.__mapper__, updates)
        source = self._resolve(strategy)
        targets, _ = self._known_targets(source)
        if targets is not None:
            entries = list(update_entries(self._model, targets, changes))
        else:
            found, instances = self._find(source, scans)
            entries = list(update_entries(self._model, found, changes, instances))
        options = WriteOptions(max_workers, progress, len(entries))
        return collect(self._model, write_entries(self._model, entries, options))

    def explain(self, strategy: Any, updates: AnyUpdate | Iterable[AnyUpdate]) -> WritePlan:
        """How the items would be found and updated. Makes no request."""
        check_changes(self._model.__mapper__, updates)
        source = self._resolve(strategy)
        targets, plan = self._known_targets(source)
        if targets is None:
            return WritePlan(self._step("UpdateItem"), 1, None, plan, cast("Condition | None", source))
        return WritePlan(self._step("UpdateItem"), 1, len(targets), warnings=("each item must exist",))

    def stream(
        self,
        strategies: Iterable[Any],
        updates: AnyUpdate | Iterable[AnyUpdate],
        *,
        max_workers: int | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[M]]:
        """Update the items as their strategies come from the iterable; see `Model.update_iter`."""
        changes = check_changes(self._model.__mapper__, updates)
        targets = (resolve_one(strategy, self._model.__mapper__, to_write=True) for strategy in strategies)
        options = WriteOptions(max_workers, progress, find_total(strategies))
        return iter(write_entries(self._model, update_entries(self._model, targets, changes), options))


class SaveManyVerb:
    """Makes `User.save_many`."""

    def __get__(self, instance: object, owner: type[M]) -> SaveMany[M]:
        return SaveMany(owner)


class DeleteManyVerb:
    """Makes `User.delete_many`."""

    def __get__(self, instance: object, owner: type[M]) -> DeleteMany[M]:
        return DeleteMany(owner)


class UpdateManyVerb:
    """Makes `User.update_many`."""

    def __get__(self, instance: object, owner: type[M]) -> UpdateMany[M]:
        return UpdateMany(owner)
