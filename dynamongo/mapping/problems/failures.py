"""Failures of writes, explained in the model's words, with the stored item as an instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    DynamongoError,
    ItemNotFound,
    UniqueViolation,
    VersionConflict,
)
from dynamongo.expressions.conditions import AnyCondition, all_of, conjuncts
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.updates import AnyUpdate, guards_of
from dynamongo.expressions.values import Item, hidden_values
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.versions import find_conflict
from dynamongo.operations import Action, ConditionCheck, Put, UpdateItem

OTHER_KIND: Final = ": the one that is stored there is of another kind"


def explain_failure(mapper: Mapper[Any], write: Action, error: DynamongoError) -> DynamongoError:
    """Return the error of a write in the model's words."""
    if isinstance(error, UniqueViolation):  # which was made in the model's words
        return error
    key = write.item if isinstance(write, Put) else write.key
    if not isinstance(error, ConditionalCheckFailedException):
        return mapper.locate_error(error, write.table, key, write)
    # `make_update` and `make_check` put the condition that the item exists first.
    parts = conjuncts(write.condition)
    updates = write.updates if isinstance(write, UpdateItem) else ()
    if not isinstance(write, (UpdateItem, ConditionCheck)) or parts[:1] != (mapper.exists,):
        return _explain_failed_check(mapper, key, write.condition, error, updates)
    if error.item is not None and mapper.model_for(error.item) is not None:
        return _explain_failed_check(mapper, key, all_of(parts[1:]), error, updates)
    # The condition failed and the store returned no item: there is none, or none of the model's kind.
    other = "" if error.item is None else OTHER_KIND
    missing = ItemNotFound(f"{mapper.name}: there is no item with {mapper.describe_key(key)}{other}")
    missing.__cause__ = error
    return missing


def name_key(mapper: Mapper[Any], key: Item) -> dict[str, Any]:
    """Return a key as a strategy: its values by the names of fields, which are those that it is composed of, if any."""
    named: Any = mapper.decode_key(key)
    parts = mapper.keys.part_names
    # A key that does not suit its template tells no members.
    names = parts if parts and all(name in vars(named) for name in parts) else mapper.keys.field_names
    found: dict[str, Any] = named.to_dict(only=names)
    return found


def _explain_failed_check(
    mapper: Mapper[Any],
    key: Item,
    condition: AnyCondition | None,
    error: ConditionalCheckFailedException,
    updates: Iterable[AnyUpdate],
) -> ConditionalCheckFailedException:
    """Return the error with the stored item as an instance; the message shows only its key, because logs are shared."""
    named = mapper.describe_key(key)
    is_other = error.item is not None and mapper.model_for(error.item) is None
    explained = None if is_other else _find_conflict(mapper, condition, error.item, named)
    if explained is None:
        message = _describe_failure(mapper, condition, error.item, named, updates, is_other=is_other)
        explained = ConditionalCheckFailedException(f"{mapper.name}: {message}")
    explained.item = _decode_stored(mapper, error.item)
    return explained


def _find_conflict(
    mapper: Mapper[Any], condition: AnyCondition | None, item: Item | None, named: str
) -> ConditionalCheckFailedException | None:
    """Return the error if a condition failed that the library has added: for the version, or for a rule."""
    conflict = None if mapper.version is None else find_conflict(mapper.version, condition, item)
    if conflict is not None:
        message = f"{mapper.name}: {conflict.describe(named, has_item=item is not None)}"
        return VersionConflict(message, expected=conflict.expected, found=conflict.found)
    if mapper.rules is None or item is None:
        return None
    return mapper.rules.explain_failure(condition, item, named)


def _describe_failure(  # noqa: PLR0913 - all that may have been wrong
    mapper: Mapper[Any],
    condition: AnyCondition | None,
    item: Item | None,
    named: str,
    updates: Iterable[AnyUpdate],
    *,
    is_other: bool,
) -> str:
    """Return the message for the condition of somebody else, or for the guard of an update."""
    # A guard is a condition that `User.age.increment()` adds to keep the sum within the bounds of the field.
    broken = {path: guard for path, guard in guards_of(updates) if not holds(guard, item or {})}
    derived = [path for path in broken if mapper.attributes[path.attribute].derived is not None]
    if derived:  # from what an instance has read
        path = derived[0]
        sources = ", ".join(map(str, paths_of(broken[path])))
        return f"{path} follows from {sources}, which has changed since the item with {named} was read: reload it"
    if broken:
        names = ", ".join(f"{mapper.name}.{path}" for path in broken)
        return f"the update would take {names} out of the range of its field in the item with {named}"
    if is_other:
        return f"the item with {named} is of another kind"
    if condition == mapper.is_missing and item is not None:
        return f"there is already an item with {named}"
    if item is None:
        return f"there is no item with {named} for `{_name_condition(condition)}`"
    # Of ANDed conditions, only those that are false are worth showing.
    failed = all_of(tuple(part for part in conjuncts(condition) if not holds(part, item)))
    return f"`{_name_condition(failed)}` does not hold for the item with {named}"


def _name_condition(condition: AnyCondition | None) -> str:
    """Return the condition without its operands, which may reveal what is stored."""
    with hidden_values():
        return str(condition)


def _decode_stored(mapper: Mapper[Any], item: Any) -> Any:
    if item is None:
        return None
    try:
        return mapper.decode(item)
    except Exception:  # noqa: BLE001 - of a hook, it may be any, which must not hide the failure
        return decode_map(item)
