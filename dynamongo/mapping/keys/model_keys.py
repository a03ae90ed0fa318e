"""Keys of models: their fields, and the conditions that are equivalent to a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynamongo._support.dataclasses import dataclass, field
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.mapping.codec.keys import KeyCodec

if TYPE_CHECKING:  # most models have none
    from dynamongo.mapping.keys.composed import ComposedKeys


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """The key fields of a model."""

    model: type
    hash_key: Field[Any]
    range_key: Field[Any] | None = None
    key_templates: ComposedKeys | None = field(default=None, repr=False, compare=False)
    """The keys that are composed of other fields, also those of indexes; `None` if there are none."""

    size: int = field(init=False, repr=False, compare=False)
    """How many values make a key of the table."""

    tuple_size: int | None = field(init=False, repr=False, compare=False)
    """The same of a key that is a tuple; `None` if a key is one value."""

    codec: KeyCodec = field(init=False, repr=False, compare=False)
    """Makes a key from the values of the key fields."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "codec", KeyCodec(self.fields))
        size = len(self.parts)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "tuple_size", None if size == 1 else size)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the key attributes, hash key first."""
        return self.codec.names

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the key fields, hash key first."""
        return self.codec.field_names

    @property
    def fields(self) -> tuple[Field[Any], ...]:
        """The key fields, hash key first."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)

    @property
    def parts(self) -> tuple[Field[Any], ...]:
        """The fields whose values make a key: its own, or those that it is composed of."""
        return self.fields if self.key_templates is None else self.key_templates.parts

    @property
    def part_names(self) -> tuple[str, ...]:
        """The names of these fields."""
        return tuple(field.path.name for field in self.parts)

    def describe(self) -> str:
        """Describe the conditions that fix a key, for messages: `email == …`, or both equalities."""
        return " and ".join(f"`{name} == …`" for name in self.part_names or self.field_names)


def key_equalities(key: Item) -> tuple[Comparison, ...]:
    """Return the key as conditions, one for each attribute."""
    return tuple(Comparison(Path(name), EQ, value) for name, value in key.items())


def describe_key(key: Item, names: Mapping[str, str]) -> str:
    """Return the key as people read it, such as `email = 'x' AND day = 3`.

    Args:
        key: The key.
        names: The names of fields by those of their attributes, where these differ.
    """
    return " AND ".join(map(str, key_equalities({names.get(name, name): value for name, value in key.items()})))


def name_model(model: type) -> str:
    """Return the full name of a model, which the paths of its fields have as their owner."""
    return f"{model.__module__}.{model.__qualname__}"
