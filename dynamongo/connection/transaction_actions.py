"""The actions of a transaction: what `Transaction` and `AsyncTransaction` have in common, in no colour.

An action is built as the write of a single item is. Here actions are collected, and checked against the limits of a
transaction as they are added; the end of the block sends them together, blocking or awaited.

Source: "Amazon DynamoDB transactions: how it works" in the DynamoDB developer guide.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, overload

from dynamongo._support.dataclasses import replace
from dynamongo.arguments import check_flag
from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.connection.overrides import backends
from dynamongo.connection.participants import Address, check_accounts, find_backend, find_mapper, split_arguments
from dynamongo.connection.size_checks import check_put
from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    ConditionalCheckFailedException,
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    LimitExceededError,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.sizes import item_size, size_bound
from dynamongo.expressions.updates import Updates
from dynamongo.expressions.values import Item, are_values_hidden, shorten
from dynamongo.mapping.failures import explain_failure
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import (
    MAX_TRANSACTION_ACTIONS,
    MAX_TRANSACTION_BYTES,
    Action,
    Put,
    TransactWrite,
)
from dynamongo.planning.strategies import Strategy, resolve_checked
from dynamongo.planning.write_builders import (
    check_changes,
    make_check,
    make_delete,
    make_save,
    make_update,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_MAX_TOKEN = 36
"""Source: "ClientRequestToken" in TransactWriteItems, API reference."""

_ERRORS_BY_REASON: Final[dict[str, type[BackendError]]] = {
    "ItemCollectionSizeLimitExceeded": LimitExceededError,
    "ProvisionedThroughputExceeded": ThrottledError,
    "ThrottlingError": ThrottledError,
    "TransactionConflict": TransactionConflict,
    "ValidationError": InvalidRequestError,
}
"""The error that the write alone would raise, by the code of the reason for which it cancels a transaction."""


class _Entry:
    """An action, with the mapper and key of its item, and the instance that it saves, if it does.

    A plain class takes half the time of a frozen one to instantiate, which happens for every action.
    """

    __slots__ = ("action", "address", "key", "mapper", "saved", "verb")

    def __init__(self, verb: str, mapper: Mapper[Any], action: Action, key: Item, saved: Recorded | None) -> None:
        self.verb = verb
        self.mapper = mapper
        self.action = action
        self.key = key
        self.saved = saved
        self.address: Address = action.table, tuple(key.values())

    @property
    def holder(self) -> Item:
        """The item of a put; of one that is updated or deleted, only the key is known here."""
        return self.action.item if isinstance(self.action, Put) else self.action.key

    def describe(self) -> str:
        return f"{self.verb} of the {self.mapper.name} with {self.mapper.describe_key(self.key)}"


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
        self._entries: dict[Address, _Entry] = {}
        self._size = 0  # of the items, at most
        self._is_open = False

    @overload
    def save(self, item: Recorded, *, overwrite: bool | Condition = True, only_changed: bool = False) -> None: ...
    @overload
    def save(
        self,
        item: type[Recorded],
        values: Mapping[str, Any],
        *,
        overwrite: bool | Condition = True,
        only_changed: bool = False,
    ) -> None: ...
    def save(
        self,
        item: Any,
        values: Mapping[str, Any] | None = None,
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
        write = make_save(mapper, table, instance, overwrite, only_changed=only_changed)
        if write is not None:  # with `only_changed`, nothing may have changed
            self._add("save", mapper, write, saved=instance)

    @overload
    def create(self, item: Recorded) -> None: ...
    @overload
    def create(self, item: type[Recorded], values: Mapping[str, Any]) -> None: ...
    def create(self, item: Any, values: Mapping[str, Any] | None = None) -> None:
        """Store an item that must not exist yet."""
        self.save(item, cast("Any", values), overwrite=False)

    @overload
    def update(self, item: Recorded, *updates: Updates, condition: Condition | None = None) -> None: ...
    @overload
    def update(
        self, item: type[Recorded], strategy: Strategy, /, *updates: Updates, condition: Condition | None = None
    ) -> None: ...
    def update(self, item: Any, *arguments: Any, condition: Condition | None = None) -> None:
        """Change some attributes of an item that must exist.

        `tx.update(user, User.visits.increment())`, or with a model and a strategy, whose conditions must hold:
        `tx.update(User, "jane@example.com", User.visits.increment(), condition=User.visits < 10)`.
        """
        self._update(item, arguments, condition, upsert=False)

    @overload
    def upsert(self, item: Recorded, *updates: Updates, condition: Condition | None = None) -> None: ...
    @overload
    def upsert(
        self, item: type[Recorded], strategy: Strategy, /, *updates: Updates, condition: Condition | None = None
    ) -> None: ...
    def upsert(self, item: Any, *arguments: Any, condition: Condition | None = None) -> None:
        """Change some attributes of an item, and create it if it is missing. The arguments are as in `update`."""
        self._update(item, arguments, condition, upsert=True)

    @overload
    def delete(self, item: Recorded, *, condition: Condition | None = None) -> None: ...
    @overload
    def delete(self, item: type[Recorded], strategy: Strategy, /, *, condition: Condition | None = None) -> None: ...
    def delete(self, item: Any, *strategy: Any, condition: Condition | None = None) -> None:
        """Delete an item; the conditions of a strategy, and the one beside it, must hold."""
        model, which, left = split_arguments(item, strategy)
        if left:
            raise ExpressionError(f"delete takes an instance, or a model and a strategy; got also {shorten(left)}")
        mapper, table = find_mapper(model)
        self._add("delete", mapper, make_delete(mapper, table, resolve_checked(which, condition, mapper)))

    def check(self, model: type[Recorded], strategy: Strategy, *, condition: Condition | None = None) -> None:
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
        changes = check_changes(mapper, updates)
        target = resolve_checked(which, condition, mapper)
        write = make_update(mapper, table, target, changes, upsert=upsert, item=which)
        self._add("upsert" if upsert else "update", mapper, write)

    def _add(self, verb: str, mapper: Mapper[Any], action: Action, *, saved: Recorded | None = None) -> None:
        if not self._is_open:
            raise DynamongoError(f"a transaction takes actions only inside its `{self._block}` block")
        returns_item = self._return_items or mapper.version is not None or mapper.kinds is not None
        # DynamoDB returns the item only if it is asked to; a conflict of versions or kinds cannot be told without it.
        if action.return_item_on_failure is not returns_item:
            action = replace(action, return_item_on_failure=returns_item)
        holder = action.item if isinstance(action, Put) else action.key
        entry = _Entry(verb, mapper, action, mapper.pick_key(holder), saved)
        self._check(entry)
        self._check_size(entry)
        self._entries[entry.address] = entry

    def _check(self, entry: _Entry) -> None:
        """Refuse an action for which DynamoDB would refuse the whole transaction."""
        # Source: TransactWriteItems, API reference.
        other = self._entries.get(entry.address)
        if other is not None:
            raise ExpressionError(
                f"a transaction takes one action per item: {entry.describe()} comes after {other.describe()}"
            )
        if len(self._entries) == MAX_TRANSACTION_ACTIONS:
            raise ExpressionError(
                f"a transaction takes at most {MAX_TRANSACTION_ACTIONS} actions; {entry.describe()} is one more"
            )

    def _check_size(self, entry: _Entry) -> None:
        """Refuse an action that makes the transaction too large.

        Keys are all that is known here of items that are updated or deleted: the store checks the sum of everything.
        """
        size = size_bound(entry.holder)
        if isinstance(entry.action, Put):
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
        try:
            yield TransactWrite(tuple([entry.action for entry in entries]), self._token)
        except TransactionCanceled as error:
            # A backend that knows no reasons gives none, hence the zip that is not strict.
            reasons = tuple(_explain_reason(entry, each) for entry, each in zip(entries, error.reasons, strict=False))
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


def _explain_reason(entry: _Entry, reason: CancellationReason) -> CancellationReason:
    """Return the reason with the model and key of its action, the item as an instance, and the error of the verb."""
    mapper, action = entry.mapper, entry.action
    key = mapper.decode_key(entry.key).to_dict(only=mapper.keys.field_names)
    message = reason.message
    if message:
        message += mapper.hint_at(message, action)
    shown = ", ".join(f"{name}={'…' if are_values_hidden() else shorten(value)}" for name, value in key.items())
    explained = replace(reason, model=mapper.model, key=key, message=message, label=f"{mapper.name} {shown}")
    if (kind := _ERRORS_BY_REASON.get(reason.code)) is not None:
        error = kind(reason.message or reason.code, code=reason.code)
        return replace(explained, error=mapper.locate_error(error, action.table, entry.key, action))
    # `explain_failure` takes a failure without an item for one of a missing item, which is wrong if none was asked for.
    if reason.code != "ConditionalCheckFailed" or not action.return_item_on_failure:
        return explained
    failure = ConditionalCheckFailedException(reason.message or reason.code, item=reason.item)
    failed = explain_failure(mapper, action, failure)
    return replace(explained, item=getattr(failed, "item", None), error=failed)
