"""The actions of a transaction: what `Transaction` and `AsyncTransaction` have in common, in no colour.

An action is built as the write of a single item is. Here actions are collected, and checked against the limits of a
transaction as they are added; the end of the block sends them together, blocking or awaited.

Source: "Amazon DynamoDB transactions: how it works" in the DynamoDB developer guide.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, cast, overload

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag
from dynamongo.backends import Backend
from dynamongo.connection.clocks import writing_to
from dynamongo.connection.connection import Connection, connection_of
from dynamongo.connection.overrides import backends
from dynamongo.connection.participants import Address, check_accounts, find_backend, find_mapper, split_arguments
from dynamongo.connection.size_checks import check_put
from dynamongo.connection.transaction_reasons import TransactionEntry, explain_reasons
from dynamongo.exceptions import (
    DynamongoError,
    ExpressionError,
    TransactionCanceled,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.sizes import item_size, size_bound
from dynamongo.expressions.updates import Updates
from dynamongo.expressions.values import shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import (
    MAX_TRANSACTION_ACTIONS,
    MAX_TRANSACTION_BYTES,
    Action,
    ConditionCheck,
    Put,
    TransactWrite,
)
from dynamongo.planning.strategies import resolve_checked
from dynamongo.planning.write_builders import (
    check_changes,
    make_check,
    make_delete,
    make_save,
    make_update,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.connection import transaction_guards
    from dynamongo.connection.transaction_guards import GuardChanges, TransactionGuards
    from dynamongo.planning.strategy_types import StrategyOfModel, TakesStrategy

    P = ParamSpec("P")
    M = TypeVar("M", bound=Recorded)
    W = TypeVar("W")
else:  # most models have nothing unique but the key
    transaction_guards = LazyModule("dynamongo.connection.transaction_guards")

_MAX_TOKEN = 36
"""Source: "ClientRequestToken" in TransactWriteItems, API reference."""


class TransactionActions:
    """The actions of one transaction, and how their result or error is finished.

    The item of an action is an instance, or a model and a strategy for one item: `tx.delete(user)`, or
    `tx.delete(User, "jane@example.com")`. Adding one does no I/O.

    Args:
        token: 1 to 36 ASCII characters. Within ten minutes, DynamoDB executes a transaction with the same token and the
            same actions only once. By default a random token, so that a request whose response is lost can be sent
            again.
        return_items: Whether a condition that does not hold returns the stored item in `TransactionCanceled.reasons`;
            for a model with a `VersionField` it always does.
    """

    _block: ClassVar[str]
    """The statement whose block takes the actions, for messages."""

    def __init__(self, token: str | None = None, *, return_items: bool = False) -> None:
        if token is not None:
            _check_token(token)
        # Even where the caller gives none: only a request with a token may be sent again after a lost response.
        self._token = token or os.urandom(16).hex()
        self._return_items = check_flag("Connection.transaction", "return_items", return_items)
        self._override = backends.latest()  # it goes to the backend in use now, even if another is when it is sent
        self._entries: dict[Address, TransactionEntry] = {}
        self._guards: TransactionGuards | None = None
        self._size = 0  # of the items, at most
        self._is_open = False

    @overload
    def save(self, item: Recorded, *, overwrite: bool | Condition = True, only_changed: bool = False) -> None: ...
    @overload
    def save(
        self,
        item: type[M],
        values: M | Mapping[str, Any],
        *,
        overwrite: bool | Condition = True,
        only_changed: bool = False,
    ) -> None: ...
    def save(
        self,
        item: Any,
        values: Any = None,
        *,
        overwrite: bool | Condition = True,
        only_changed: bool = False,
    ) -> None:
        """Store an item: an instance, or a model and a dict of values. The other arguments are as in `save_one`."""
        model = item if isinstance(item, type) else type(item)
        mapper, table = find_mapper(model)
        instance = mapper.as_instance(item if values is None else values)
        if type(instance) is not mapper.model:
            mapper = mapper.mapper_of(instance)
        write = self._by_clock(make_save, mapper)(mapper, table, instance, overwrite, only_changed=only_changed)
        if write is not None:  # with `only_changed`, nothing may have changed
            self._add("save", mapper, write, instance, saved=instance)

    @overload
    def create(self, item: Recorded) -> None: ...
    @overload
    def create(self, item: type[M], values: M | Mapping[str, Any]) -> None: ...
    def create(self, item: Any, values: Any = None) -> None:
        """Store an item that must not exist yet."""
        self.save(item, values, overwrite=False)

    @overload
    def update(
        self, item: Recorded, update: Updates, /, *updates: Updates, condition: Condition | None = None
    ) -> None: ...
    @overload
    def update(
        self,
        item: type[TakesStrategy[StrategyOfModel]],
        strategy: StrategyOfModel,
        update: Updates,
        /,
        *updates: Updates,
        condition: Condition | None = None,
    ) -> None: ...
    def update(self, item: Any, *arguments: Any, condition: Condition | None = None) -> None:
        """Change some attributes of an item that must exist.

        `tx.update(user, User.visits.increment())`, or with a model and a strategy, whose conditions must hold:
        `tx.update(User, "jane@example.com", User.visits.increment(), condition=User.visits < 10)`.
        """
        self._update(item, arguments, condition, upsert=False)

    @overload
    def upsert(
        self, item: Recorded, update: Updates, /, *updates: Updates, condition: Condition | None = None
    ) -> None: ...
    @overload
    def upsert(
        self,
        item: type[TakesStrategy[StrategyOfModel]],
        strategy: StrategyOfModel,
        update: Updates,
        /,
        *updates: Updates,
        condition: Condition | None = None,
    ) -> None: ...
    def upsert(self, item: Any, *arguments: Any, condition: Condition | None = None) -> None:
        """Change some attributes of an item, and create it if it is missing. The arguments are as in `update`."""
        self._update(item, arguments, condition, upsert=True)

    @overload
    def delete(self, item: Recorded, *, condition: Condition | None = None) -> None: ...
    @overload
    def delete(
        self,
        item: type[TakesStrategy[StrategyOfModel]],
        strategy: StrategyOfModel,
        /,
        *,
        condition: Condition | None = None,
    ) -> None: ...
    def delete(self, item: Any, *strategy: Any, condition: Condition | None = None) -> None:
        """Delete an item; the conditions of a strategy, and the one beside it, must hold."""
        model, which, left = split_arguments(item, strategy)
        if left:
            raise ExpressionError(f"delete takes an instance, or a model and a strategy; got also {shorten(left)}")
        mapper, table = find_mapper(model)
        mapper = mapper.mapper_for(which)
        target, found = resolve_checked(which, condition, mapper), which if isinstance(which, Recorded) else None
        self._add("delete", mapper, make_delete(mapper, table, target, found=found), which)

    def check(
        self,
        model: type[TakesStrategy[StrategyOfModel]],
        strategy: StrategyOfModel,
        *,
        condition: Condition | None = None,
    ) -> None:
        """Cancel the transaction unless an item exists and satisfies the conditions of the strategy and beside it."""
        mapper, table = find_mapper(model)
        target = resolve_checked(strategy, condition, mapper, to_write=False)
        self._add("check", mapper, make_check(mapper, table, target))

    def _begin(self) -> Self:
        self._is_open = True
        return self

    def _end(self, error: BaseException | None) -> tuple[Connection, Backend] | None:
        """Return where the actions are to be executed; `None` if the block has raised, or has added none."""
        self._is_open = False  # also if sending fails: nothing is to be added to what was sent
        if error is not None or not self._entries:
            return None
        check_accounts(self._entries)
        models = dict.fromkeys([entry.mapper.model for entry in self._entries.values()])
        return find_backend(list(models), self._override)

    def _update(self, item: Any, arguments: tuple[Any, ...], condition: Condition | None, *, upsert: bool) -> None:
        model, which, updates = split_arguments(item, arguments)
        mapper, table = find_mapper(model)
        mapper = mapper.mapper_for(which)
        changes = check_changes(mapper, updates)
        target = resolve_checked(which, condition, mapper)
        write = self._by_clock(make_update, mapper)(mapper, table, target, changes, upsert=upsert, item=which)
        self._add("upsert" if upsert else "update", mapper, write, which)

    def _by_clock(self, make: Callable[P, W], mapper: Mapper[Any]) -> Callable[P, W]:
        """Return the write builder, which tells the time by the clock of the backend that the transaction goes to."""
        if mapper.rules is None:  # nothing asks for the time
            return make

        def build(*arguments: P.args, **options: P.kwargs) -> W:
            with writing_to(self._override or connection_of(mapper.model).own_backend):
                return make(*arguments, **options)

        return build

    def _add(
        self, verb: str, mapper: Mapper[Any], action: Action, given: object = None, *, saved: Recorded | None = None
    ) -> None:
        if not self._is_open:
            raise DynamongoError(f"a transaction takes actions only inside its `{self._block}` block")
        changes: GuardChanges | None = None
        if mapper.unique is not None and not isinstance(action, ConditionCheck):
            changes = self._find_guards().prepare(mapper, mapper.unique, action, given)
            action = changes.write
        has_guards = changes is not None or (mapper.rules is not None and mapper.rules.has_guards)
        returns_item = self._return_items or mapper.version is not None or mapper.kinds is not None or has_guards
        # DynamoDB returns the item only if it is asked to; a conflict of versions, say, cannot be told without it.
        if action.return_item_on_failure is not returns_item:
            action = replace(action, return_item_on_failure=returns_item)
        holder = action.item if isinstance(action, Put) else action.key
        entry = TransactionEntry(verb, mapper, action, mapper.pick_key(holder), saved)
        self._check(entry, changes)
        self._check_size(entry)
        self._entries[entry.address] = entry
        if changes is not None:
            self._find_guards().accept(changes)

    def _find_guards(self) -> TransactionGuards:
        if self._guards is None:
            self._guards = transaction_guards.TransactionGuards()
        return self._guards

    def _check(self, entry: TransactionEntry, changes: GuardChanges | None) -> None:
        """Refuse an action for which DynamoDB would refuse the whole transaction."""
        # Source: TransactWriteItems, API reference.
        other = self._entries.get(entry.address)
        if other is not None:
            raise ExpressionError(
                f"a transaction takes one action per item: {entry.describe()} comes after {other.describe()}"
            )
        count = len(self._entries) + (0 if self._guards is None else len(self._guards))
        more = 1 if changes is None else 1 + len(changes.taken) + len(changes.freed)
        if count + more > MAX_TRANSACTION_ACTIONS:
            guards = "one more" if changes is None else f"{more} more with the guards of its unique values"
            raise ExpressionError(
                f"a transaction takes at most {MAX_TRANSACTION_ACTIONS} actions; {entry.describe()} is {guards}"
            )

    def _check_size(self, entry: TransactionEntry) -> None:
        """Refuse an action that makes the transaction too large.

        Keys are all that is known here of items that are updated or deleted: the store checks the sum of everything.
        """
        size = size_bound(entry.holder)
        if size > 1024 and isinstance(entry.action, Put):  # what costs one unit is not large
            check_put(entry.mapper, entry.action, size)
        if self._size + size > MAX_TRANSACTION_BYTES:  # only now is it worth measuring
            self._size = sum([item_size(each.holder) for each in self._entries.values()])
            size = item_size(entry.holder)
        if self._size + size > MAX_TRANSACTION_BYTES:
            raise ExpressionError(
                f"a transaction takes at most 4 MB of items; {entry.describe()} makes it {self._size + size} bytes"
            )
        self._size += size

    @contextlib.contextmanager
    def _committing(self) -> Generator[TransactWrite]:
        """Return the operation, which the block executes, and finish its result or error."""
        entries = tuple(self._entries.values())
        guards = () if self._guards is None else tuple(self._guards.actions())
        try:
            actions = (*[entry.action for entry in entries], *[action for action, _ in guards])
            yield TransactWrite(actions, self._token)
        except TransactionCanceled as error:
            reasons = explain_reasons(self._entries, [claim for _, claim in guards], error.reasons)
            raise TransactionCanceled(reasons).copy_context(error) from error
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C, or the task is cancelled
                interruption: Any = error
                interruption.outcome = self._outcome_after(error)
            raise
        for entry in entries:
            if entry.saved is not None:
                entry.mapper.note_saved(entry.saved, cast("Any", entry.action))

    def _outcome_after(self, interruption: BaseException) -> DynamongoError:
        """Return what is known of the transaction after an interruption; a backend may say that nothing was sent."""
        if not getattr(interruption, "was_sent", True):
            return WriteNotSent("the transaction was not sent: it was interrupted before")
        return WriteOutcomeUnknown(
            f"the outcome of the transaction is unknown: it was interrupted by {type(interruption).__name__}; commit"
            f" the same actions with token={self._token!r} within ten minutes, which executes them at most once"
        )


def _check_token(token: object) -> None:
    if not isinstance(token, str) or not token.isascii() or not 1 <= len(token) <= _MAX_TOKEN:
        from uuid import UUID  # noqa: PLC0415 - slow to import, and rarely needed

        fix = f"; use str(token), {str(token)!r}" if isinstance(token, UUID) else ""
        raise ExpressionError(f"token must be a str of 1 to 36 ASCII characters; got {shorten(token)}{fix}")
