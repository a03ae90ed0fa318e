"""`Connection.find_across`: one read of the items of several models, typed as any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import shorten

if TYPE_CHECKING:  # what the models that are passed in bring along
    from typing_extensions import Unpack

    from dynamongo.aio.result_set import AsyncResultSet
    from dynamongo.model.result_set import ResultSet
    from dynamongo.verbs.across import AcrossArguments

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


class AcrossReads:
    """The verb that reads items of several models, which blocks."""

    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B]], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> ResultSet[A | B]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> ResultSet[A | B | C]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C], type[D]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> ResultSet[A | B | C | D]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C], type[D], type[E]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> ResultSet[A | B | C | D | E]: ...
    @overload
    @staticmethod
    def find_across(
        models: Iterable[type[A]], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> ResultSet[A]: ...
    @staticmethod
    def find_across(
        models: Iterable[Any], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> ResultSet[Any]:
        """Read items of several models of one table lazily, each as an instance of its own class.

        `Connection.find_across((Customer, Order), hash_key="CUSTOMER#7")` costs one Query, of which items of other
        kinds are left out. The result is that of `find`; its `by_kind` sorts the instances by class.

        Args:
            models: Models of the same table, key and connection, which have a `__kind__`, or keys with templates that
                begin with different texts. Type checkers take a tuple of up to five for a union of these models; of a
                list, mypy sees only what they have in common.
            condition: Any condition on fields of these models. Without `hash_key`, it is planned as that of `find`.
            arguments: See `dynamongo.verbs.across.AcrossArguments`.

        Raises:
            ExpressionError: The models cannot be read together, or as `find`.

        >>> from dynamongo import Connection, IntField, Model, StringField
        >>> from dynamongo.backends.memory import MemoryBackend
        >>> class Base(Model):
        ...     __abstract__ = True
        ...     __table__, __hash_key__, __range_key__ = "shop", "pk", "sk"
        ...     pk = StringField(required=True)
        ...     sk = StringField(required=True)
        >>> class Customer(Base):
        ...     __kind__ = "customer"
        >>> class Order(Base):
        ...     __kind__ = "order"
        ...     total = IntField()
        >>> with Connection.using(MemoryBackend()):
        ...     Customer.create_table()
        ...     saved = Customer(pk="c7", sk="profile").save(), Order(pk="c7", sk="order 1", total=5).save()
        ...     for found in Connection.find_across((Customer, Order), hash_key="c7"):
        ...         print(found)
        Order(pk='c7', sk='order 1', total=5)
        Customer(pk='c7', sk='profile')
        """
        return _prepare(models, condition, arguments)


class AsyncAcrossReads:
    """The same, awaited."""

    __slots__ = ()

    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B]], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> AsyncResultSet[A | B]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> AsyncResultSet[A | B | C]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C], type[D]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> AsyncResultSet[A | B | C | D]: ...
    @overload
    @staticmethod
    def find_across(
        models: tuple[type[A], type[B], type[C], type[D], type[E]],
        condition: Condition | None = None,
        **arguments: Unpack[AcrossArguments],
    ) -> AsyncResultSet[A | B | C | D | E]: ...
    @overload
    @staticmethod
    def find_across(
        models: Iterable[type[A]], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> AsyncResultSet[A]: ...
    @staticmethod
    def find_across(
        models: Iterable[Any], condition: Condition | None = None, **arguments: Unpack[AcrossArguments]
    ) -> AsyncResultSet[Any]:
        """Read items of several models lazily, as `Connection.find_across` does. Nothing to await."""
        return _prepare(models, condition, arguments).aio


def _prepare(models: Iterable[Any], condition: Condition | None, arguments: AcrossArguments) -> ResultSet[Any]:
    several = tuple(models) if isinstance(cast("object", models), Iterable) else ()
    # The result set is that of models, which are above connections in the layers: the first one makes it.
    prepare: Any = getattr(several[0], "__find_across__", None) if several else None
    if prepare is None:
        raise ExpressionError(f"find_across takes a tuple or list of models; got {shorten(models)}")
    found: ResultSet[Any] = prepare(several, condition, arguments)
    return found
