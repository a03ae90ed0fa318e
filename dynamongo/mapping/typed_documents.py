"""`TypedDocument`: documents whose constructors type checkers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamongo.mapping.documents import Document
from dynamongo.mapping.typed_fields import TypedFields


class TypedDocument(TypedFields, Document):
    """A `Document` whose annotations tell type checkers which arguments its constructor takes, as in a `TypedModel`.

    >>> from dynamongo import IntField, StringField
    >>> class Line(TypedDocument):
    ...     sku: StringField[str]
    ...     quantity: IntField[int] = IntField(required=True, default=1, min_value=1)
    >>> Line(sku="pen")
    Line(sku='pen', quantity=1)
    """

    __slots__ = ()

    if TYPE_CHECKING:  # of any such class; each has a constructor of its own

        def __init__(self, /, **values: Any) -> None: ...
