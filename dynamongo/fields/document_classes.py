"""What type checkers and fields know of the classes that derive from `Document`.

At the class of a model, `Cart.home` is a `DocumentField`, whose members are fields. A type checker takes it for the
class of the document, since nothing else that it knows has fields of these names and types. So the metaclass declares
what else `Cart.home` has: the conditions and updates of whole maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeAlias, TypeVar, overload

from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.fields.operators import Operators
from dynamongo.fields.partial_map import refuse_unloaded

if TYPE_CHECKING:
    from dynamongo.expressions.conditions import AnyCondition, Operand, Path
    from dynamongo.expressions.trees import ComparisonOfWrongType
    from dynamongo.expressions.updates import AnyUpdate
    from dynamongo.expressions.values import AttributeType
    from dynamongo.fields.document_types import DeclaredType
    from dynamongo.fields.operands import Comparable, Comparand, SizeOf
    from dynamongo.fields.operators import NewValue

    B = TypeVar("B", bound="BaseDocument")
    D = TypeVar("D")
    D_contra = TypeVar("D_contra", contravariant=True)
    DocumentOrMap: TypeAlias = D | Mapping[str, Any]

_LABEL: Final = "__label__"
"""Under this name, the `__dict__` of a part of a document has what messages call it."""


if TYPE_CHECKING:

    class Equality(Generic[D_contra]):
        """`==` or `!=` of the class of a document, at the class of a model, with what its field takes."""

        @overload
        def __call__(self, other: DocumentOrMap[D_contra] | Comparand[Any]) -> AnyCondition: ...
        @overload
        def __call__(self, other: object) -> ComparisonOfWrongType: ...
        def __call__(self, other: object) -> Any: ...

    class DocumentOperators(type, Comparable):
        """What else the class of a document has at the class of a model: the operators of its field.

        They are properties, so that the class alone says which documents they take: a method would take the nearest
        common base of the class and the document that is given.
        """

        __hash__ = type.__hash__

        @property
        def __eq__(cls: type[D]) -> Equality[D]: ...  # type: ignore[override, misc]  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: PLE0302 - see above
        @property
        def __ne__(cls: type[D]) -> Equality[D]: ...  # type: ignore[override, misc]  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: PLE0302 - see above
        @property
        def path(cls) -> Path: ...
        @property
        def label(cls) -> str: ...
        def encode_operand(cls, value: Any) -> Operand: ...
        def encode_part(cls, value: Any) -> Operand: ...
        def __getitem__(cls, name: str) -> Any: ...
        @property
        def in_(cls: type[D]) -> Callable[[Iterable[DocumentOrMap[D] | Comparand[Any]]], AnyCondition]: ...
        def exists(cls) -> AnyCondition: ...
        def not_exists(cls) -> AnyCondition: ...
        def attribute_type(cls, type_: AttributeType) -> AnyCondition: ...
        def size(cls) -> SizeOf: ...
        @property
        def set(cls: type[D]) -> Callable[[DocumentOrMap[D] | NewValue[Any]], AnyUpdate]: ...
        @property
        def set_if_not_exists(cls: type[D]) -> Callable[[DocumentOrMap[D] | NewValue[Any]], AnyUpdate]: ...
        def remove(cls) -> AnyUpdate: ...

else:
    DocumentOperators = type


class DocumentMeta(DocumentOperators):
    """Keeps the fields of a class of documents apart from the class, and as they were declared.

    Python finds an attribute of an instance in a third of the time if its class has nothing under that name.
    """

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        fields: dict[str, Field[Any]] = {each: value for each, value in namespace.items() if isinstance(value, Field)}
        others = {each: value for each, value in namespace.items() if each not in fields}
        return super().__new__(mcls, name, bases, {**others, "__body__": fields}, **options)

    def __dir__(cls) -> list[str]:
        return [*super().__dir__(), *cls.__find_fields()]

    def __set_attribute(cls, name: str, value: Any) -> None:
        cls.__refuse_change(name, value)
        super().__setattr__(name, value)

    if not TYPE_CHECKING:  # hidden, so that type checkers refuse names that a class does not have
        __setattr__ = __set_attribute

    def __delattr__(cls, name: str) -> None:
        cls.__refuse_change(name, None)
        super().__delattr__(name)

    # Two underscores, which Python mangles, keep methods apart from what a class of documents declares.

    def __find_fields(cls) -> Mapping[str, Field[Any]]:
        found = (vars(base)["__document__"] for base in cls.__mro__ if "__document__" in vars(base))
        declared: DeclaredType | None = next(found, None)
        return {} if declared is None else declared.fields

    def __refuse_change(cls, name: str, value: object) -> None:
        if "__document__" in vars(cls) and (isinstance(value, Field) or name in cls.__find_fields()):
            raise SchemaError(
                f"{cls.__name__}.{name} is a field, which cannot change once the class exists: derive a class that"
                f" declares it, as in `class Other({cls.__name__}): {name} = StringField()`"
            )

    if not TYPE_CHECKING:  # which would allow any name

        def __getattr__(cls, name: str) -> Field[Any]:
            fields = cls.__find_fields()
            if name in fields:
                return fields[name]
            hint = ""
            if hasattr(Operators, name):
                hint = f": a class of documents belongs to no model; write it of a field, as in Cart.home.{name}(...)"
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}{hint}")


class BaseDocument(metaclass=DocumentMeta):
    """The base of `Document`, as far as fields know it.

    The `__dict__` of an instance contains its values under the names of the fields, so that reading one costs no
    function call; besides, where there are any, the stored members without a field.
    """

    __slots__ = ("__dict__", "__weakref__")

    __document__: ClassVar[DeclaredType]
    """What the class declares."""

    __body__: ClassVar[Mapping[str, Field[Any]]]
    """The fields in the body of the class, as they stand there."""


class Part(BaseDocument):
    """Base of the classes of documents that were read in part; each derives from that of whole documents, too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in type(self).__document__.fields:
            refuse_unloaded(f"{self.__dict__[_LABEL]}.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> Any:  # nobody could find the class by its name
        return make_part, (type(self).__document__.kind, self.__dict__[_LABEL], dict(self.__dict__))


def make_part(kind: Any, label: str, members: Mapping[str, Any]) -> Any:
    """Return a document of a class that has only these members; messages call it `label`."""
    declared = kind.__document__
    part = declared.part_class.__new__(declared.part_class)
    part.__dict__.update(members, **{_LABEL: label})
    return part


def label_of(part: Part) -> str:
    """Return what messages call a part of a document."""
    label: str = part.__dict__[_LABEL]
    return label


def make_part_class(kind: type[BaseDocument]) -> Any:
    """Return the class of the documents of a class that were read in part."""
    about = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return DocumentMeta(kind.__name__, (Part, kind), {"__slots__": (), **about})
