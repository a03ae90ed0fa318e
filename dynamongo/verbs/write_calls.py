"""Calls of the verbs that write one item; see `calls`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag
from dynamongo.connection.connection import default_connection
from dynamongo.exceptions import ConditionalCheckFailedException, DynamongoError, VersionConflict
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded, stored_item_of
from dynamongo.operations import Action, WriteResult
from dynamongo.planning.strategies import Strategy, resolve_checked
from dynamongo.planning.write_builders import check_changes, make_delete, make_save, make_update
from dynamongo.verbs.calls import VerbCall

if TYPE_CHECKING:
    from dynamongo.connection import size_checks
    from dynamongo.executor import guarded_writes
    from dynamongo.mapping.problems import failures
    from dynamongo.mapping.unique import Constraints
    from dynamongo.verbs import returned
    from dynamongo.verbs.returned import Returns, WholeReturns
else:  # most writes need none of these, unless one fails
    size_checks = LazyModule("dynamongo.connection.size_checks")
    guarded_writes = LazyModule("dynamongo.executor.guarded_writes")
    failures = LazyModule("dynamongo.mapping.problems.failures")
    returned = LazyModule("dynamongo.verbs.returned")

M = TypeVar("M", bound=Recorded)
R = TypeVar("R")


class _WriteCall(VerbCall[R]):
    guarded: guarded_writes.GuardedWrite | None = None
    """The write of a model with unique values, which takes steps."""

    def explain(self, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words, with what is stored."""
        write = self.operation if self.guarded is None else self.guarded.write
        return failures.explain_failure(self.mapper, cast("Action", write), error)

    def keep_unique(self, given: object) -> None:
        """Write the guards of unique values together with the item, which the caller has named by `given`."""
        write = cast("guarded_writes.SingleWrite | None", self.operation)
        # Where it concerns no unique value, it is one operation as any other.
        if write is not None and guarded_writes.constraints_of(cast("Constraints", self.mapper.unique), write):
            self.guarded = guarded = guarded_writes.guard_write(self.mapper, write, given)
            self.operation, self.steps = None, guarded.perform

    def _warn_if_large(self, result: WriteResult, item: Item | None) -> None:
        """Warn about an item that comes near 400 KB, if the write consumed so much that it may."""
        connection = self.mapper.model.__connection__ or default_connection
        if item is not None and result.consumed.write_units > connection.notable_units:
            size_checks.warn_if_large(self.mapper, self.table, item)


class SaveCall(_WriteCall[M]):
    """Save one item: a Put, an update of what was changed, or nothing where nothing was."""

    def __init__(  # noqa: PLR0913, PLR0917 - the arguments of `save_one`, and where they are applied
        self,
        mapper: Mapper[M],
        table: str,
        item: M | Mapping[str, Any],
        overwrite: bool | Condition,  # noqa: FBT001 - as in `save_one`
        only_changed: bool,  # noqa: FBT001 - by position, in less time than by name
        returns: WholeReturns = "new",
    ) -> None:
        self.instance = instance = mapper.as_instance(item)
        if type(instance) is not mapper.model:
            mapper = mapper.mapper_of(instance)
        self.mapper, self.table, self.returns = mapper, table, returns
        self.operation = self.write = make_save(mapper, table, instance, overwrite, only_changed=only_changed)
        if returns != "new":
            self.operation = self.write = returned.return_replaced(mapper.name, self.write, returns)
        if mapper.unique is not None:
            self.keep_unique(instance)

    def finish(self, result: Any) -> Any:
        """Return the instance, which remembers what is stored now, or the item that it has replaced."""
        if self.write is not None:
            self.mapper.note_saved(self.instance, self.write)
            if result.consumed.write_units > 1:
                self._warn_if_large(result, stored_item_of(self.instance))
        if self.returns == "new":
            return self.instance
        replaced: Item | None = result.attributes
        return None if replaced is None else self.mapper.decode_written(replaced, "replaced")


class UpdateCall(_WriteCall[M]):
    """Update one item."""

    returns: Returns

    def __init__(  # noqa: PLR0913 - the arguments of `update_one`, and where they are applied
        self,
        mapper: Mapper[M],
        table: str,
        strategy: Strategy,
        updates: Any,
        *,
        upsert: bool,
        condition: Condition | None = None,
        returns: Returns = "new",
    ) -> None:
        check_flag(mapper.name, "upsert", upsert)
        mapper = mapper.mapper_for(strategy)
        changes = check_changes(mapper, updates)
        target = resolve_checked(strategy, condition, mapper)
        self.mapper, self.table, self.returns = mapper, table, returns
        self.operation = self.write = make_update(mapper, table, target, changes, upsert=upsert, item=strategy)
        if returns != "new":
            self.strategy = strategy
            self.operation = self.write = returned.return_updated(mapper.name, self.write, returns)
        if mapper.unique is not None:
            self.keep_unique(strategy)

    def finish(self, result: WriteResult) -> Any:
        """Return the item as it is now, or what else was asked for."""
        if self.returns == "new":
            item: Any = result.attributes  # never `None` for an update that returns the new item
            if result.consumed.write_units > 1:
                self._warn_if_large(result, item)
            return self.mapper.decode_written(item, "updated")
        return returned.finish_update(self.mapper, self.write, result.attributes, self.returns, self.strategy)


class DeleteCall(_WriteCall[M | None]):
    """Delete one item."""

    def __init__(self, mapper: Mapper[M], table: str, strategy: Strategy, condition: Condition | None = None) -> None:
        self.is_instance = isinstance(strategy, mapper.origin)
        mapper = mapper.mapper_for(strategy)
        target = resolve_checked(strategy, condition, mapper)
        self.mapper, self.table = mapper, table
        found = strategy if self.is_instance else None
        self.operation = make_delete(mapper, table, target, return_old=True, found=found)
        if mapper.unique is not None:
            self.keep_unique(strategy)

    def finish(self, result: WriteResult) -> M | None:
        """Return the item as it was, if there was one."""
        return None if result.attributes is None else self.mapper.decode_written(result.attributes, "deleted")

    def fail(self, error: DynamongoError) -> M | None:
        """Return nothing for conditions that did not hold; the version of an instance is a conflict, and raises."""
        explained = self.explain(error)
        is_failure = isinstance(error, ConditionalCheckFailedException)
        if is_failure and not (self.is_instance and isinstance(explained, VersionConflict)):
            return None
        raise explained from error
