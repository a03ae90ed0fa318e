"""The metaclass of models: reads the declaration of a class, and reads it again when something is assigned later."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from dynamongo._support.dataclasses import replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index
from dynamongo.mapping.abstract_mapper import AbstractMapper
from dynamongo.mapping.declaration.model import Declaration, collect_fields, collect_indexes, declare
from dynamongo.mapping.declaration.options import OPTIONS, check_options, check_spelling, refuse, table_of
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import is_bound
from dynamongo.planning.strategy_types import K

if TYPE_CHECKING:
    from dynamongo.connection import clocks
    from dynamongo.mapping import unique
    from dynamongo.mapping.declaration import key_types
    from dynamongo.mapping.declaration import unique as unique_declaration
    from dynamongo.mapping.kinds import key_families, kind_mapper, kinds
    from dynamongo.mapping.rules import base as rules
else:  # most models have a table of their own, nothing unique but the key, no rules, and no type of keys
    clocks = LazyModule("dynamongo.connection.clocks")
    key_families = LazyModule("dynamongo.mapping.kinds.key_families")
    key_types = LazyModule("dynamongo.mapping.declaration.key_types")
    kind_mapper = LazyModule("dynamongo.mapping.kinds.kind_mapper")
    kinds = LazyModule("dynamongo.mapping.kinds.kinds")
    rules = LazyModule("dynamongo.mapping.rules.base")
    unique = LazyModule("dynamongo.mapping.unique")
    unique_declaration = LazyModule("dynamongo.mapping.declaration.unique")

_FINAL: Final = ("__hash_key__", "__range_key__", "__kind__", "__kind_field__", "__unique__", "__abstract__")
"""Options that cannot change, because existing instances, conditions and cursors depend on them."""

_CONSTRUCTORS: Final = ("__init__", "__new__")
_NOTHING: Final[Any] = object()


class ModelMeta(type):
    """Reads the declaration of a model when its class is created, and again when an option is assigned.

    Options such as `__table__`, `__connection__` or `__read_units__` take effect at once, for derived models too.
    Fields, indexes and keys cannot change: assigning or deleting one raises `SchemaError`.
    """

    # Attributes of a metaclass can be read on its classes. Two underscores, which Python mangles, keep the methods
    # below apart from the fields and methods of models.

    __mapper__: Mapper[Any]  # an attribute, not a property: every request reads it

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> None:
        del options  # `__init_subclass__` of the user has taken the keyword arguments of the class statement
        super().__init__(name, bases, namespace)
        fields = collect_fields(cls)
        indexes = collect_indexes(cls)
        model = cast("Any", cls)
        if "__orig_bases__" in namespace:  # as those of `class Visit(Model[tuple[str, date]])`, which Python replaces
            super().__setattr__("__key_type__", key_types.find_key_type(namespace["__orig_bases__"]))
        if namespace.get("__unique__"):
            unique_declaration.resolve_names(model)
        if namespace.get("__abstract__"):
            mapper: Mapper[Any] = AbstractMapper(model, fields, None)
        else:
            _check_connection(cls)
            declared = declare(cls, fields, indexes)
            declared.mark_expiry_field()
            indexes = dict(declared.indexes)
            mapper = _make_mapper(model, declared, namespace)
        # The class gets its own copies of fields and indexes, also of inherited ones: the path of `Admin.name` belongs
        # to `Admin`, even if `User` declares the field.
        for attribute, value in (*fields.items(), *indexes.items()):
            super().__setattr__(attribute, value)
        super().__setattr__("__mapper__", mapper)
        if mapper.unique is not None or _reads_guards(cls):
            _expect_guards(cls)

    def __repr__(cls) -> str:
        if not is_bound(cls):
            return super().__repr__()
        bound: Any = vars(cls)
        table = f" on table {bound['__table__']!r}" if "__table__" in bound else ""
        connection = f" on {bound['__connection__']!r}" if "__connection__" in bound else ""
        return f"{super().__repr__()[:-1]}{table}{connection}>"

    def __set_attribute(cls, name: str, value: Any) -> None:
        if "__mapper__" not in vars(cls):  # the class is being created
            super().__setattr__(name, value)
            return
        cls.__refuse_change(name, value)
        before = vars(cls).get(name, _NOTHING)
        super().__setattr__(name, value)
        cls.__take_effect(name, before)

    if not TYPE_CHECKING:  # hidden, so that type checkers refuse names that the class does not have
        __setattr__ = __set_attribute

    def __delattr__(cls, name: str) -> None:
        cls.__refuse_change(name, None)
        before = vars(cls).get(name, _NOTHING)
        super().__delattr__(name)
        cls.__take_effect(name, before)

    def __refuse_change(cls, name: str, value: object) -> None:
        # `User.name = StringField` without parentheses is meant as a field as well.
        kind = value if isinstance(value, type) else type(value)
        if name in cls.__mapper__.fields or issubclass(kind, Field):
            cls.__refuse(name, "a field", f"{name} = StringField()")
        if isinstance(vars(cls).get(name), Index) or issubclass(kind, Index):
            cls.__refuse(name, "an index", f"{name} = GlobalIndex(...)")
        if is_bound(cls) and (name in OPTIONS or name in _CONSTRUCTORS):
            raise SchemaError(
                f"{cls.__name__}.{name}: the class is bound to a table or connection, and lives as long as it is used:"
                f" assign to {cls.__name__} itself, or derive a model from it"
            )
        if name in _FINAL:
            what = "what tells its items from others" if "kind" in name else "part of the key schema"
            what = "what is unique among its items" if name == "__unique__" else what
            cls.__refuse(name, what, f"{name} = ...")

    def __refuse(cls, name: str, what: str, line: str) -> NoReturn:
        raise SchemaError(
            f"{cls.__name__}.{name} is {what}, which cannot change once the class exists: derive a model that"
            f" declares it, as in `class Other({cls.__name__}): {line}`"
        )

    def __take_effect(cls, name: str, before: Any) -> None:
        """Apply an assignment or deletion; restore the attribute if it is a mistake."""
        # The checks read the options from the class, so the value is set first, and checked then.
        try:
            check_spelling(cls, (name,))
            if name in OPTIONS:
                cls.__declare_again()
        except SchemaError:
            if before is _NOTHING:
                super().__delattr__(name)
            else:
                super().__setattr__(name, before)
            raise
        if name in _CONSTRUCTORS:
            for model in _family(cls):
                # `fill` depends on the constructor, which derived models may inherit.
                model.__mapper__.codec.reset()

    def __declare_again(cls) -> None:
        _check_connection(cls)
        check_options(cls)
        # Derived models inherit the option, unless they set it themselves.
        family = list(_family(cls))
        mappers = [model.__mapper__ for model in family if not is_bound(model)]
        known = [(each, each.declaration) for each in mappers if not isinstance(each, AbstractMapper)]
        again = [(mapper, old, declare(mapper.model, old.fields, old.indexes)) for mapper, old in known]
        for mapper, old, new in again:  # only when none of the models was refused
            for attribute, index in old.indexes.items():  # which users hold as `User.by_name`
                index.take_schema(new.indexes[attribute].schema)
            mapper.take_declaration(replace(new, indexes=old.indexes))
            if new.expires_by != old.expires_by:
                new.mark_expiry_field()
                mapper.codec.reset()  # its fast paths depend on `is_expiry`
        for bound in filter(is_bound, family):
            mapper = bound.__mapper__
            mapper.take_declaration(mapper.origin.__mapper__.declaration, vars(bound).get("__table__"))


def _make_mapper(model: Any, declared: Declaration, namespace: Mapping[str, object]) -> Mapper[Any]:
    if model.__key_type__ is not K:
        key_types.check_key_type(model, model.__key_type__, declared.keys)
    fields = declared.fields
    applied = rules.find_rules(model, fields, clocks.read_clock) if _may_have_rules(fields) else None
    found = kinds.find_kinds(model, fields) if _may_have_kind(model, fields) else None
    if found is None:
        mapper: Mapper[Any] = Mapper(model, fields, declared, applied)
        if mapper.key_members is not None:
            key_families.check_family(model, declared.keys.fields)
    else:
        kinds.join_family(model, found, namespace)
        mapper = kind_mapper.KindMapper(model, fields, declared, applied, found)
    if model.__unique__:
        mapper.unique = unique_declaration.find_constraints(model, fields, declared.table.keys, found)
    return mapper


def _reads_guards(model: ModelMeta) -> bool:
    """Return whether a base of the class leaves out guards in the table of both."""
    mappers = [vars(base).get("__mapper__") for base in model.__mro__]
    expecting = [mapper.model for mapper in mappers if mapper is not None and mapper.guard_exclusion is not None]
    return any(table_of(base) == table_of(model) for base in expecting)


def _bases_of_table(model: ModelMeta) -> list[ModelMeta]:
    """Return the class, and those of its bases that read the same table."""
    bases = [base for base in model.__mro__ if isinstance(base, ModelMeta) and "__mapper__" in vars(base)]
    concrete = [base for base in bases if not isinstance(base.__mapper__, AbstractMapper)]
    return [base for base in concrete if table_of(base) == table_of(model)]


def _expect_guards(model: ModelMeta) -> None:
    """Leave guards out of what the class reads, and out of what others that are related read of the same table."""
    declared = model.__mapper__.declaration.table.keys
    exclusion = unique.make_exclusion(declared)
    for base in _bases_of_table(model):
        for each in _family(base):
            mapper = each.__mapper__
            if (
                mapper.guard_exclusion is None
                and not isinstance(mapper, AbstractMapper)
                and table_of(each) == table_of(model)
            ):
                mapper.expect_guards(exclusion, unique.PREFIX)
                mapper.codec.reset()


def _may_have_rules(fields: Mapping[str, Field[Any]]) -> bool:
    # Without the module of hooks, no method is marked as one.
    is_hooked = "dynamongo.mapping.rules.hooks" in sys.modules
    return is_hooked or any(field.is_about_items or not field.stored for field in fields.values())


def _may_have_kind(model: Any, fields: Mapping[str, Field[Any]]) -> bool:
    return model.__kind__ is not None or model.__kind_field__ is not None or "kind" in fields


def _check_connection(model: type) -> None:
    """Check the one option that `mapping` cannot, because connections are above it in the layers."""
    connection = getattr(model, "__connection__", None)
    if connection is not None and not isinstance(connection, Connection):
        refuse(model, "__connection__", f"must be a Connection; got {shorten(connection)}")


def _family(model: ModelMeta) -> Iterator[ModelMeta]:
    """Yield the class and all classes derived from it."""
    yield model
    children: list[ModelMeta] = cast("Any", model.__subclasses__())
    for derived in children:
        yield from _family(derived)
