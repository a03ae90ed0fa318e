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

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from dynamongo._support.generics import Generic
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
)
from dynamongo.executor import Sender, Steps
from dynamongo.expressions.conditions import AnyCondition, Condition
from dynamongo.expressions.values import Item
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.mapper import Mapper
from dynamongo.operations import Get, Operation
from dynamongo.planning.strategies import Strategy, Target, resolve_key

if TYPE_CHECKING:
    from dynamongo.executor import reads
    from dynamongo.mapping.problems import failures
    from dynamongo.planning import known_plans
    from dynamongo.planning import plan as plans
    from dynamongo.planning import read as planned
else:  # reads by key need none of these
    failures = LazyModule("dynamongo.mapping.problems.failures")
    planned = LazyModule("dynamongo.planning.read")
    known_plans = LazyModule("dynamongo.planning.known_plans")
    plans = LazyModule("dynamongo.planning.plan")
    reads = LazyModule("dynamongo.executor.reads")

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
    check: AnyCondition | None = None

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
            read = planned.Read(
                mapper.schema(table),
                (target,),
                consistent=consistent,
                projection=paths,
                kinds=mapper.kinds,
                key_templates=mapper.key_templates,
            )
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
