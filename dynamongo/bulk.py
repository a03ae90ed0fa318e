"""Bulk writes: from what is to be written to an outcome for each item.

The verbs for many items and those of a result set end here. An entry is one item on its way: the write that is to be
sent, or the error that keeps it from being sent.
"""

# These functions are the inside of a model, and use what it keeps to itself.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from dynamongo.codecs import decode_item
from dynamongo.conditions import (
    BaseCondition,
    Condition,
    Exists,
    NotExists,
    Path,
    all_of,
    conjuncts,
    paths_of,
)
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ExpressionError,
    InvalidRequestError,
    ItemNotFound,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    ValidationError,
    WriteNotSent,
    WriteOutcomeUnknown,
)
from dynamongo.executor import Outcome, Write
from dynamongo.operations import Delete, Put, UpdateItem
from dynamongo.planner import recheck
from dynamongo.plans import Plan
from dynamongo.progress import ProgressOption, report_progress
from dynamongo.results import BatchResult, Failure, WriteOutcome
from dynamongo.strategies import Source, Target, refuse_empty_key
from dynamongo.tables import Table
from dynamongo.updates import AnyUpdate, SetUpdate, Update, check_updates
from dynamongo.values import Item, shorten
from dynamongo.writing import Writer

M = TypeVar("M", bound=Table)

_OWN_ERRORS = (
    ConditionalCheckFailedException,
    InvalidRequestError,
    ItemNotFound,
    LimitExceededError,
    ThrottledError,
    TransactionConflict,
    ValidationError,
    WriteOutcomeUnknown,
)
"""The errors of one item, which say nothing of the others."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
    """One item on its way to the store.

    Attributes:
        item: What the caller is to be told of: the instance, or what was given instead of one.
        write: What is to be sent, or `None` where an error stands in the way.
        error: That error.
    """

    item: M
    write: Write | None
    error: DynamongoError | None = None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How many items are written.

    Attributes:
        max_workers: How many requests are under way at once; as many as the backend bears where it is `None`.
        progress: Where progress goes.
        total: How many items there are, if that is known.
    """

    max_workers: int | None = None
    progress: ProgressOption = None
    total: int | None = None

    def __post_init__(self) -> None:
        if self.max_workers is not None and (type(self.max_workers) is not int or self.max_workers < 1):
            raise ExpressionError(f"max_workers must be an int of 1 or more; got {shorten(self.max_workers)}")


def write_entries(model: type[M], entries: Iterable[Entry[M]], options: WriteOptions) -> Iterator[WriteOutcome[M]]:
    """Carry out the writes of the entries, and give an outcome for each as it becomes known.

    Entries are taken from the iterable as they are sent. Outcomes come in another order than the entries where a
    write has to wait or several are under way: `index` says which entry is meant.
    """
    limits = model._connection().backend.limits
    workers = limits.concurrency if options.max_workers is None else options.max_workers
    writer = Writer(model._connection().run, model.__declaration__.keys.names, limits.batch_write, workers)
    waiting: dict[int, tuple[int, Entry[M]]] = {}
    refused: deque[WriteOutcome[M]] = deque()

    def writes() -> Iterator[Write]:
        numbers = itertools.count()
        for index, entry in enumerate(entries):
            if entry.write is None:
                refused.append(WriteOutcome(index, entry.item, entry.error))
            else:
                waiting[next(numbers)] = index, entry
                yield entry.write

    with report_progress(options.progress, model.table_name(), options.total) as advance:
        for outcome in writer.write(writes()):
            index, entry = waiting.pop(outcome.index)
            found = _finish(model, index, entry, outcome)
            for each in (*_drain(refused), found):
                advance(1, int(each.error is not None))
                yield each
        for each in _drain(refused):
            advance(1, 1)
            yield each


def collect(model: type[M], outcomes: Iterable[WriteOutcome[M]]) -> BatchResult[M]:
    """All outcomes, in the order of the entries.

    Raises:
        DynamongoError: Nothing was done, since the first request met an error that is not that of one item.
    """
    known = sorted(outcomes, key=lambda outcome: outcome.index)
    stops = [each.error for each in known if each.error is not None and not isinstance(each.error, _OWN_ERRORS)]
    if known and len(stops) == len(known):
        raise model._locate(next(error for error in stops if not isinstance(error, WriteNotSent)))
    return BatchResult(
        [each.item for each in known if each.error is None],
        [Failure(each.item, each.error) for each in known if each.error is not None],
    )


def _drain(refused: deque[WriteOutcome[M]]) -> Iterator[WriteOutcome[M]]:
    while refused:
        yield refused.popleft()


def _finish(model: type[M], index: int, entry: Entry[M], outcome: Outcome) -> WriteOutcome[M]:
    """The outcome of a write as that of its item."""
    if outcome.error is not None:
        return WriteOutcome(index, entry.item, explain_error(model, cast("Write", entry.write), outcome.error))
    if outcome.attributes is None:
        return WriteOutcome(index, entry.item)
    try:
        return WriteOutcome(index, decode_written(model, outcome.attributes, "updated"))
    except ValidationError as error:
        return WriteOutcome(index, entry.item, error)


# Which writes.


def as_instance(model: type[M], item: M | Mapping[str, Any]) -> M:
    """What is to be stored, as an instance; raises `ValidationError` where it is not valid."""
    if isinstance(item, model):
        return item
    if isinstance(item, Mapping):
        return model.from_dict(item)
    raise ValidationError(f"{model.__name__}: an item is a dict or an instance of it; got {shorten(item)}")


def make_put(model: type[M], instance: M, overwrite: Any) -> Put:
    """What stores the instance; `overwrite` is as in `save_one`."""
    condition = _overwrite_condition(model, overwrite)
    return Put(model.table_name(), instance._encode_item(), condition, return_item_on_failure=condition is not None)


def _overwrite_condition(model: type[Table], overwrite: Any) -> Condition | None:
    if isinstance(overwrite, BaseCondition):
        check_declared(model, paths_of(cast("Condition", overwrite)))
        return cast("Condition", overwrite)
    if not isinstance(overwrite, bool):
        raise ExpressionError(f"{model.__name__}: overwrite is True, False or a condition; got {shorten(overwrite)}")
    return None if overwrite else NotExists(Path(model.__declaration__.keys.names[0]))


def delete_entries(model: type[M], targets: Iterable[Target], found: Iterable[M] | None = None) -> Iterator[Entry[M]]:
    """Deletes of the targets, which are reported by their keys, or as they were found."""
    table = model.table_name()
    for target, instance in _with_instances(model, targets, found):
        delete = Delete(table, target.key, target.check, return_item_on_failure=target.check is not None)
        yield Entry(instance, delete)


def update_entries(
    model: type[M], targets: Iterable[Target], updates: tuple[AnyUpdate, ...], found: Iterable[M] | None = None
) -> Iterator[Entry[M]]:
    """Updates of the targets, which must exist."""
    for target, instance in _with_instances(model, targets, found):
        yield Entry(instance, make_update(model, target, updates))


def make_update(
    model: type[Table], target: Target, updates: tuple[AnyUpdate, ...], *, upsert: bool = False
) -> UpdateItem:
    """The update of one item, which must exist unless it may be created."""
    exists = Exists(Path(model.__declaration__.keys.names[0]))
    condition = target.check if upsert else all_of((exists, *conjuncts(target.check)))
    return UpdateItem(model.table_name(), target.key, updates, condition, "ALL_NEW", return_item_on_failure=True)


def _with_instances(model: type[M], targets: Iterable[Target], found: Iterable[M] | None) -> Iterator[tuple[Target, M]]:
    if found is None:
        return ((target, model._decode_item(target.key)) for target in targets)
    return zip(targets, found, strict=True)


def targets_of(model: type[Table], source: Source, items: Sequence[Item]) -> list[Target]:
    """The items that were found, each with what its write has to check again.

    Raises:
        ExpressionError: The condition is too large for that of a write.
    """
    names = model.__declaration__.keys.names
    keys: list[Item] = [{name: item[name] for name in names} for item in items]
    if isinstance(source, tuple):
        checks = {tuple(target.key.values()): target.check for target in source}
        return [Target(key, checks[tuple(key.values())]) for key in keys]
    return [Target(key, recheck(source, key)) for key in keys]


def check_changes(model: type[Table], updates: Any) -> tuple[AnyUpdate, ...]:
    """The updates as a tuple.

    Raises:
        ExpressionError: Something is no update, there are none, they overlap, or they change the key.
    """
    changes: tuple[Any, ...] = tuple(cast("Iterable[Any]", updates)) if isinstance(updates, Iterable) else (updates,)
    for change in changes:
        if not isinstance(change, Update):
            raise ExpressionError(
                f"{model.__name__}: an update is built by a field, as in User.name.set('x'); got {shorten(change)}"
            )
        copied = change.value if isinstance(change, SetUpdate) and isinstance(change.value, Path) else change.path
        check_declared(model, (change.path, copied))
        if isinstance(change, SetUpdate) and change.path.attribute in model.__declaration__.index_keys:
            refuse_empty_key(model.__fields__[change.path.attribute], change.value)
    if not changes:
        raise ExpressionError(f"{model.__name__}: an update changes something; got no updates")
    check_updates(changes, model.__declaration__.keys.names)
    return changes


def check_declared(model: type[Table], paths: Iterable[Path]) -> None:
    """Refuse a condition or an update of another model, which would be silently without effect, or harm."""
    for path in paths:
        if path.attribute not in model.__fields__:
            raise ExpressionError(f"{model.__name__} does not declare {path}: is that of another model?")


# What came of it.


def explain_error(model: type[Table], write: Write, error: DynamongoError) -> DynamongoError:
    """The error of a write in the model's words."""
    if not isinstance(error, ConditionalCheckFailedException):
        return error
    key = write.item if isinstance(write, Put) else write.key
    exists = Exists(Path(model.__declaration__.keys.names[0]))
    parts = conjuncts(write.condition)
    if not isinstance(write, UpdateItem) or parts[:1] != (exists,):
        return explain_failed_check(model, key, write.condition, error)
    if error.item is not None:
        return explain_failed_check(model, key, all_of(parts[1:]), error)
    missing = ItemNotFound(f"{model.__name__}: there is no item with {model._describe_key(key)}")
    missing.__cause__ = error
    return missing


def explain_failed_check(
    model: type[Table], key: Item, condition: Condition | None, error: ConditionalCheckFailedException
) -> ConditionalCheckFailedException:
    """The error with the item in words (its key alone, since logs are read by many) and as an instance."""
    named = model._describe_key(key)
    if condition == NotExists(Path(model.__declaration__.keys.names[0])) and error.item is not None:
        message = f"{model.__name__}: there is an item with {named} already"
    elif error.item is None:
        message = f"{model.__name__}: there is no item with {named} for `{condition}`"
    else:
        message = f"{model.__name__}: `{condition}` does not hold for the item with {named}"
    return ConditionalCheckFailedException(message, item=_decode_stored(model, error.item))


def _decode_stored(model: type[Table], item: Any) -> Any:
    if item is None:
        return None
    try:
        return model._decode_item(item)
    except ValidationError:
        return decode_item(item)


def decode_found(model: type[M], items: Iterable[Item], plan: Plan) -> list[M]:
    """Instances of the items that were read with the plan."""
    return [model._decode_found(item, plan) for item in items]


def decode_written(model: type[M], item: Item, done: str) -> M:
    """The instance that a write returned. An item that cannot be read is no reason to forget that it was done."""
    try:
        return model._decode_item(item)
    except ValidationError as error:
        unread = ValidationError(f"the item was {done}, but what is stored cannot be read: {error}")
        unread.item = decode_item(item)
        raise unread from error
