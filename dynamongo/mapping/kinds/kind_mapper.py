"""The mapper of a model whose items are told from others in its table by their kind; see `mapping.kinds.kinds`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError, Problem
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.values import Item, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.python_values import decode_map
from dynamongo.mapping.declaration.model import Declaration
from dynamongo.mapping.kinds.kinds import Kinds
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded, stored_item_of
from dynamongo.operations import ItemReader, ReadItems

if TYPE_CHECKING:
    from dynamongo.expressions import wire_values
    from dynamongo.expressions.updates import AnyUpdate
    from dynamongo.mapping import partial_items
    from dynamongo.mapping.keys import joined as joined_keys
    from dynamongo.mapping.keys.composed import ComposedKeys
    from dynamongo.mapping.rules.base import Rules
else:  # what is read from memory is not in JSON
    partial_items = LazyModule("dynamongo.mapping.partial_items")
    wire_values = LazyModule("dynamongo.expressions.wire_values")
    joined_keys = LazyModule("dynamongo.mapping.keys.joined")

M = TypeVar("M", bound=Recorded)


class KindMapper(Mapper[M]):
    """The mapper of a model with a kind, or of a base of such models."""

    kinds: Kinds

    def __init__(
        self,
        model: type[M],
        fields: Mapping[str, Field[Any]],
        declaration: Declaration | None,
        rules: Rules | None,
        kinds: Kinds,
    ) -> None:
        super().__init__(model, fields, declaration, rules)
        self._followers: tuple[int, dict[str, str]] | None = None
        self.kinds = kinds  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody assigns `None` to it
        if not kinds.is_open:  # the kind is not a value of the instance, but of its class
            self.codec.reserve(kinds.path.attribute)

    def model_for(self, item: Item) -> type[M] | None:
        """Return the class of a stored item: the model, or one derived from it; `None` if it is of another kind."""
        found = self.kinds.find(item)
        return None if found is None else cast("type[M]", self.class_like(found))

    @property
    def read_key_templates(self) -> ComposedKeys | None:
        """The keys of all items that the model reads, as far as those of the derived classes are like its own."""
        if self.key_templates is None or not self.kinds.is_mixed:
            return self.key_templates
        models: list[Any] = list(dict.fromkeys([self.model, *map(self.class_like, self.kinds.models.values())]))
        return self.join_key_templates([model.__mapper__ for model in models])

    def join_key_templates(self, mappers: Sequence[Mapper[Any]]) -> ComposedKeys | None:
        """Return the keys of several models, whose items are read together, as far as they are alike."""
        several = [mapper.key_templates for mapper in mappers]
        if all(each is None for each in several):
            return None
        return joined_keys.JoinedKeys(several, self.declaration.table, self._find_templates, (self.kinds.path,))

    def _find_templates(self, item: Item) -> ComposedKeys | None:
        model: Any = self.model_for(item)
        return None if model is None else cast("ComposedKeys | None", model.__mapper__.key_templates)

    def check_followers(self, updates: Iterable[AnyUpdate]) -> None:
        """Raise `ExpressionError` if more follows from an update of an item of some derived class, by other rules.

        It is for items that only a key names: nothing tells their class.
        """
        if self._followers is None or self._followers[0] != len(self.kinds.models):
            self._followers = len(self.kinds.models), dict(self._find_followers())
        for update in updates:
            if (follower := self._followers[1].get(update.path.attribute)) is not None:
                raise ExpressionError(
                    f"{self.name}: {follower}, and a key does not tell the class of its item: update an instance, or"
                    " use the method of the item's own class"
                )

    def _find_followers(self) -> Iterator[tuple[str, str]]:
        """Yield the attributes from which something follows in a derived class alone, each with what that is."""
        for model in dict.fromkeys(self.kinds.models.values()):
            mapper: Mapper[Any] = self.class_like(model).__mapper__
            for field in mapper.fields.values():
                mine = self.fields.get(field.path.name)
                if field.derived is None or (mine is not None and field.derived.is_like(mine.derived)):
                    continue
                for source in field.derived.sources:
                    told = f"{field.label} follows from {source} ({field.derived.given_as})"
                    yield mapper.fields[source].path.attribute, told

    # Instances and items.

    def encode(self, instance: M) -> Item:
        """Return the item that is stored for the instance, with its kind."""
        item, kinds = super().encode(instance), self.kinds
        attribute = kinds.path.attribute
        stored = item.get(attribute)
        if stored is None and not kinds.is_open:
            # What others have written for the same kind stays.
            known = stored_item_of(instance) if len(kinds.own) > 1 else None
            if known is not None:
                item.update({name: value for name, value in known.items() if name == attribute})
            elif kinds.written is not None:
                item[attribute] = kinds.written
        elif not kinds.is_open and stored not in kinds.own:
            kinds.refuse(f"is {shorten(stored)}")
        return item

    def decode(self, item: Item) -> M:
        """Return an instance of a whole item, of the class of its kind."""
        return self._mapper_for(item).decode_own(item)

    def decode_key(self, key: Item) -> M:
        """Return an instance with only a key: of the model, or of the derived class whose templates the key suits."""
        if self.kinds.is_mixed and not _suits(self, key):
            models: Iterable[Any] = map(self.class_like, self.kinds.models.values())
            for mapper in (model.__mapper__ for model in models):
                if mapper is not self and _suits(mapper, key):
                    found: M = mapper.decode_key(key)
                    return found
        return super().decode_key(key)

    def decode_read(self, items: Iterable[Item], loaded: tuple[Path, ...] | None) -> list[M]:
        """Return instances of items of which these paths were read, each of the class of its kind."""
        if not self.kinds.is_mixed:
            return super().decode_read(items, loaded)
        if loaded is not None and self.kinds.path not in loaded:  # of an index without it, which a base reads
            return super().decode_read(items, loaded)

        def decode(item: Item) -> M:
            return self.decode(item) if loaded is None else self._mapper_for(item).decode_partial(item, loaded)

        if type(items) is not ReadItems:
            return list(map(decode, items))
        return items.finish(decode, partial_items.complete if self._has_hooks() else None)

    def _has_hooks(self) -> bool:
        """Return whether a class of the items has hooks that complete what was read."""
        mappers: list[Mapper[Any]] = [cast("Any", model).__mapper__ for model in self.kinds.models.values()]
        return any(mapper.codec.completes for mapper in mappers)

    def make_reader(self) -> ItemReader | None:
        """Return what reads whole items to instances of their classes while they are still JSON."""
        if not self.kinds.is_mixed:
            return super().make_reader()
        attribute, readers = self.kinds.path.attribute, self._find_readers()

        def read(wire: wire_values.WireItem, text: str) -> Any:
            kind: Any = wire.get(attribute, {})
            found = readers.get(kind.get("S"))
            return None if found is None else found(wire, text)  # `decode` reads the others

        return ItemReader(read, self._key_of_any, self.keys.names)

    def _key_of_any(self, instance: M) -> Item:
        return self.mapper_of(instance).key_of(instance)

    def _find_readers(self) -> dict[Any, Any]:
        mappers: dict[Any, Mapper[Any]] = {
            value: self.class_like(model).__mapper__ for value, model in self.kinds.models.items()
        }
        found = {value: mapper.make_own_reader() for value, mapper in mappers.items() if type(value) is str}
        return {value: reader.read for value, reader in found.items() if reader is not None}

    def _mapper_for(self, item: Item) -> Mapper[M]:
        model: Any = self.model_for(item)
        if model is None:
            path, stored = self.kinds.path, decode_map(item).get(self.kinds.path.attribute)
            told = f"{self.name}.{path.name} tells another kind"
            raise self.explain_unreadable(item, (Problem((path.name,), stored, told),))
        mapper: Mapper[M] = model.__mapper__
        return mapper


def _suits(mapper: Mapper[Any], key: Item) -> bool:
    return mapper.key_members is None or mapper.key_members.suit(key)
