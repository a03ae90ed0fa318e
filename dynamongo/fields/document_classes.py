"""What type checkers and fields know of the classes that derive from `Document`.

At the class of a model, `Cart.home` is a `DocumentField`, whose members are fields. A type checker takes it for the
class of the document, since nothing else that it knows has fields of these names and types. So the metaclass declares
what else `Cart.home` has: the conditions and updates of whole maps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.fields.operators import Operators

if TYPE_CHECKING:
    from dynamongo.expressions.conditions import Comparison, Exists, In, IsType, NotExists, Path
    from dynamongo.expressions.updates import RemoveUpdate, SetUpdate
    from dynamongo.expressions.values import AttributeType
    from dynamongo.fields.document_types import DeclaredType
    from dynamongo.fields.operands import SizeOf

PART: Final = "__part__"
"""Under this name, the `__dict__` of a document that was read in part has what messages call it."""


class DocumentMeta(type):
    """Keeps the members of a class of documents as they were declared."""

    def __setattr__(cls, name: str, value: Any) -> None:
        cls.__refuse_change(name, value)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        cls.__refuse_change(name, None)
        super().__delattr__(name)

    # Two underscores, which Python mangles, keep it apart from what a class of documents declares.
    def __refuse_change(cls, name: str, value: object) -> None:
        declared: DeclaredType | None = vars(cls).get("__document__")
        if declared is not None and (isinstance(value, Field) or name in declared.fields):
            raise SchemaError(
                f"{cls.__name__}.{name} is a field, which cannot change once the class exists: derive a class that"
                f" declares it, as in `class Other({cls.__name__}): {name} = StringField()`"
            )

    if TYPE_CHECKING:
        path: Path
        label: str
        __hash__ = type.__hash__

        def __eq__(cls, other: object) -> Comparison: ...  # type: ignore[override]  # builds a condition
        def __ne__(cls, other: object) -> Comparison: ...  # type: ignore[override]  # builds a condition
        def __getitem__(cls, name: str) -> Any: ...
        def in_(cls, values: Iterable[Any]) -> In: ...
        def exists(cls) -> Exists: ...
        def not_exists(cls) -> NotExists: ...
        def attribute_type(cls, type_: AttributeType) -> IsType: ...
        def size(cls) -> SizeOf: ...
        def set(cls, value: Any) -> SetUpdate: ...
        def set_if_not_exists(cls, value: Any) -> SetUpdate: ...
        def remove(cls) -> RemoveUpdate: ...

    else:

        def __getattr__(cls, name: str) -> NoReturn:
            hint = ""
            if hasattr(Operators, name):
                hint = f": a class of documents belongs to no model; write it of a field, as in Cart.home.{name}(...)"
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}{hint}")


class BaseDocument(metaclass=DocumentMeta):
    """The base of `Document`, as far as fields know it.

    The `__dict__` of an instance contains its values under the names of the fields, so that reading one costs no
    function call; besides, where there are any, the stored members without a field, and `PART`.
    """

    __slots__ = ("__dict__", "__weakref__")

    __document__: ClassVar[DeclaredType]
    """What the class declares."""
