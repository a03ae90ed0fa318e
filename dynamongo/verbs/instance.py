"""Instances of a model: their values, equality and representation."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from dynamongo._support.codegen import is_plain_name
from dynamongo.connection.connection import Connection, default_connection
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import print_value
from dynamongo.fields import python_values
from dynamongo.fields.indexes import Index
from dynamongo.fields.maps import AnyField
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.options import OPTIONS, Billing, ScanPolicy
from dynamongo.mapping.records import Recorded, record_of
from dynamongo.operations import StreamView
from dynamongo.verbs.metaclass import ModelMeta

if TYPE_CHECKING:
    from typing_extensions import Self


class Instance(Recorded, metaclass=ModelMeta):
    """The base of `Model` without verbs: the options of the class, and the values of its instances.

    An instance holds one value for each field. Its `__dict__` contains nothing else; see `mapping.records`.
    """

    __abstract__ = True
    __slots__ = ()
    __mapper__: ClassVar[Mapper[Any]]

    __table__: ClassVar[str]
    __hash_key__: ClassVar[str]
    __range_key__: ClassVar[str | None] = None
    __read_units__: ClassVar[int] = 8
    __write_units__: ClassVar[int] = 8
    __billing__: ClassVar[Billing] = "provisioned"
    __connection__: ClassVar[Connection | None] = None
    __scans__: ClassVar[ScanPolicy | None] = None
    __ttl__: ClassVar[str | None] = None
    __tags__: ClassVar[Mapping[str, str] | None] = None
    __stream__: ClassVar[StreamView | None] = None
    __kind__: ClassVar[object] = None
    __kind_field__: ClassVar[str | None] = None

    @classmethod
    def table_name(cls) -> str:
        """Return the full name of the table: the connection's prefix and `__table__`."""
        table: str = cls.__mapper__.declaration.table.name
        # As `connection_of`, without the function call: every verb needs the name.
        connection = cls.__connection__ or default_connection
        return connection.table_prefix + table

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).__mapper__.fields.get(name)
        if field is not None:
            vars(self)[name] = field.missing_value() if value is None else field.validate(value)
        elif name in OPTIONS:
            raise SchemaError(f"{name} is an option of the model, not of an instance: set {type(self).__name__}.{name}")
        # Besides fields, an instance takes private names, properties, and values that override those of its class. A
        # misspelled field is none of these.
        elif name.startswith("_") or _is_assignable(_find_in_class(type(self), name)):
            super().__setattr__(name, value)
        else:
            type(self).__mapper__.check_names([name])

    def __delattr__(self, name: str) -> None:
        field = type(self).__mapper__.fields.get(name)
        if field is None:
            super().__delattr__(name)
        else:
            vars(self)[name] = field.missing_value()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return an instance with the values of a dict, as the constructor does.

        Raises:
            ValidationError: A value does not suit its field, or a name is unknown.
        """
        mapper: Mapper[Self] = cls.__mapper__
        return mapper.build(values)

    def to_dict(self, only: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the values of the declared fields in a new dict; a missing value is `None` or an empty container.

        For a partly read item, the dict contains what was read.

        Args:
            only: The names of the fields to include; by default, all.

        Raises:
            ValidationError: A name in `only` is unknown.
        """
        fields = type(self).__mapper__.fields
        if isinstance(only, str):
            raise ValidationError(f"{type(self).__name__}.to_dict: only must be a list of field names; got {only!r}")
        names = [name for name in fields if name in vars(self)] if only is None else list(only)
        type(self).__mapper__.check_names(names)
        try:
            # Copied, so that changes of a list or map in the dict do not change the instance.
            return {name: copy.deepcopy(getattr(self, name)) for name in names}
        except RecursionError:
            raise ValidationError(f"{type(self).__name__}.to_dict: a value is nested too deeply to be copied") from None

    @classmethod
    def attribute(cls, name: str) -> AnyField:
        """Return a field for the attribute that is stored under this name, which the model need not declare.

        Conditions, updates and projections take it as any other field; its values are those of `Field()`. For a name
        in which a field is stored, it is that field. `undeclared()` of an instance has what was read.

        Raises:
            ValidationError: DynamoDB does not allow the name.

        >>> from dynamongo import Model, StringField
        >>> class User(Model):
        ...     __table__ = "users"
        ...     __hash_key__ = "email"
        ...     email = StringField(required=True)
        >>> print(User.attribute("last-login") > 1_700_000_000)
        last-login > 1700000000
        """
        return cast("AnyField", cls.__mapper__.find_attribute(name))

    def undeclared(self) -> dict[str, Any]:
        """Return the stored attributes that the model does not declare, in a new dict of Python values.

        They were read with the item, and are saved with it.
        """
        return python_values.decode_map(record_of(self).undeclared)

    def __eq__(self, other: object) -> bool:
        # Same class, not a subclass: it may declare other fields, and equality would not be symmetric.
        if type(other) is not type(self):
            return False
        known = cast("Self", other)
        mine, others = record_of(self), record_of(known)
        if (mine.undeclared, mine.loaded) != (others.undeclared, others.loaded):
            return False
        return _values_of(self) == _values_of(known)

    __hash__ = None  # type: ignore[assignment]  # instances can change

    def __repr__(self) -> str:
        values = _values_of(self)
        shown = {
            name: value for name, value in values.items() if not type(self).__mapper__.fields[name].is_absent(value)
        }
        odd = {name: value for name, value in shown.items() if not is_plain_name(name)}  # no keyword argument in source
        arguments = [f"{name}={print_value(value)}" for name, value in shown.items() if name not in odd]
        return f"{type(self).__name__}({', '.join([*arguments, *([f'**{print_value(odd)}'] if odd else [])])})"


def _values_of(instance: Instance) -> dict[str, Any]:
    """Return the values of the fields; not what the user keeps on the instance besides."""
    held = vars(instance)
    return {name: held[name] for name in type(instance).__mapper__.fields if name in held}


def _find_in_class(model: type, name: str) -> object:
    """Return the attribute of the class or a base without binding it, or `None`."""
    return next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)


def _is_assignable(attribute: object) -> bool:
    """Return whether an instance may override an attribute of its class: a property or a plain value, not a method."""
    return hasattr(attribute, "__set__") or not (
        attribute is None or callable(attribute) or hasattr(attribute, "__get__") or isinstance(attribute, Index)
    )
