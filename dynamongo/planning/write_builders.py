"""Write builders: they turn the arguments of a verb into the operation that writes one item.

Single writes, bulk writes and transactions use the same builders, so that a verb means the same in each.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.arguments import check_flag
from dynamongo.exceptions import ExpressionError, ValidationError
from dynamongo.expressions.computed import WITH_PATHS, operands_in
from dynamongo.expressions.conditions import And, AnyCondition, Condition, Path, all_of, conjuncts
from dynamongo.expressions.operands import paths_of
from dynamongo.expressions.updates import AnyUpdate, SetUpdate, Update, check_updates, guards_of
from dynamongo.expressions.values import Item, shorten
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded, record_of, stored_item_of
from dynamongo.mapping.versions import count_up, lock, next_version
from dynamongo.operations import ConditionCheck, Delete, Get, Put, ReturnValues, UpdateItem
from dynamongo.planning.strategies import Target

if TYPE_CHECKING:
    from dynamongo.mapping.changes import differences
    from dynamongo.mapping.changes.deltas import Delta
    from dynamongo.mapping.kinds.kind_mapper import KindMapper
    from dynamongo.mapping.problems import given as given_problems
    from dynamongo.planning import member_checks
else:  # only saves of what has changed need it, or errors
    given_problems = LazyModule("dynamongo.mapping.problems.given")
    differences = LazyModule("dynamongo.mapping.changes.differences")
    member_checks = LazyModule("dynamongo.planning.member_checks")

M = TypeVar("M", bound=Recorded)
W = TypeVar("W", Put, Delete)


def make_put(mapper: Mapper[M], table: str, instance: M, overwrite: Any, *, is_save: bool = True) -> Put:
    """Return the operation that stores the whole instance.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table, here and below.
        instance: What is stored.
        overwrite: As in `save_one`: `True`, `False` or a condition.
        is_save: Whether it is to be stored now, and not only to be explained, so that hooks are called.
    """
    if overwrite is True and mapper.rules is None and mapper.version is None:  # most saves
        return Put(table, mapper.encode(instance))
    condition = None if overwrite is True else _overwrite_condition(mapper, overwrite)
    guards: tuple[AnyCondition, ...] = ()
    if (rules := mapper.rules) is None:
        item = mapper.encode(instance)
    else:
        item = rules.save(instance, mapper.encode, calls_hooks=is_save)
        guards = () if overwrite is False else rules.guard_put(item)  # an item that must not exist has nothing to keep
    if condition is not None and mapper.key_templates is not None:
        condition = member_checks.settle(condition, mapper.key_templates, item)
    version = mapper.version
    if version is not None:
        held = vars(instance)[version.name]
        if overwrite is not False:  # an item that must not exist has no version to compare
            # An instance that was never saved has no version: then the stored item must not have one either.
            condition = all_of((*conjuncts(condition), lock(version, held)))
        # The instance keeps its version until the write has succeeded: see `Mapper.note_saved`.
        item[version.attribute] = next_version(held)
    if guards:
        return _put_guarded(table, item, condition, guards)
    if condition is None:
        return Put(table, item)
    return Put(table, item, condition, return_item_on_failure=True)


def _put_guarded(table: str, item: Item, condition: AnyCondition | None, guards: tuple[AnyCondition, ...]) -> Put:
    both = all_of((*conjuncts(condition), *guards))
    # The guards alone hold for what the write itself leaves behind.
    return Put(table, item, both, return_item_on_failure=True, is_idempotent=condition is None)


def make_save(
    mapper: Mapper[M], table: str, instance: M, overwrite: Any, *, only_changed: bool
) -> Put | UpdateItem | None:
    """Return the operation that saves the instance; `None` if only changes are to be sent, and there are none."""
    if only_changed is False:  # asked first, since most saves are of the whole item
        put = make_put(mapper, table, instance, overwrite)
        return put if mapper.kinds is None else guard_kind(mapper, put)
    check_flag(mapper.name, "only_changed", only_changed)
    if record_of(instance).stored is None:
        return guard_kind(mapper, make_put(mapper, table, instance, overwrite))
    condition = _overwrite_condition(mapper, overwrite)
    if overwrite is False:
        raise ExpressionError(
            f"{mapper.name}: only_changed=True updates an existing item, and overwrite=False requires a new one;"
            " leave out one of them"
        )
    changes, checks = _find_changes(mapper, instance)
    if (kinds := mapper.kinds) is not None:
        for change in changes:
            kinds.check_update(change)
    check = all_of((*conjuncts(condition), *conjuncts(mapper.lock_of(instance)), *checks))
    target = Target(mapper.key_of(instance), check)
    return _change_item(mapper, table, target, changes, returns="NONE") if changes else None


def _find_changes(mapper: Mapper[M], instance: M) -> tuple[tuple[Delta, ...], tuple[AnyCondition, ...]]:
    """Return what has changed in an instance, and the conditions that the changes need."""
    if (rules := mapper.rules) is None:
        return differences.find_changes(mapper, instance)
    changes, checks = rules.save(instance, functools.partial(differences.find_changes, mapper))
    # What every write sets is no change that is worth one.
    names = {mapper.fields[name].path.attribute for name in rules.provisional}
    if all(change.path.attribute in names for change in changes):
        return (), ()
    return changes, (*checks, *rules.guard_changes(instance, changes))


def make_rewrite(mapper: Mapper[M], table: str, instance: M) -> UpdateItem | None:
    """Return the operation that stores the instance as its fields would store it; `None` if it is stored like that."""
    if (rules := mapper.rules) is not None:
        rules.before_rewrite(instance)
    updates, checks = differences.find_rewrites(mapper, instance)
    if updates and rules is not None:
        rules.before_migration(instance)
        updates, checks = differences.find_rewrites(mapper, instance)
    if rules is not None:
        checks = (*checks, *rules.guard_changes(instance, updates))
    if mapper.kinds is not None:
        updates = mapper.kinds.rewrite(stored_item_of(instance) or {}, updates)
    target = Target(mapper.key_of(instance), all_of(checks))
    return _change_item(mapper, table, target, updates) if updates else None


def _overwrite_condition(mapper: Mapper[Any], overwrite: Any) -> AnyCondition | None:
    if isinstance(overwrite, Condition):
        mapper.check_paths(paths_of(cast("AnyCondition", overwrite)))
        return cast("AnyCondition", overwrite)
    if not isinstance(overwrite, bool):
        raise ExpressionError(f"{mapper.name}: overwrite must be True, False or a condition; got {shorten(overwrite)}")
    return None if overwrite else mapper.is_missing


def make_update(  # noqa: PLR0913 - what an update is made of
    mapper: Mapper[Any],
    table: str,
    target: Target,
    updates: tuple[AnyUpdate, ...],
    *,
    upsert: bool = False,
    item: Any = None,
) -> UpdateItem:
    """Return the update of one item by expression, which must exist unless `upsert` may create it.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table.
        target: The key of the item, and what is to be checked.
        updates: What changes.
        upsert: Whether the item may be new.
        item: What somebody gave to say which item, or what was found; only an instance matters.
    """
    if mapper.rules is not None:
        loaded = item if isinstance(item, Recorded) else None
        updates = mapper.rules.before_update(target.key, updates, upsert=upsert, loaded=loaded)
    if mapper.kinds is not None and mapper.kinds.is_mixed and not isinstance(item, mapper.origin):
        cast("KindMapper[Any]", mapper).check_followers(updates)
    return _change_item(mapper, table, target, updates, upsert=upsert)


def _change_item(  # noqa: PLR0913 - what an UpdateItem request is made of
    mapper: Mapper[Any],
    table: str,
    target: Target,
    updates: tuple[AnyUpdate, ...],
    *,
    upsert: bool = False,
    returns: ReturnValues = "ALL_NEW",
) -> UpdateItem:
    guards = [guard for _, guard in guards_of(updates)]
    # UpdateItem creates a missing item unless a condition prevents that (source: UpdateItem, API reference). That
    # condition comes first, where `explain_failure` looks for it.
    exists = () if upsert else (mapper.exists,)
    if (kinds := mapper.kinds) is not None:
        exists = (*exists, *conjuncts(kinds.ours_or(mapper.is_missing) if upsert else kinds.condition))
        updates = kinds.add_to(updates) if upsert else updates
    check = target.check if mapper.key_templates is None else _find_check(mapper, target)
    condition = all_of((*exists, *conjuncts(check), *guards))
    # The version is incremented in the store, so that it is right even when the instance's is outdated.
    counted = updates if mapper.version is None else (*updates, count_up(mapper.version))
    return UpdateItem(table, target.key, counted, condition, returns, return_item_on_failure=True)


def make_delete(
    mapper: Mapper[Any], table: str, target: Target, *, return_old: bool = False, found: Any = None
) -> Delete:
    """Return the delete of one item.

    Args:
        mapper: The mapper of the model.
        table: The full name of the table.
        target: The key of the item, and what is to be checked.
        return_old: Whether the item is returned.
        found: The instance that was given, or that a read has found, if there was one.
    """
    item = target.item if found is None else found
    if mapper.rules is not None or item is not None:
        _call_before_delete(mapper, target, item)
    check = target.check if mapper.key_templates is None else _find_check(mapper, target)
    delete = Delete(table, target.key, check, return_old, return_item_on_failure=check is not None)
    return delete if mapper.kinds is None else guard_kind(mapper, delete)


def _call_before_delete(mapper: Mapper[Any], target: Target, item: Any) -> None:
    """Call the hooks of the instance, or of one that has only the key."""
    is_known = isinstance(item, mapper.origin)  # not an `UnreadableItem`, nor an instance of a base
    own: Mapper[Any] = item.__mapper__ if is_known else mapper
    rules = own.rules
    if rules is not None and rules.before_delete is not None:
        rules.before_delete(item if is_known else mapper.decode_key(target.key))


def guard_kind(mapper: Mapper[Any], write: W) -> W:
    """Return the write with the condition that it replaces or deletes no item of another kind."""
    if (kinds := mapper.kinds) is None or write.condition == mapper.is_missing:
        return write
    guard = kinds.ours_or(mapper.is_missing)
    if guard is None:
        return write
    if write.condition is not None:
        return replace(write, condition=all_of((guard, *conjuncts(write.condition))))
    # The guard alone holds for what the write itself leaves behind.
    # Not by `replace`, which takes longer than all the rest.
    options = {"return_old": write.return_old, "return_item_on_failure": True, "is_idempotent": True}
    if isinstance(write, Put):
        return Put(write.table, write.item, guard, **options)
    return Delete(write.table, write.key, guard, **options)


def make_check(mapper: Mapper[Any], table: str, target: Target) -> ConditionCheck:
    """Return the check of a transaction that an item exists and satisfies the target's conditions."""
    kind = None if mapper.kinds is None else mapper.kinds.condition
    checked = _find_check(mapper, target)
    return ConditionCheck(table, target.key, And(mapper.exists, *conjuncts(kind), *conjuncts(checked)))


def _find_check(mapper: Mapper[Any], target: Target) -> AnyCondition | None:
    """Return what a write of the target checks: the key decides what is said of members that only it tells."""
    if target.check is None or mapper.key_templates is None:
        return target.check
    return member_checks.settle(target.check, mapper.key_templates, target.key)


def make_get(mapper: Mapper[Any], table: str, target: Target) -> Get:
    """Return the read of one item in a transaction, which allows no conditions."""
    if target.check is not None:
        raise ExpressionError(f"{mapper.name}: a transaction reads items by key alone; got also `{target.check}`")
    return Get(table, target.key)


def check_changes(mapper: Mapper[Any], updates: Any) -> tuple[AnyUpdate, ...]:
    """Return the updates as a tuple: of one, of several, or of lists of them in any mixture.

    Raises:
        ExpressionError: There are no updates, something else is among them, they overlap, or they change the key.
    """
    changes: tuple[Any, ...] = (updates,) if isinstance(updates, Update) else tuple(flatten(updates))
    if not changes:
        raise ExpressionError(f"{mapper.name}: expected at least one update; got none")
    for change in changes:
        _check_change(mapper, change)
    check_updates(changes, mapper.keys.names)
    return changes


def flatten(updates: Any) -> Iterator[Any]:
    """Yield the updates of lists of lists one by one, and what is none, to be refused."""
    if isinstance(updates, (Update, str, Mapping)) or not isinstance(updates, Iterable):
        yield cast("Any", updates)
        return
    for each in cast("Iterable[Any]", updates):
        yield from flatten(each)


def updates_of_dict(
    mapper: Mapper[Any], strategy: Any, values: Mapping[str, Any] | None
) -> tuple[Any, list[AnyUpdate]]:
    """Return the strategy and the updates of `update_from_dict`, whose only dict may contain the key."""
    if values is None:
        strategy, values = _split_key(mapper, strategy)
    return strategy, _set_or_remove(mapper, values)


def _split_key(mapper: Mapper[Any], values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split values by field name into those of the key and the others."""
    if not isinstance(values, Mapping):
        raise ExpressionError(
            f"{mapper.name}.update_from_dict takes a strategy and a dict of new values, or one dict that also"
            f" contains the key; got {shorten(values)} alone"
        )
    given = dict(cast("Mapping[str, Any]", values))
    mapper.check_names(given)
    names = dict.fromkeys((*mapper.keys.field_names, *mapper.keys.part_names))
    return {name: given.pop(name) for name in names if name in given}, given


def _set_or_remove(mapper: Mapper[Any], values: Mapping[str, Any]) -> list[AnyUpdate]:
    """Return the updates that set attributes by field name; an absent value removes one."""
    updates: list[AnyUpdate] = []
    try:
        mapper.check_names(values)
        for name, value in values.items():
            field = mapper.fields[name]
            # An empty set, for example, is stored by leaving the attribute out.
            is_absent = value is None or field.is_absent(field.validate(value))
            updates.append(field.remove() if is_absent else field.set(value))
    except ValidationError as error:
        raise given_problems.explain_given(mapper, values, error) from error.__cause__
    return updates


def _check_change(mapper: Mapper[Any], change: Any) -> None:
    if not isinstance(change, Update):
        raise ExpressionError(f"{mapper.name}: expected an update, such as User.name.set('x'); got {shorten(change)}")
    path = change.path
    name = path.attribute
    if name not in mapper.attributes or path.owner not in mapper.owners:  # most paths need no call
        mapper.check_paths((path,), to_write=True)
    if mapper.version is not None and name == mapper.version.attribute:
        raise ExpressionError(f"{mapper.name}.{path.name} counts the writes; nothing else may change it")
    if mapper.kinds is not None:
        mapper.kinds.check_update(change)
    if mapper.rules is not None:
        mapper.rules.check_update(cast("AnyUpdate", change))
    if isinstance(change, SetUpdate) and isinstance(change.value, WITH_PATHS):
        mapper.check_paths((part for part in operands_in(change.value) if isinstance(part, Path)), to_write=True)
    # An index key may be removed, but not be set to an empty value.
    elif isinstance(change, SetUpdate) and name in mapper.declaration.index_keys:
        mapper.attributes[name].refuse_empty(change.value)
