"""Calls: a verb prepares a call, a facade executes it, and the call finishes the result.

Each verb is written once, as a `VerbCall`. Its constructor turns the arguments into an operation or into executor
steps, `finish` turns the result into what the verb returns, and `fail` puts an error into the model's words. What is in
between is executed by `perform`, which blocks, or by `perform_async`, which is awaited.

>>> from dynamongo import Connection, Model, StringField
>>> from dynamongo.backends.memory import MemoryBackend
>>> class Note(Model):
...     __table__ = "notes"
...     __hash_key__ = "title"
...     title = StringField()
>>> call = GetCall(Note.__mapper__, "notes", "a", None)
>>> call.operation
Get(table='notes', key={'title': 'a'}, projection=(), consistent=False)
>>> backend = MemoryBackend()
>>> with Connection.using(backend):
...     saved = Note.create_table(), Note(title="a").save()
>>> call.finish(backend.execute(call.operation))
Note(title='a')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag, refuse_condition
from dynamongo.backends import Backend
from dynamongo.connection.connection import default_connection
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    InvalidRequestError,
    ItemNotFound,
    TableExists,
    TableMismatch,
    TableNotFound,
    VersionConflict,
)
from dynamongo.executor import Sender, Steps
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import Item
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import Action, Get, Operation, WriteResult
from dynamongo.planning.strategies import Strategy, Target, resolve_checked, resolve_key
from dynamongo.planning.write_builders import check_changes, make_delete, make_save, make_update

if TYPE_CHECKING:
    from dynamongo.executor import guarded_writes, reads
    from dynamongo.mapping import failures
    from dynamongo.planning import known_plans
    from dynamongo.planning import plan as plans
    from dynamongo.planning import read as planned
    from dynamongo.verbs import returned
    from dynamongo.verbs.returned import Returns, WholeReturns
else:  # reads and writes by key need none of these, unless a write fails
    failures = LazyModule("dynamongo.mapping.failures")
    guarded_writes = LazyModule("dynamongo.executor.guarded_writes")
    planned = LazyModule("dynamongo.planning.read")
    known_plans = LazyModule("dynamongo.planning.known_plans")
    plans = LazyModule("dynamongo.planning.plan")
    reads = LazyModule("dynamongo.executor.reads")
    returned = LazyModule("dynamongo.verbs.returned")

M = TypeVar("M", bound=Recorded)
R = TypeVar("R")


class _Required:
    def __repr__(self) -> str:
        return "<required>"  # in `help`


REQUIRED: Final[Any] = _Required()
"""The default of a read that raises for a missing item."""

_REFUSALS = (ConditionalCheckFailedException, InvalidRequestError, TableNotFound, TableExists, TableMismatch)
"""The errors that `VerbCall.fail` explains. All others, such as throttling, concern no model, and pass unchanged."""


class VerbCall(Generic[R]):
    """What a verb asks of the store.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table, for messages.
        operation: The one operation to execute.
        steps: The executor steps to run, where it takes several requests. A call with neither sends nothing, and
            its result is `None`.
    """

    operation: Operation[Any] | None = None
    steps: Callable[[Sender], Steps[Any]] | None = None

    def __init__(
        self,
        mapper: Mapper[Any],
        table: str,
        operation: Operation[Any] | None = None,
        steps: Callable[[Sender], Steps[Any]] | None = None,
    ) -> None:
        self.mapper = mapper
        self.table = table
        self.operation = operation
        self.steps = steps

    def finish(self, result: Any) -> R:
        """Return what the verb returns for the result of the operation or the steps."""
        return cast("R", result)

    def fail(self, error: DynamongoError) -> R:
        """Raise the error in the model's words, or return what the verb returns for it."""
        explained = self.explain(error)
        if explained is error:  # which would be its own cause
            raise error
        raise explained from error

    def explain(self, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words."""
        return self.mapper.locate_error(error, self.table, None, self.operation)

    def send_by(self, sender: Sender) -> Steps[R]:
        """Send the operation as one of several steps, and return what the verb returns."""
        try:
            result = yield from sender.send(cast("Operation[Any]", self.operation))
        except _REFUSALS as error:
            raise self.explain(error) from error
        return self.finish(result)


def perform(call: VerbCall[R], backend: Backend | None = None) -> R:
    """Execute a call on the connection of its model, blocking, and return what its verb returns.

    Args:
        call: The call.
        backend: Where to execute it; the backend in use by default.
    """
    connection = call.mapper.model.__connection__ or default_connection  # as `connection_of`, in one function call less
    operation = call.operation
    try:
        if operation is not None:
            result = connection.execute(operation, backend)
        else:
            result = None if call.steps is None else connection.run(call.steps, backend)
    except _REFUSALS as error:
        return call.fail(error)
    return call.finish(result)


async def perform_async(call: VerbCall[R], backend: Backend | None = None) -> R:
    """Execute a call as `perform` does, without blocking the event loop."""
    connection = call.mapper.model.__connection__ or default_connection
    operation = call.operation
    try:
        if operation is not None:
            result = await connection.execute_async(operation, backend)
        else:
            result = None if call.steps is None else await connection.run_async(call.steps, backend)
    except _REFUSALS as error:
        return call.fail(error)
    return call.finish(result)


def given(condition: Condition | None = None, returns: str = "new") -> dict[str, Any]:
    """Return those as keyword arguments that are no defaults: a verb that a model overrides may not take them."""
    options: dict[str, Any] = {} if condition is None else {"condition": condition}
    if returns != "new":
        options["returns"] = returns
    return options


class GetCall(VerbCall[Any]):
    """Read one item: a Get, or the plan of a key with conditions or a projection."""

    # Defaults on the class: most calls set none of these, and this is the hottest verb.
    default: Any = REQUIRED
    plan: plans.Plan | None = None
    check: Condition | None = None

    def __init__(  # noqa: PLR0913, PLR0917 - the arguments of `get_one`, and where they are applied
        self,
        mapper: Mapper[Any],
        table: str,
        strategy: Strategy,
        default: Any = REQUIRED,
        consistent: bool = False,  # noqa: FBT001, FBT002 - by position, in less time than by name
        projection: Iterable[Any] | None = None,
    ) -> None:
        if consistent is not False:
            check_flag(mapper.name, "consistent", consistent)
        if default is not REQUIRED:
            refuse_condition(mapper.name, "default", default)
            self.default = default
        self.mapper, self.table = mapper, table  # in fewer steps than `super().__init__`
        key, check = resolve_key(strategy, mapper)
        if check is None and projection is None:  # the plan of a key is this Get, so there is no need to plan
            self.operation = Get(table, key, (), consistent)  # by position, which takes less time than by name
        else:
            paths, target = mapper.resolve_projection(projection), Target(key, check)
            schema, kinds = mapper.schema(table), mapper.kinds
            read = planned.Read(schema, (target,), consistent=consistent, projection=paths, kinds=kinds)
            self.plan, self.check = known_plans.plan_for(mapper, read), check
            self.operation = self.plan.operations[0]  # a Get as well, whose item is tested and projected afterwards

    def finish(self, result: Any) -> Any:
        """Return the instance, or the default."""
        item = result.item
        if item is not None:
            plan = self.plan
            if plan is None:
                if (kinds := self.mapper.kinds) is None or kinds.find(item) is not None:
                    return self.mapper.decode(item)
            elif (wanted := reads.accept_item(plan, item)) is not None:
                return self.mapper.decode_read([wanted], plan.loaded)[0]
        return self.finish_missing(item)

    def finish_missing(self, item: Item | None) -> Any:
        """Return the default, or raise `ItemNotFound`: there is no such item, or only this one."""
        if self.default is not REQUIRED:
            return self.default
        key = cast("Get", self.operation).key
        also = "" if self.check is None else f" and `{self.check}`"
        other = "" if item is None or self.mapper.model_for(item) is not None else failures.OTHER_KIND
        raise ItemNotFound(f"{self.mapper.name}: there is no item with {self.mapper.describe_key(key)}{also}{other}")


class GetRawCall(GetCall):
    """Read one item as it is stored."""

    def finish(self, result: Any) -> Any:
        """Return the item as a dict of Python values, or the default."""
        stored = item = result.item
        if item is not None:
            if self.plan is not None:
                item = reads.accept_item(self.plan, item)
            elif self.mapper.model_for(item) is None:
                item = None
        return self.finish_missing(stored) if item is None else decode_map(item)


class _WriteCall(VerbCall[R]):
    guarded: guarded_writes.GuardedWrite | None = None
    """The write of a model with unique values, which takes steps."""

    def explain(self, error: DynamongoError) -> DynamongoError:
        """Return the error in the model's words, with what is stored."""
        write = self.operation if self.guarded is None else self.guarded.write
        return failures.explain_failure(self.mapper, cast("Action", write), error)

    def keep_unique(self, given: object) -> None:
        """Write the guards of unique values together with the item, which the caller has named by `given`."""
        if self.operation is not None:
            write = cast("guarded_writes.SingleWrite", self.operation)
            self.guarded = guarded = guarded_writes.guard_write(self.mapper, write, given)
            self.operation, self.steps = None, guarded.perform


class SaveCall(_WriteCall[M]):
    """Save one item: a Put, an update of what was changed, or nothing where nothing was."""

    returns: WholeReturns = "new"  # on the class, as in `GetCall`

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
        self.mapper, self.table = mapper, table
        self.operation = self.write = make_save(mapper, table, instance, overwrite, only_changed=only_changed)
        if returns != "new":
            self.returns = returns
            self.operation = self.write = returned.return_replaced(mapper.name, self.write, returns)
        if mapper.unique is not None:
            self.keep_unique(instance)

    def finish(self, result: WriteResult | None) -> Any:
        """Return the instance, which remembers what is stored now, or the item that it has replaced."""
        if self.write is not None:
            self.mapper.note_saved(self.instance, self.write)
        if self.returns == "new":
            return self.instance
        replaced = cast("WriteResult", result).attributes
        return None if replaced is None else self.mapper.decode_written(replaced, "replaced")


class UpdateCall(_WriteCall[M]):
    """Update one item."""

    returns: Returns = "new"

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
        changes = check_changes(mapper, updates)
        target = resolve_checked(strategy, condition, mapper)
        self.mapper, self.table = mapper, table
        self.operation = self.write = make_update(mapper, table, target, changes, upsert=upsert, item=strategy)
        if returns != "new":
            self.returns, self.strategy = returns, strategy
            self.operation = self.write = returned.return_updated(mapper.name, self.write, returns)
        if mapper.unique is not None:
            self.keep_unique(strategy)

    def finish(self, result: WriteResult) -> Any:
        """Return the item as it is now, or what else was asked for."""
        if self.returns == "new":
            return self.mapper.decode_written(cast("Item", result.attributes), "updated")
        return returned.finish_update(self.mapper, self.write, result.attributes, self.returns, self.strategy)


class DeleteCall(_WriteCall[M | None]):
    """Delete one item."""

    def __init__(self, mapper: Mapper[M], table: str, strategy: Strategy, condition: Condition | None = None) -> None:
        self.is_instance = isinstance(strategy, mapper.origin)
        target = resolve_checked(strategy, condition, mapper)
        self.mapper, self.table = mapper, table
        self.operation = make_delete(mapper, table, target, return_old=True)
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
