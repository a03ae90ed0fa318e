"""Fields of what nobody declares: parts of maps without fields, and attributes that the model does not have."""

from __future__ import annotations

from typing import Any

from dynamongo.fields.base import Field


class AnyField(Field[Any]):
    """A part of a map without fields of its own; `[...]` leads deeper, by a name or a position."""

    reads_one_form = True

    def __getitem__(self, step: str | int) -> AnyField:
        part = AnyField().bind(self._owner, self.path / step)
        self.enclose(part)
        return part

    def can_copy(self, other: Any) -> bool:
        """Return `True`: the members of a map without fields may hold anything."""
        del other
        return True

    __iter__ = None  # as for `ListField`
