"""Derived fields: those whose values follow from other fields of the same instance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynamongo.expressions.values import AttributeValue

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

    @abstractmethod
    def check_sources(self, label: str, fields: Mapping[str, Field[Any]]) -> None:
        """Raise `SchemaError` if the value of the field called `label` cannot follow from these fields, its sources."""

    @abstractmethod
    def compute(self, fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> Any:
        """Return the Python value that follows from those of the sources.

        Args:
            fields: The fields of the model by name.
            values: The values of all sources, which may be absent (`None`).
        """

    def invert(self, fields: Mapping[str, Field[Any]], stored: AttributeValue) -> dict[str, Any]:
        """Return the Python values of the sources, as far as a stored value tells them."""
        del fields, stored
        return {}
