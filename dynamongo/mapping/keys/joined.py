"""Joined keys: the keys of several models of one table, which are read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os.path import commonprefix

from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item
from dynamongo.mapping.keys.composed import ComposedKey, ComposedKeys, KeyMember
from dynamongo.schema import TableSchema


class JoinedKeys(ComposedKeys):
    """The keys that several models of one table compose in the same way, or begin in the same way.

    Args:
        several: The keys of each model; `None` for one without templates.
        table: The table.
        find: Returns those of the model of an item; `None` if it is of none of them.
        told_by: What tells the model of an item.
    """

    def __init__(
        self,
        several: Sequence[ComposedKeys | None],
        table: TableSchema,
        find: Callable[[Item], ComposedKeys | None],
        told_by: tuple[Path, ...],
    ) -> None:
        known = [each for each in several if each is not None]
        vars(self).update(vars(known[0]))
        self._find = find
        self.told_by = told_by
        self.unstored = frozenset[str]().union(*(each.unstored for each in known))
        of_all = known[0].unstored.intersection(*(each.unstored for each in known))
        self.never_stored = of_all if len(known) == len(several) else frozenset[str]()
        schemas = [table.keys, *[index.keys for index in table.indexes]]
        ranges = {each.name for keys in schemas for each in keys.range_attributes}
        joined = {
            name: _join([each.by_attribute[name] for each in known], is_range=name in ranges)
            for name in known[0].by_attribute
            if len(known) == len(several) and all(name in each.by_attribute for each in known)
        }
        self.by_attribute = {name: key for name, key in joined.items() if key is not None}

    def tell_unstored(self, item: Item) -> Item:
        """Return the members that only the key of an item tells, as its own model knows them."""
        found = self._find(item)
        return {} if found is None else found.tell_unstored(item)


def _join(several: Sequence[ComposedKey], *, is_range: bool) -> ComposedKey | None:
    """Return what the keys have in common: all of each, or how they begin; `None` for nothing."""
    first, *others = [key.pieces() for key in several]
    count = 0
    while all(count < len(pieces) and _are_alike(first[count], pieces[count]) for pieces in others):
        count += 1
        if count == len(first):
            return several[0]
    if not is_range:
        return None
    texts = [pieces[count][0] for pieces in (first, *others)]
    text: str = commonprefix(texts)  # noqa: RUF071 - a text, not a path
    return several[0].open_after(count, text)


def _are_alike(mine: tuple[str, KeyMember | None], theirs: tuple[str, KeyMember | None]) -> bool:
    (text, first), (other, second) = mine, theirs
    if first is None or second is None:
        return text == other and first is second
    is_same = first.attribute == second.attribute and first.width == second.width
    return text == other and is_same and first.field.stores_like(second.field)
