"""Item forms: what a read turns stored items into, and what it does about those that do not suit their model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from dynamongo.exceptions import UnreadableItem
from dynamongo.executor.read_pages import Sift
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import ReadItems
from dynamongo.planning.plan import Plan
from dynamongo.planning.read import AnyOnInvalid

M = TypeVar("M", bound=Recorded)


class Instances(Generic[M]):
    """Turns the items that were read with a plan into instances.

    Args:
        mapper: The mapper of the model.
        on_invalid: As in `ReadArguments`.
    """

    def __init__(self, mapper: Mapper[M], on_invalid: AnyOnInvalid) -> None:
        self._mapper = mapper
        self._keeps_errors = on_invalid == "keep"

    def loaded_of(self, plan: Plan) -> tuple[Path, ...] | None:
        """Return the paths that an instance has; `None` for whole items."""
        return plan.loaded

    def __call__(self, items: Sequence[Item], plan: Plan) -> list[Any]:
        """Return the instances, and the error of each item that is kept in its place."""
        mapper, loaded = self._mapper, self.loaded_of(plan)
        return decode_each(mapper, items, loaded) if self._keeps_errors else mapper.decode_read(items, loaded)


class Dicts(Instances[M]):
    """Turns items into dicts of Python values, which hold the projection and nothing else."""

    def loaded_of(self, plan: Plan) -> tuple[Path, ...] | None:
        """Return the paths that a dict has; `None` for whole items."""
        return plan.projection or plan.loaded

    def __call__(self, items: Sequence[Item], plan: Plan) -> list[Any]:
        """Return the dicts, and the error of each item that is kept in its place."""
        found = super().__call__(items, plan)
        return [each if isinstance(each, UnreadableItem) else each.to_dict() for each in found]


def as_stored(items: Sequence[Item], _: Plan) -> list[Item]:
    """Return the items as they are."""
    return list(items)


def as_items(items: Sequence[Item], _: Plan) -> list[dict[str, Any]]:
    """Return the items as dicts of plain Python values, by the names of their attributes."""
    return list(map(decode_map, items))


def decode_each(mapper: Mapper[M], items: Sequence[Item], loaded: tuple[Path, ...] | None) -> list[M | UnreadableItem]:
    """Return instances of items, and the error in the place of each that has none."""
    if mapper.codec.completes:  # hooks are not to be called again for those that could be read
        return [_decode_or_explain(mapper, item, loaded) for item in items]
    try:
        return [*mapper.decode_read(items, loaded)]
    except UnreadableItem:
        return [_decode_or_explain(mapper, item, loaded) for item in items]


def _decode_or_explain(mapper: Mapper[M], item: Item, loaded: tuple[Path, ...] | None) -> M | UnreadableItem:
    try:
        return mapper.decode_read((item,), loaded)[0]
    except UnreadableItem as error:
        return error


def make_sift(mapper: Mapper[Any], loaded: tuple[Path, ...] | None, on_invalid: AnyOnInvalid) -> Sift | None:
    """Return what leaves unreadable items out of the pages of a read; `None` if it is not to leave out any."""
    if on_invalid in ("raise", "keep"):
        return None

    def sift(items: Sequence[Item], room: int | None) -> tuple[Sequence[Item], int]:
        readable: list[int] = []
        decoded, seen = decode_each(mapper, items, loaded), 0
        while seen < len(decoded) and len(readable) != room:  # what is left belongs to the next page
            found = decoded[seen]
            if not isinstance(found, UnreadableItem):
                readable.append(seen)
            elif callable(on_invalid):
                on_invalid(found)
            seen += 1
        return ReadItems.hold(items, decoded).pick(readable), seen

    return sift
