"""Items of a response that were read straight from JSON to what the maker of the operation wants, such as instances."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, final, overload

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import AttributeValue, Item

if TYPE_CHECKING:
    from dynamongo.expressions import wire_values
else:  # nothing is in JSON that was read from memory
    wire_values = LazyModule("dynamongo.expressions.wire_values")


@dataclass(frozen=True, slots=True)
class ItemReader:
    """What a backend that receives JSON may read items with, knowing nothing of what they become.

    Attributes:
        read: Takes the parsed JSON of an item, and its text. Returns what it becomes, or `None` where only the item
            itself can tell that or what is wrong with it. Raises nothing.
        key_of: Takes what `read` returned, before anybody else has seen it, and returns at least the key of the item.
        key_names: The attributes that no item lacks for which `read` returned something.
    """

    read: Callable[[wire_values.WireItem, str], Any]
    key_of: Callable[[Any], Mapping[str, AttributeValue]]
    key_names: Collection[str]

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        """Leave it out of pickled and copied operations: it is of this process, and no part of what they ask for."""
        return type(None), ()


@final  # so that `type(items) is ReadItems` says as much as `isinstance`, which is slow with an abstract class
class ReadItems(Sequence[Item]):
    """Items of a response, with what a reader made of them. The items themselves are decoded when they are asked for.

    Args:
        reader: The reader.
        stored: The JSON of each item, or the item where the reader left it.
        made: What the reader made of each; `None` where it left the item.
        is_complete: Whether nothing more is to be done to these.
    """

    __slots__ = ("_is_complete", "_made", "_reader", "_stored")

    def __init__(
        self, reader: ItemReader, stored: list[str | Item], made: list[Any], *, is_complete: bool = False
    ) -> None:
        self._reader = reader
        self._stored = stored
        self._made = made
        self._is_complete = is_complete

    def __len__(self) -> int:
        return len(self._stored)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> ReadItems: ...
    def __getitem__(self, index: int | slice) -> Item | ReadItems:
        if isinstance(index, slice):
            return self._part(self._stored[index], self._made[index])
        stored = self._stored[index]
        return wire_values.decode_text(stored) if isinstance(stored, str) else stored

    def __repr__(self) -> str:
        return repr(tuple(self))

    def pick(self, positions: Iterable[int]) -> ReadItems:
        """Return the items at these positions."""
        chosen = list(positions)
        if chosen == list(range(len(self))):  # all of them, as they are
            return self
        return self._part([self._stored[n] for n in chosen], [self._made[n] for n in chosen])

    def _part(self, stored: list[str | Item], made: list[Any]) -> ReadItems:
        return ReadItems(self._reader, stored, made, is_complete=self._is_complete)

    def find_keys(self) -> list[Mapping[str, AttributeValue]]:
        """Return the key of each item, perhaps among other attributes."""
        key_of = self._reader.key_of
        try:
            pairs = zip(self._stored, self._made, strict=True)
            return [stored if isinstance(stored, dict) else key_of(made) for stored, made in pairs]
        except ValidationError:  # a rule of a field is newer than an item
            return list(self)

    def may_lack(self, name: str) -> Iterable[Item]:
        """Return the items that may have no attribute of this name."""
        if name not in self._reader.key_names:
            return self
        return [stored for stored in self._stored if not isinstance(stored, str)]

    def finish(self, make: Callable[[Item], Any], complete: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return what the reader made, and what `make` makes of the items that it left. Both are handed out once.

        Args:
            make: Makes of an item what the reader would have made, and completes it.
            complete: Returns what the reader made after completing it, if there is anything to be done.
        """
        made, self._made = self._made, [None] * len(self._made)
        if complete is None or self._is_complete:
            return [make(self[n]) if each is None else each for n, each in enumerate(made)]
        return [make(self[n]) if each is None else complete(each) for n, each in enumerate(made)]

    @staticmethod
    def hold(items: Sequence[Item], made: list[Any]) -> ReadItems:
        """Return the items with what was made of them, and is complete."""
        if type(items) is ReadItems:
            reader, stored, *_ = items.parts
            return ReadItems(reader, stored, made, is_complete=True)
        return ReadItems(_UNUSED, list(items), made, is_complete=True)

    @staticmethod
    def join(several: Sequence[Sequence[Item]]) -> Sequence[Item]:
        """Return the items of several responses; those of others are in a list."""
        if len(several) == 1:
            return several[0]
        parts = [each.parts for each in several if type(each) is ReadItems]
        if len(parts) < len(several) or not parts:
            return list(itertools.chain.from_iterable(several))
        readers, stored, made, complete = zip(*parts, strict=True)
        # Of all pages of a read, the instances are complete, or of none.
        return ReadItems(
            readers[0], list(itertools.chain(*stored)), list(itertools.chain(*made)), is_complete=complete[0]
        )

    @property
    def parts(self) -> tuple[ItemReader, list[str | Item], list[Any], bool]:
        """The arguments to make the same with."""
        return self._reader, self._stored, self._made, self._is_complete


def _keep(item: Any) -> Any:
    return item


_UNUSED: Final = ItemReader(lambda _, __: None, _keep, ())
"""The reader of items that nobody has read from JSON."""
