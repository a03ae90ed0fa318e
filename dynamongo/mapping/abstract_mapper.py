"""The mapper of an abstract model."""

from __future__ import annotations

from typing import Final, NoReturn, TypeVar

from dynamongo.exceptions import SchemaError
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded

M = TypeVar("M", bound=Recorded)

_OF_CONCRETE_MODELS: Final = frozenset(
    ["declaration", "table", "keys", "indexes", "version", "exists", "is_missing", "_schema"]
)
"""The attributes that `ModelSchema.take_declaration` sets, and an abstract model lacks."""


class AbstractMapper(Mapper[M]):
    """The mapper of an abstract model, which has fields but no keys and no table.

    A class of its own, because a `__getattr__` would slow down every attribute of the other mappers.
    """

    def __getattr__(self, name: str) -> NoReturn:
        if name in _OF_CONCRETE_MODELS:
            raise SchemaError(f"{self.name} is abstract and has no table: derive a model from it")
        raise AttributeError(name)
