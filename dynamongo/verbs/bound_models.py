"""Bound models: what `Model.on_table` and `Model.on` return.

A bound model is a class derived from the model, with the same name, and with another table or connection. It declares
nothing: fields, indexes, declaration and compiled codec are the model's, so that it takes some microseconds to make,
and conditions of the model serve it. Its mapper differs in the class of the instances and the name of the table.

There is one class for each model, table and connection, as long as anything refers to it. The latest are kept, by the
connection that they are bound to, or else by the model.
"""

from __future__ import annotations

import abc
import copyreg
import weakref
from typing import Any, Final, TypeAlias, TypeVar, cast

from dynamongo._support.forks import INNERMOST, make_lock
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.mapping.records import is_bound
from dynamongo.operations.table_names import describe_name_fault
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)
_Binding: TypeAlias = tuple[Any, "str | None"]

_KEPT: Final = 100
"""How many bound models a model or connection keeps although nothing else refers to them."""

_lock: Final = make_lock(INNERMOST)


def _make_quiet_base() -> type:
    """Return a base that comes before the model, and hides its `__init_subclass__` from bound models alone.

    What that does, such as to register or to check a class, was done when the model was declared.
    """

    class BoundModel:
        __slots__ = ()

        def __init_subclass__(cls, **options: Any) -> None:
            if not is_bound(cls):
                super().__init_subclass__(**options)

    return BoundModel


_QUIET: Final = _make_quiet_base()


class _Bindings:
    """The bound models that a model or a connection keeps."""

    def __init__(self) -> None:
        self._living: weakref.WeakValueDictionary[_Binding, Any] = weakref.WeakValueDictionary()
        self._latest: dict[_Binding, Any] = {}
        self.find = self._latest.get

    def find_or_make(self, key: _Binding, connection: Connection | None) -> Any:
        """Return the class, and keep it; drop the one that was kept first if there are too many.

        Args:
            key: The model, and the table if it is another one.
            connection: The connection, if it is another one.
        """
        with _lock:
            # Also where something else has kept it: instances of two classes would never be equal.
            bound = self._living.get(key)
            if bound is None:
                bound = _make(*key, connection)
            self._living[key] = self._latest[key] = bound
            if len(self._latest) > _KEPT:
                del self._latest[next(iter(self._latest))]
            return bound


def bind(model: type[M], table: str | None = None, connection: Connection | None = None) -> type[M]:
    """Return the model with another table, another connection, or both; what is left out stays as it is.

    Raises:
        SchemaError: The model is abstract.
    """
    origin: Any = model
    if is_bound(model):
        origin = _find_own(model, "__origin__")
        table = _find_own(model, "__table__") if table is None else table
        connection = _find_own(model, "__connection__") if connection is None else connection
    bindings = _bindings_of(origin if connection is None else connection)
    found: type[M] | None = bindings.find((origin, table))
    return bindings.find_or_make((origin, table), connection) if found is None else found


def check_table(model: type[Instance], name: object) -> None:
    """Raise `SchemaError` for the name of a table to bind to, if no table can have it."""
    if fault := describe_name_fault(name):
        raise SchemaError(f"{model.__name__}.on_table: the name {fault}")


def check_connection(model: type[Instance], connection: object) -> None:
    """Raise `SchemaError` for something to bind to that is not a connection."""
    if not isinstance(connection, Connection):
        raise SchemaError(f"{model.__name__}.on takes a Connection; got {shorten(connection)}")


def _bindings_of(holder: Any) -> _Bindings:
    """Return what a model or connection keeps, in an attribute: whoever drops the holder drops its bound models."""
    found: _Bindings | None = _find_own(holder, "__bound__")
    if found is not None:
        return found
    with _lock:
        made: _Bindings = _find_own(holder, "__bound__") or _Bindings()
        if isinstance(holder, type):
            type.__setattr__(holder, "__bound__", made)  # the metaclass would read the declaration again
        else:
            holder.__bound__ = made
        return made


def _make(origin: Any, table: str | None, connection: Connection | None) -> Any:
    """Make a bound model, as a class statement would, without what only a declaration needs."""
    kind: Any = type(origin)  # pyright: ignore[reportUnknownVariableType]  # a user's
    names = {name: getattr(origin, name) for name in ("__module__", "__qualname__", "__doc__")}
    namespace = {**names, "__slots__": (), "__origin__": origin}
    if table is not None:
        namespace["__table__"] = table
    if connection is not None:
        namespace["__connection__"] = connection
    # Not by a call of the metaclass, which would read the declaration again, as might one that is derived from it.
    make: Any = abc.ABCMeta.__new__ if issubclass(kind, abc.ABCMeta) else type.__new__
    # A model that derives from a bound one has that base already, and further back.
    quiet = _make_quiet_base() if issubclass(origin, _QUIET) else _QUIET
    bound = make(kind, origin.__name__, (quiet, origin), namespace)
    type.__setattr__(bound, "__mapper__", origin.__mapper__.bind(bound, table))
    if kind not in copyreg.dispatch_table:
        copyreg.pickle(kind, _reduce)
    return bound


def _reduce(model: Any) -> Any:
    """Return how a model is pickled: by its name, as every class, and how it is bound."""
    if not is_bound(model):
        return model.__qualname__
    if _find_own(model, "__connection__") is not None:
        raise TypeError(
            f"{model.__name__}.on(connection) and its instances cannot be pickled, because a Connection cannot: pickle"
            " to_dict() of the instance"
        )
    return bind, (_find_own(model, "__origin__"), _find_own(model, "__table__"))


def _find_own(holder: Any, name: str) -> Any:
    """Return an attribute of a class or an instance itself, not of a base; `None` if there is none."""
    return cast("dict[str, Any]", vars(holder)).get(name)
