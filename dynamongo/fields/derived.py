"""Derived fields: those whose values follow from other fields of the same instance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dynamongo.fields.base import Field


class Derivation(ABC):
    """How the value of a field follows from others.

    Attributes:
        sources: The names of the fields from which it follows.
        given_as: How the field was declared, for messages, such as `template='USER#{email}'`.
    """

    sources: tuple[str, ...]
    given_as: str
    needs_all: bool = False
    """Whether there is no value unless all sources have one."""

    def bind(self, label: str, fields: Mapping[str, Field[Any]]) -> Derivation:
        """Return the derivation of the field called `label` for a model with these fields, all sources among them.

        Raises:
            SchemaError: The value cannot follow from these fields.
        """
        self.check_sources(label, fields)
        return self

    def check_sources(self, label: str, fields: Mapping[str, Field[Any]]) -> None:  # noqa: B027 - most can follow from any
        """Raise `SchemaError` if the value of the field called `label` cannot follow from these fields, its sources."""

    @abstractmethod
    def is_like(self, other: Derivation | None) -> bool:
        """Return whether another field, of a base or of a derived class, has the same value for the same sources."""

    @abstractmethod
    def compute(self, fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> Any:
        """Return the Python value that follows from those of the sources.

        Args:
            fields: The fields of the model by name.
            values: The values of all sources, which may be absent (`None`).
        """


def derivation_of(field: Field[Any]) -> Derivation:
    """Return how the value of a derived field follows from others."""
    return cast("Derivation", field.derived)


def find_origins(name: str, fields: Mapping[str, Field[Any]]) -> Iterator[str]:
    """Yield the names of all fields that one follows from, and its own."""
    waiting, seen = [name], set[str]()
    while waiting:
        each = waiting.pop()
        if each in seen or each not in fields:
            continue
        seen.add(each)
        yield each
        derived = fields[each].derived
        waiting += [] if derived is None else derived.sources
