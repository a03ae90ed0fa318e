"""`TypedFields`: what `TypedModel` and `TypedDocument` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynamongo.fields import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    DictField,
    DocumentField,
    EmailField,
    EnumField,
    Field,
    FloatField,
    IntField,
    IPAddressField,
    JSONField,
    StringField,
    TimedeltaField,
    TimestampField,
    URLField,
    UUIDField,
)
from dynamongo.mapping.declaration.annotations import find_annotated, refuse_annotated
from dynamongo.mapping.declaration.options import refuse

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:  # only type checkers read what it says

    def dataclass_transform(**options: Any) -> Any:  # noqa: D103 - stands for that of `typing`
        del options
        return lambda cls: cls


@dataclass_transform(
    kw_only_default=True,
    eq_default=False,
    # Unless it has `default=`, a value of each of these has to be given. Lists and sets are empty without one.
    field_specifiers=(
        BinaryField,
        BooleanField,
        DateField,
        DateTimeField,
        DecimalField,
        DictField,
        DocumentField,
        EmailField,
        EnumField,
        Field,
        FloatField,
        IPAddressField,
        IntField,
        JSONField,
        StringField,
        TimedeltaField,
        TimestampField,
        URLField,
        UUIDField,
    ),
)
class TypedFields:
    """Base of the classes whose annotations make fields, and tell type checkers what the constructor takes."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        if TypedFields not in cls.__bases__:  # else it is one of the library's
            _take_annotated(cls)
        super().__init_subclass__(**options)


def _take_annotated(cls: type[TypedFields]) -> None:
    typed = next(base for base in cls.__mro__ if TypedFields in base.__bases__)
    for base in cls.__mro__:
        if TypedFields not in base.__mro__ and not base.__module__.startswith(("dynamongo.", "builtins")):
            refuse_annotated(base, typed.__name__)
    if "__post_init__" in vars(cls) and cls.__init__.__module__.startswith("dynamongo."):
        refuse(cls, "__post_init__", "is never called: write an __init__ that calls super().__init__(...)")
    body = {**vars(cls), **vars(cls).get("__body__", {})}
    fields = find_annotated(cls, body)
    if not fields.keys() <= body.keys():
        _replace_body(cls, fields)


def _replace_body(cls: type, fields: Mapping[str, Field[Any]]) -> None:
    """Give the class these fields, in this order, as if its body declared them."""
    if "__body__" in vars(cls):  # as in classes of documents
        type.__setattr__(cls, "__body__", fields)
        return
    for name, field in fields.items():
        if name in vars(cls):
            type.__delattr__(cls, name)
        type.__setattr__(cls, name, field)
