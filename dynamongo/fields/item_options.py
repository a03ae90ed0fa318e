"""The options of a field that are about whole items: when its value is set, whether it may change, where it comes from.

Only the fields of a model have them. A member of a map or an element of a list is written with the map or list, whoever
changes it, so there is nothing that could set or keep it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import SchemaError
from dynamongo.fields.read_rules import ReadRules

if TYPE_CHECKING:
    from dynamongo.expressions.conditions import Path
    from dynamongo.fields import computed_fields
    from dynamongo.fields.derived import Derivation
else:  # few fields are computed
    computed_fields = LazyModule("dynamongo.fields.computed_fields")

Occasion: TypeAlias = Literal["create", "write"]
"""When a generated value is set: when its item is created, or whenever it is written."""


class ItemOptions(ReadRules):
    """The part of a field that knows these options."""

    is_about_items: bool = False
    """Whether the field has one of the options below."""

    generated_on: Occasion | None = None
    """When the time of a write is set as the value; `None` for never."""

    is_immutable: bool = False
    """Whether a value cannot change once it is stored."""

    derived: Derivation | None = None
    """How the value follows from other fields of the instance; `None` if it is given."""

    @property
    @abstractmethod
    def has_default(self) -> bool:
        """Whether the field was declared with a default."""
        raise NotImplementedError

    def take_item_options(
        self, computed: Callable[[Any], object] | None, computed_from: Iterable[str], *, immutable: bool
    ) -> None:
        """Take the options of every field; raise `SchemaError` if they do not fit."""
        if immutable:
            self.is_immutable = self.is_about_items = True
        if computed is not None or computed_from:
            self.derive(computed_fields.Computation(self.label, computed, computed_from))

    def derive(self, derivation: Derivation) -> None:
        """Let the value follow from other fields; raise `SchemaError` if it does so already."""
        if self.derived is not None:
            self._refuse_both(self.derived.given_as, derivation.given_as)
        self.derived = derivation
        self.is_about_items = True

    @property
    def is_generated(self) -> bool:
        """Whether the library sets the value: the time of a write, or what follows from other fields."""
        return self.generated_on is not None or self.derived is not None

    def check_place(self, path: Path | None) -> None:
        """Raise `SchemaError` if the field, which has one of the options, is no field of a model."""
        if path is None or len(path.elements) > 1:
            option = "stored=False" if not self.stored else self._list_options()[0]
            raise SchemaError(
                f"{self.label}: {option} is for the fields of a model, because it is about writes of"
                " whole items: declare it there"
            )

    def check_item_options(self) -> None:
        """Raise `SchemaError` if two options say where the value comes from, or that it changes and does not."""
        options = self._list_options()
        if self.has_default and self.is_generated:
            options.append("default")
        if len(options) > 1 and not (self.generated_on == "create" and self.is_immutable and len(options) == 2):
            self._refuse_both(options[0], options[1])

    def _list_options(self) -> list[str]:
        derived = [] if self.derived is None else [self.derived.given_as]
        auto = [] if self.generated_on is None else [f"auto={self.generated_on!r}"]
        return [*derived, *auto, *(["immutable=True"] if self.is_immutable else [])]

    def _refuse_both(self, first: str, second: str) -> None:
        raise SchemaError(f"{self.label}: {first} and {second} exclude each other: leave out one")
