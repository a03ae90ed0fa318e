"""Computed fields: those whose values a function computes from other fields of the model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import are_values_hidden, describe_error, shorten
from dynamongo.fields.derived import Derivation

if TYPE_CHECKING:
    from dynamongo.fields.base import Field


class Computation(Derivation):
    """A function of the values of other fields.

    It gets an object with the sources as its attributes, and nothing else: an update by expression has no instance.

    Args:
        label: The name of the computed field, for messages.
        function: The function.
        sources: The names of the fields that it reads.

    Raises:
        SchemaError: There is no function, or no source.
    """

    def __init__(self, label: str, function: Any, sources: Any) -> None:
        if not callable(function):
            raise SchemaError(f"{label}: computed must be a function of an object with the sources; got {function!r}")
        if isinstance(sources, str) or not isinstance(sources, Iterable):
            raise SchemaError(f"{label}: computed_from must be a list of names of fields; got {sources!r}")
        self.sources = tuple(cast("Iterable[str]", sources))
        if not self.sources:
            raise SchemaError(
                f"{label}: computed needs computed_from, the names of the fields that it reads, such as"
                " computed_from=['first', 'last']"
            )
        self.given_as = f"computed_from={list(self.sources)!r}"
        self._function = cast("Callable[[Any], Any]", function)
        self._label = label
        self._needed: tuple[str, ...] = ()

    def bind(self, label: str, fields: Mapping[str, Field[Any]]) -> Computation:
        """Return the computation of the field called `label`: classes that are derived from a model share it."""
        bound = copy.copy(self)
        needed = tuple([name for name in self.sources if fields[name].required])
        bound._label, bound._needed = label, needed  # noqa: SLF001 - a copy of self
        return bound

    def is_like(self, other: Derivation | None) -> bool:
        is_same = isinstance(other, Computation) and other.sources == self.sources
        return is_same and cast("Computation", other)._function is self._function  # noqa: SLF001 - of the same class

    def compute(self, fields: Mapping[str, Field[Any]], values: Mapping[str, Any]) -> Any:
        del fields
        for name in self._needed:
            if values[name] is None:  # an instance that is not complete, or only names its item
                return None
        given = {name: values[name] for name in self.sources}
        try:
            return self._function(SimpleNamespace(**given))
        except Exception as error:  # noqa: BLE001 - whatever a user's function may raise
            cause = None if are_values_hidden() else error  # it may show a value
            raise ValidationError(f"{self._label} cannot be computed{self._describe(error, given)}") from cause

    def _describe(self, error: Exception, given: Mapping[str, Any]) -> str:
        text = f": {describe_error(error)}"
        if not are_values_hidden():
            text = f" from {shorten(given)}: {type(error).__name__}: {error}"
        if isinstance(error, AttributeError) and isinstance(error.obj, SimpleNamespace):
            text += f"; the function gets the fields that computed_from names: {', '.join(self.sources)}"
        return text
