"""Changes: from what a verb is given to the write of one item, and from what the store says of it to the model's words.

Single writes, bulk writes and transactions make their writes here, so that the same verb means the same in each.
"""

# These functions are the inside of a model, and use what it keeps to itself.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from dynamongo.arguments import check_flag
from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ExpressionError,
    ItemNotFound,
    ValidationError,
    VersionConflict,
)
from dynamongo.executor import Write
from dynamongo.expressions.conditions import BaseCondition, Condition, Path, all_of, conjuncts
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.updates import AddUpdate, AnyUpdate, IncrementUpdate, SetUpdate, Update, check_updates
from dynamongo.expressions.values import Item, hidden_values, shorten
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.changes import find_changes
from dynamongo.mapping.declaration import Declaration
from dynamongo.mapping.versions import count_up, find_conflict, lock, next_version
from dynamongo.model.table import Table
from dynamongo.operations import ConditionCheck, Delete, Put, ReturnValues, UpdateItem
from dynamongo.planning.strategies import Target

M = TypeVar("M", bound=Table)


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
    item = instance._encode_item()
    version = model.__mapper__.declaration.version
    if version is not None:
        held = vars(instance)[version]
        if overwrite is not False:
            condition = all_of((*conjuncts(condition), lock(version, held)))
        item[version] = next_version(held)
    return Put(model.table_name(), item, condition, return_item_on_failure=condition is not None)


def make_save(model: type[M], instance: M, overwrite: Any, *, only_changed: bool) -> Put | UpdateItem | None:
    """What saves the instance; `None` if only what was changed is to be sent, and nothing was."""
    if only_changed is False:  # asked first, since most saves are of the whole item
        return make_put(model, instance, overwrite)
    check_flag(model.__name__, "only_changed", only_changed)
    if instance._stored is None:
        return make_put(model, instance, overwrite)
    condition = _overwrite_condition(model, overwrite)
    if overwrite is False:
        raise ExpressionError(
            f"{model.__name__}: what was changed of an item can be saved only where the item exists; leave out"
            " overwrite=False or only_changed=True"
        )
    changes, checks = find_changes(model.__mapper__, instance)
    target = Target(instance._key(), all_of((*conjuncts(condition), *conjuncts(instance._lock()), *checks)))
    return make_update(model, target, changes, returns="NONE") if changes else None


def _overwrite_condition(model: type[Table], overwrite: Any) -> Condition | None:
    if isinstance(overwrite, BaseCondition):
        model.__mapper__.check_paths(paths_of(cast("Condition", overwrite)))
        return cast("Condition", overwrite)
    if not isinstance(overwrite, bool):
        raise ExpressionError(f"{model.__name__}: overwrite is True, False or a condition; got {shorten(overwrite)}")
    return None if overwrite else model.__mapper__.is_missing


def make_update(
    model: type[Table],
    target: Target,
    updates: tuple[AnyUpdate, ...],
    *,
    upsert: bool = False,
    returns: ReturnValues = "ALL_NEW",
) -> UpdateItem:
    """The update of one item, which must exist unless it may be created."""
    declaration = model.__mapper__.declaration
    guards = [guard for _, guard in _guards_of(updates)]
    exists = () if upsert else (model.__mapper__.exists,)
    condition = all_of((*exists, *conjuncts(target.check), *guards))
    counted = updates if declaration.version is None else (*updates, count_up(declaration.version))
    return UpdateItem(model.table_name(), target.key, counted, condition, returns, return_item_on_failure=True)


def _guards_of(updates: Iterable[AnyUpdate]) -> Iterator[tuple[Path, Condition]]:
    """The paths of the sums whose fields have a range, each with what has to hold for the sum to be in it."""
    for update in updates:
        if type(update) is SetUpdate:  # most are
            continue
        if isinstance(update, (AddUpdate, IncrementUpdate)) and update.guard is not None:
            yield update.path, update.guard


def make_delete(model: type[Table], target: Target, *, return_old: bool = False) -> Delete:
    """The delete of one item."""
    returns = target.check is not None
    return Delete(model.table_name(), target.key, target.check, return_old, return_item_on_failure=returns)


def check_changes(model: type[Table], updates: Any) -> tuple[AnyUpdate, ...]:
    """The updates as a tuple: of one, of several, or of lists of them in any mixture.

    Raises:
        ExpressionError: Something is no update, there are none, they overlap, or they change the key.
    """
    changes: tuple[Any, ...] = (updates,) if isinstance(updates, Update) else tuple(flatten(updates))
    if not changes:
        raise ExpressionError(f"{model.__name__}: an update changes something; got no updates")
    declaration = model.__mapper__.declaration
    for change in changes:
        _check_change(model, declaration, change)
    check_updates(changes, declaration.keys.names)
    return changes


def flatten(updates: Any) -> Iterator[Any]:
    """The updates one by one; `tx.update(user, [a, b])` and `user.update(a, b)` come here as lists in a tuple."""
    for update in _as_several(updates):
        yield from _as_several(update)


def _as_several(given: Any) -> Iterable[Any]:
    if isinstance(given, (Update, str, Mapping)) or not isinstance(given, Iterable):
        return (cast("Any", given),)
    return cast("Iterable[Any]", given)


def _check_change(model: type[Table], declaration: Declaration, change: Any) -> None:
    if not isinstance(change, Update):
        raise ExpressionError(
            f"{model.__name__}: an update is built by a field, as in User.name.set('x'); got {shorten(change)}"
        )
    model.__mapper__.check_paths((change.path,), to_write=True)
    name = change.path.attribute
    if name == declaration.version:
        raise ExpressionError(f"{model.__name__}.{name} counts the writes, and is changed by nothing else")
    if isinstance(change, SetUpdate) and isinstance(change.value, Path):
        model.__mapper__.check_paths((change.value,), to_write=True)
    elif isinstance(change, SetUpdate) and name in declaration.index_keys:
        model.__mapper__.fields[name].refuse_empty(change.value)


# What came of it.


def explain_error(model: type[Table], write: Write | ConditionCheck, error: DynamongoError) -> DynamongoError:
    """The error of a write in the model's words."""
    key = write.item if isinstance(write, Put) else write.key
    if not isinstance(error, ConditionalCheckFailedException):
        return model._locate(error, key, write)
    parts = conjuncts(write.condition)
    updates = write.updates if isinstance(write, UpdateItem) else ()
    if not isinstance(write, (UpdateItem, ConditionCheck)) or parts[:1] != (model.__mapper__.exists,):
        return explain_failed_check(model, key, write.condition, error, updates)
    if error.item is not None:
        return explain_failed_check(model, key, all_of(parts[1:]), error, updates)
    missing = ItemNotFound(f"{model.__name__}: there is no item with {model._describe_key(key)}")
    missing.__cause__ = error
    return missing


def explain_failed_check(
    model: type[Table],
    key: Item,
    condition: Condition | None,
    error: ConditionalCheckFailedException,
    updates: Iterable[AnyUpdate] = (),
) -> ConditionalCheckFailedException:
    """The error with the item in words (its key alone, since logs are read by many) and as an instance."""
    named = model._describe_key(key)
    version = model.__mapper__.declaration.version
    conflict = None if version is None else find_conflict(version, condition, error.item)
    if conflict is not None:
        return VersionConflict(
            f"{model.__name__}: {conflict.describe(named, has_item=error.item is not None)}",
            expected=conflict.expected,
            found=conflict.found,
            item=_decode_stored(model, error.item),
        )
    outside = [str(path) for path, guard in _guards_of(updates) if not holds(guard, error.item or {})]
    if outside:
        names = ", ".join(f"{model.__name__}.{name}" for name in outside)
        message = (
            f"{model.__name__}: the update would take {names} out of the range of its field in the item with {named}"
        )
    elif condition == model.__mapper__.is_missing and error.item is not None:
        message = f"{model.__name__}: there is an item with {named} already"
    elif error.item is None:
        message = f"{model.__name__}: there is no item with {named} for `{_name_condition(condition)}`"
    else:
        message = f"{model.__name__}: `{_name_condition(condition)}` does not hold for the item with {named}"
    return ConditionalCheckFailedException(message, item=_decode_stored(model, error.item))


def _name_condition(condition: Condition | None) -> str:
    """The condition without its operands, which may tell what is stored."""
    with hidden_values():
        return str(condition)


def _decode_stored(model: type[Table], item: Any) -> Any:
    if item is None:
        return None
    try:
        return model._decode_item(item)
    except ValidationError:
        return decode_map(item)
