"""`Document`: a class whose body declares the members of a map, as a model declares the attributes of an item."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Literal

from dynamongo._support.codegen import compile_later
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ValidationError
from dynamongo.fields import python_values
from dynamongo.fields.containers import ListField
from dynamongo.fields.document_classes import BaseDocument, Part
from dynamongo.fields.document_types import UNDECLARED, DeclaredType
from dynamongo.fields.documents import DocumentField
from dynamongo.fields.indexes import Index
from dynamongo.fields.json_forms import Decimals
from dynamongo.fields.maps import DictField
from dynamongo.fields.version import VersionField
from dynamongo.mapping.codec import plain as plain_codec
from dynamongo.mapping.declaration.model import find_fields, rename
from dynamongo.mapping.declaration.options import OPTIONS, refuse
from dynamongo.mapping.held_values import (
    check_word,
    describe_unknown,
    is_json,
    pick_values,
    print_instance,
    takes_attribute,
)
from dynamongo.mapping.rules.base import MARKS

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.mapping import json_documents
    from dynamongo.mapping.codec import lines as codec_lines
    from dynamongo.mapping.problems import given as given_problems
else:  # when many instances are made, one is in JSON, or something is wrong
    given_problems = LazyModule("dynamongo.mapping.problems.given")
    codec_lines = LazyModule("dynamongo.mapping.codec.lines")
    json_documents = LazyModule("dynamongo.mapping.json_documents")

_OF_EVERY_FIELD: Final = frozenset(dir(DocumentField("Document")))
"""The names that a `DocumentField` has itself, so that they would not lead to the field of a member."""


class Document(BaseDocument):
    """A map with a field for each of its members: `home = DocumentField(Address)`.

    The class body declares fields, as that of a model does. An instance is built from keyword arguments, which are
    validated at once, as are assignments; `required` is checked when a model is saved with it. `None` stands for a
    member that is absent. Classes derived from it inherit its fields. All options of fields are those of a model's
    fields, `stored_as` and `default_on_read` included; keys, indexes and versions belong to models alone.

    >>> from dynamongo import Connection, DocumentField, IntField, ListField, Model, StringField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class Line(Document):
    ...     sku = StringField(required=True)
    ...     quantity = IntField(default=1, min_value=1)
    >>> class Cart(Model):
    ...     __table__ = "carts"
    ...     __hash_key__ = "id"
    ...     id = StringField(required=True)
    ...     lines = ListField(DocumentField(Line))
    >>> with Connection.using(MemoryBackend()):
    ...     Cart.create_table()
    ...     _ = Cart(id="a", lines=[Line(sku="pen")]).save()
    ...     Cart.update_one("a", Cart.lines[0].quantity.increment()).lines
    [Line(sku='pen', quantity=2)]
    """

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not issubclass(cls, Part):  # that of documents which were read in part declares nothing
            _declare(cls)

    def __init__(self, /, **values: Any) -> None:
        declared = type(self).__document__
        try:
            held = declared.construct(values)
        except ValidationError as error:  # of the first wrong value
            raise given_problems.explain_given(_Names(type(self)), values, error) from error.__cause__
        if held is None:
            given_problems.refuse_unknown(_Names(type(self)), values)
        else:
            vars(self).update(held)  # to what the constructor of a derived class may have set

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, mode: Literal["python", "json"] = "python") -> Self:
        """Return an instance with the values of a dict, as the constructor does.

        Args:
            values: The values by the names of fields.
            mode: `"json"` for values as `to_dict(mode="json")` returns them. Python values are taken, too.

        Raises:
            ValidationError: A value does not suit its field, or a name is unknown.
        """
        if not is_json(cls, mode):
            given_problems.refuse_no_dict(cls.__name__, values)
            _check_names(cls, values)  # one may be no str
            return cls(**values)
        return cls(**json_documents.read_values(_Names(cls), values))

    def to_dict(self, *, mode: Literal["python", "json"] = "python", decimals: Decimals = "text") -> dict[str, Any]:
        """Return the values of the fields in a new dict; a missing value is `None` or an empty container.

        Args:
            mode: `"json"` for what `json.dumps` takes, documents in the document included.
            decimals: In that mode, the form of Decimals: `"text"`, which is exact for every reader, or `"number"`.
        """
        fields = type(self).__document__.fields
        values = pick_values(self, fields)
        if is_json(type(self), mode):
            check_word(type(self), "decimals", decimals, ("text", "number"))
            return json_documents.to_document(fields, values, decimals)
        return json_documents.copy_values(type(self).__name__, values)

    def undeclared(self) -> dict[str, Any]:
        """Return the stored members that the class does not declare, in a new dict of Python values.

        They were read with the document, and are saved with it.
        """
        return python_values.decode_map(vars(self).get(UNDECLARED, {}))

    def __set_attribute(self, name: str, value: Any) -> None:
        field = type(self).__document__.fields.get(name)
        if field is not None:
            vars(self)[name] = field.missing_value() if value is None else plain_codec.validate(field, value)
        elif takes_attribute(type(self), name):
            super().__setattr__(name, value)
        else:
            _check_names(type(self), {name: value})

    def __delete_attribute(self, name: str) -> None:
        if name in type(self).__document__.fields:
            self.__setattr__(name, None)
        else:
            super().__delattr__(name)

    if not TYPE_CHECKING:  # hidden, so that type checkers refuse names that a class does not have
        __setattr__ = __set_attribute
        __delattr__ = __delete_attribute

    def __eq__(self, other: object) -> bool:
        # Same class, not a subclass: it may declare other fields, and equality would not be symmetric.
        if type(other) is not type(self):
            return False
        names = (*type(self).__document__.fields, UNDECLARED)
        return pick_values(self, names) == pick_values(other, names)

    __hash__ = None  # type: ignore[assignment]  # instances can change

    def __repr__(self) -> str:
        return print_instance(self, type(self).__document__.fields)


def _declare(cls: type[Document]) -> None:
    """Give a class what it declares; raise `SchemaError` for what makes no sense in a document."""
    _refuse_parts_of_models(cls)
    found = find_fields(cls, "document", lambda base: base in (object, BaseDocument, Document), _body_of)
    declared = DeclaredType(cls)
    cls.__document__ = declared
    for name, field in found.items():
        if name in _OF_EVERY_FIELD:
            refuse(cls, name, f"is a field, but a DocumentField has an attribute of that name{rename(name)}")
        _refer_to(field, cls)
        declared.fields[name] = field.with_label(f"{cls.__name__}.{name}")
    for field in declared.fields.values():
        field.check_declaration()
    plain = functools.partial(plain_codec.build, declared.fields)
    declared.construct = compile_later(
        declared, "construct", plain, lambda: codec_lines.write_build(declared.fields).compile()
    )


def _refuse_parts_of_models(cls: type[Document]) -> None:
    for base in cls.__mro__[: cls.__mro__.index(Document)]:
        for name, value in _body_of(base).items():
            if name in OPTIONS:
                refuse(cls, name, "is an option of models: a document is a part of an item, and has no table")
            if isinstance(value, FunctionType) and MARKS in vars(value):
                what = "is a hook or validator, which only a model has, for its items"
                refuse(cls, name, f"{what}: check the document there, or by the validator of its field")
            if isinstance(value, Index):
                refuse(cls, name, "is an index, which only a model has, over attributes of its items")
            if isinstance(value, VersionField):
                refuse(cls, name, "counts the writes of an item: declare it in the model; use an IntField here")


def _body_of(base: type) -> Mapping[str, Any]:
    return {**vars(base), **vars(base).get("__body__", {})}


def _refer_to(field: Any, document: type[Document]) -> None:
    """Tell every field that was given the name of the class, at any depth, what it stands for."""
    known: Any = field  # pyright does not know what a document has
    if isinstance(field, DocumentField):
        known.refer_to(document)
        if known.is_declared:
            return
    if isinstance(field, DictField):
        for part in known.fields.values():
            _refer_to(part, document)
    elif isinstance(field, ListField):
        _refer_to(known.element, document)


class _Names:
    """The fields of a class, and what to say of names that none of them has."""

    def __init__(self, cls: type[Document]) -> None:
        self.name = cls.__name__
        self.fields: Mapping[str, Any] = cls.__document__.fields

    def describe_unknown(self, names: Sequence[object]) -> str:
        """Return the message for names that are not those of fields."""
        renamed = {field.stored_as: name for name, field in self.fields.items() if field.stored_as}
        return describe_unknown(self.name, self.fields, names, renamed)


def _check_names(cls: type[Document], names: Mapping[str, Any]) -> None:
    if any(name not in cls.__document__.fields for name in names):
        given_problems.refuse_unknown(_Names(cls), names)
