"""Instances of a model: their values, equality and representation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from dynamongo._support.generics import Generic
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.connection.connection import Connection, default_connection
from dynamongo.connection.overrides import open_prefixes
from dynamongo.exceptions import SchemaError
from dynamongo.fields import python_values
from dynamongo.fields.any_field import AnyField
from dynamongo.mapping.declaration.options import OPTIONS, Billing, ScanPolicy, TableNamer
from dynamongo.mapping.records import record_of
from dynamongo.planning.strategy_types import K
from dynamongo.schema import Recovery, StreamView, TableClass
from dynamongo.verbs.forms import Forms
from dynamongo.verbs.metaclass import ModelMeta

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.mapping import held_values, item_sizes
    from dynamongo.mapping.declaration import key_types
    from dynamongo.planning.strategy_types import OneItem
    from dynamongo.verbs import bound_models, table_names
else:  # each name of a table is found once, and most programs know their tables, and neither print nor measure items
    held_values = LazyModule("dynamongo.mapping.held_values")
    item_sizes = LazyModule("dynamongo.mapping.item_sizes")
    key_types = LazyModule("dynamongo.mapping.declaration.key_types")
    bound_models = LazyModule("dynamongo.verbs.bound_models")
    table_names = LazyModule("dynamongo.verbs.table_names")


class Instance(Forms, metaclass=ModelMeta):
    """The base of `Model` without verbs: the options of the class, and the values of its instances.

    An instance holds one value for each field. Its `__dict__` contains nothing else; see `mapping.records`.
    """

    __abstract__ = True
    __slots__ = ()

    __table__: ClassVar[str | TableNamer]
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
    __table_class__: ClassVar[TableClass | None] = None
    __encryption__: ClassVar[str | None] = None
    __point_in_time_recovery__: ClassVar[Recovery | None] = None
    __deletion_protection__: ClassVar[bool | None] = None
    __kind__: ClassVar[object] = None
    __kind_field__: ClassVar[str | None] = None
    __unique__: ClassVar[Sequence[Any]] = ()

    if not TYPE_CHECKING:  # to type checkers, `KeyedInstance` is generic
        __key_type__ = K

        def __class_getitem__(cls, key: Any) -> Any:
            """Return what stands for the class among the bases of another: `Model[str]`."""
            return cls if key is K else key_types.give_key_type(cls, key)

    @classmethod
    def table_name(cls) -> str:
        """Return the full name of the table: the connection's prefix and `__table__`, or the ARN that this is."""
        # In as few steps as possible, and without `connection_of`: every verb needs the name.
        connection = cls.__connection__ or default_connection
        names = connection.table_names if open_prefixes else connection.own_names
        return names.get(cls.__mapper__.table) or table_names.find_table_name(cls, connection)

    @classmethod
    def on_table(cls, name: str) -> type[Self]:
        """Return the model for another table of the same kind, such as that of a month or a tenant.

        It has every verb, and its instances are instances of the model that know their table: `user.save()` writes
        there. It is a class derived from the model, with its name and fields, made in some microseconds.

        Args:
            name: The name of the table, to which the connection adds its prefix; or its ARN, for a table of another
                account.

        Raises:
            SchemaError: No table can have that name, or the model is abstract.

        >>> from dynamongo import Model, StringField
        >>> class Order(Model):
        ...     __table__ = "orders"
        ...     __hash_key__ = "number"
        ...     number = StringField()
        >>> november = Order.on_table("orders-2026-11")
        >>> november.table_name(), isinstance(november(number="1"), Order)
        ('orders-2026-11', True)
        """
        bound_models.check_table(cls, name)
        return bound_models.bind(cls, table=name)

    @classmethod
    def on(cls, connection: Connection) -> type[Self]:
        """Return the model on another connection: another account, region or prefix. Otherwise as `on_table`.

        Both can be chained: `Order.on(archive).on_table("orders-2020")`.

        Raises:
            SchemaError: It is not a `Connection`, or the model is abstract.
        """
        bound_models.check_connection(cls, connection)
        return bound_models.bind(cls, connection=connection)

    def __set_attribute(self, name: str, value: Any) -> None:
        mapper = type(self).__mapper__
        field = mapper.fields.get(name)
        if field is not None:
            valid = field.missing_value() if value is None else field.validate(value)
            if mapper.rules is None:
                vars(self)[name] = valid
            else:
                mapper.rules.before_assign(self, field, valid)
                vars(self)[name] = valid
                mapper.rules.after_assign(self, field)
        elif name in OPTIONS:
            raise SchemaError(f"{name} is an option of the model, not of an instance: set {type(self).__name__}.{name}")
        elif held_values.takes_attribute(type(self), name):
            super().__setattr__(name, value)
        else:
            type(self).__mapper__.check_names([name])

    def __delete_attribute(self, name: str) -> None:
        if name in type(self).__mapper__.fields:
            self.__setattr__(name, None)
        else:
            super().__delattr__(name)

    if not TYPE_CHECKING:  # hidden, so that type checkers refuse names that the model does not have
        __setattr__ = __set_attribute
        __delattr__ = __delete_attribute

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

    if TYPE_CHECKING:
        # It returns an `ItemSize`. Not declared, so that a field of that name has its own type in its model.
        size = cast("Any", None)
    else:

        def size(self) -> item_sizes.ItemSize:
            """Return the size of the item that would be stored now, in bytes and units, as `size_of` does.

            A field named `size` hides the method.
            """
            return item_sizes.size_of(self)

    def __eq__(self, other: object) -> bool:
        # Same class, not a subclass: it may declare other fields, and equality would not be symmetric.
        if type(other) is not type(self):
            return False
        known = cast("Self", other)
        mine, others = record_of(self), record_of(known)
        if (mine.undeclared, mine.loaded) != (others.undeclared, others.loaded):
            return False
        fields = type(self).__mapper__.fields
        return held_values.pick_values(self, fields) == held_values.pick_values(known, fields)

    __hash__ = None  # type: ignore[assignment]  # instances can change

    def __repr__(self) -> str:
        return held_values.print_instance(self, type(self).__mapper__.fields)


if TYPE_CHECKING:

    class KeyedInstance(Instance, Generic[K]):
        """The base of models that have verbs, generic in the type of their keys: `Visit(Model[tuple[str, date]])`."""

        @classmethod
        def __takes__(cls, strategy: OneItem[K, Self], /) -> object: ...

else:  # nothing is generic at run time, and each base of `Model` makes class statements slower
    KeyedInstance = Instance
