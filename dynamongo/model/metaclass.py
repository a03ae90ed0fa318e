"""The metaclass of models: reads the declaration of a class, and keeps it true when something is assigned later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, cast

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index
from dynamongo.mapping.declaration import (
    OPTIONS,
    Declaration,
    check_options,
    check_spelling,
    collect_fields,
    collect_indexes,
    declare,
)
from dynamongo.mapping.model_codec import Codec, Maker
from dynamongo.schema import TableSchema

_FINAL: Final = ("__hash_key__", "__range_key__", "__abstract__")
"""The options that say what an item is: instances, conditions and cursors that are around were made with them."""

_OWN: Final = ("__fields__", "__declared__", "__declaration__", "__codec__", "__schema__")
_CONSTRUCTORS: Final = ("__init__", "__new__")
_NOTHING: Final[Any] = object()


class _Refusal:
    """Stands for the declaration that an abstract model does not have."""

    def __get__(self, _: object, owner: type) -> NoReturn:
        raise SchemaError(f"{owner.__name__} is abstract: it has no table; derive a model from it")


class ModelMeta(type):
    """Reads the declaration of a model when its class is created, and again when an option is assigned.

    Options such as `__table__`, `__connection__` or `__read_units__` take effect at once, for the models that are
    derived from the class as well. Fields, indexes and keys cannot be changed: assigning or deleting one raises
    `SchemaError`.
    """

    __fields__: Mapping[str, Field[Any]]
    __declared__: Declaration | None
    __declaration__: Declaration  # an attribute and no property, since every request asks for it
    __codec__: Codec
    __schema__: TableSchema  # under the full name that was asked for last

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        cls.__fields__ = collect_fields(cls)
        indexes = collect_indexes(cls)
        cls.__declared__ = None if namespace.get("__abstract__") else declare(cls, cls.__fields__, indexes)
        declared = cls.__declared__
        cls.__declaration__ = cast("Declaration", _Refusal()) if declared is None else declared
        bound = indexes if declared is None else declared.indexes
        if declared is not None:
            declared.settle_expiry()
            cls.__schema__ = declared.table
        for attribute, value in (*cls.__fields__.items(), *bound.items()):
            super().__setattr__(attribute, value)
        index_keys = () if declared is None else declared.index_keys
        cls.__codec__ = Codec(cls.__fields__, lambda: cls.__declaration__.keys.codec, index_keys, cls.__make_maker)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in _OWN or "__codec__" not in vars(cls):  # the class is being made
            super().__setattr__(name, value)
            return
        cls.__refuse_change(name, value)
        before = vars(cls).get(name, _NOTHING)
        super().__setattr__(name, value)
        cls.__take_effect(name, before)

    def __delattr__(cls, name: str) -> None:
        cls.__refuse_change(name, None)
        before = vars(cls).get(name, _NOTHING)
        super().__delattr__(name)
        cls.__take_effect(name, before)

    def __refuse_change(cls, name: str, value: object) -> None:
        kind = value if isinstance(value, type) else type(value)
        if name in cls.__fields__ or issubclass(kind, Field):
            cls.__refuse(name, "a field", f"{name} = StringField()")
        if isinstance(vars(cls).get(name), Index) or issubclass(kind, Index):
            cls.__refuse(name, "an index", f"{name} = GlobalIndex(...)")
        if name in _FINAL:
            cls.__refuse(name, "part of what its items are", f"{name} = ...")

    def __refuse(cls, name: str, what: str, line: str) -> NoReturn:
        raise SchemaError(
            f"{cls.__name__}.{name} is {what}, which cannot be changed once the class is made: derive a model that"
            f" declares it, as in `class Other({cls.__name__}): {line}`"
        )

    def __take_effect(cls, name: str, before: Any) -> None:
        """Let the class be what it says now; or as it was before, where that is a mistake."""
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
                model.__codec__.forget()

    def __declare_again(cls) -> None:
        check_options(cls)
        known = [(model, model.__declared__) for model in _family(cls)]
        again = [(model, old, declare(model, old.fields, old.indexes)) for model, old in known if old is not None]
        for model, old, new in again:  # none of them was refused
            for attribute, index in old.indexes.items():
                index.take_schema(new.indexes[attribute].schema)
            model.__declared__ = model.__declaration__ = replace(new, indexes=old.indexes)
            model.__schema__ = new.table
            if new.expires_by != old.expires_by:
                new.settle_expiry()
                model.__codec__.forget()

    def __make_maker(cls) -> Maker:
        maker: Maker = cast("Any", cls)._make_maker()  # noqa: SLF001 - the classmethod of instances
        return maker


def _family(model: ModelMeta) -> Iterator[ModelMeta]:
    """The class, and all that are derived from it."""
    yield model
    children: list[ModelMeta] = cast("Any", model.__subclasses__())
    for derived in children:
        yield from _family(derived)
