"""The verbs that read items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import UnreadableItem
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.strategies import Strategy, keys_condition
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.calls import REQUIRED, GetCall, GetRawCall, perform
from dynamongo.verbs.instance import KeyedInstance

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from dynamongo.model import result_set
    from dynamongo.model.result_set import ResultSet
    from dynamongo.planning import known_plans
    from dynamongo.planning.plan import Plan
    from dynamongo.planning.strategy_types import Items, OneItem
    from dynamongo.verbs import read_arguments, read_calls
    from dynamongo.verbs.read_arguments import AnyReadArguments, KeepingArguments, Projection, ReadArguments
else:  # `get_one` needs none of these
    known_plans = LazyModule("dynamongo.planning.known_plans")
    read_arguments = LazyModule("dynamongo.verbs.read_arguments")
    read_calls = LazyModule("dynamongo.verbs.read_calls")
    result_set = LazyModule("dynamongo.model.result_set")

T = TypeVar("T")


class ReadVerbs(KeyedInstance[K]):
    """The verbs that read items. `Model` describes how a model is declared."""

    __abstract__ = True

    @overload
    @classmethod
    def get_one(
        cls, strategy: OneItem[K, Self], *, consistent: bool = False, projection: Projection | None = None
    ) -> Self: ...
    @overload
    @classmethod
    def get_one(
        cls,
        strategy: OneItem[K, Self],
        default: T,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> Self | T: ...
    @classmethod
    def get_one(
        cls,
        strategy: Strategy,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> Any:
        """Read one item. Costs one GetItem request.

        Args:
            strategy: A key; a dict or an instance that contains it, whose other values are ignored; or a condition that
                fixes it, and any conditions ANDed to that, which must hold as well.
            default: What to return instead of raising if there is no such item.
            consistent: Whether to see every write that was acknowledged before, at twice the read units.
            projection: The fields, and paths inside them, to read.

        Raises:
            ItemNotFound: There is no such item, and no default was given.
            UnreadableItem: The stored item does not suit the model.
            ExpressionError: The strategy does not fix the whole key of one item.
        """
        mapper: Mapper[Self] = cls.__mapper__
        call = GetCall(mapper, cls.table_name(), strategy, default, consistent, projection)
        return perform(call)

    @overload
    @classmethod
    def get_raw(
        cls, strategy: OneItem[K, Self], *, consistent: bool = False, projection: Projection | None = None
    ) -> dict[str, Any]: ...
    @overload
    @classmethod
    def get_raw(
        cls,
        strategy: OneItem[K, Self],
        default: T,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> dict[str, Any] | T: ...
    @classmethod
    def get_raw(
        cls,
        strategy: Strategy,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Projection | None = None,
    ) -> Any:
        """Read one item as `get_one` does, and return it as it is stored, whether or not it suits the model.

        Returns:
            A dict of plain Python values (`str`, `int` or `Decimal`, `bytes`, `bool`, `None`, `list`, `dict` and `set`)
            by the names of the attributes.
        """
        return perform(GetRawCall(cls.__mapper__, cls.table_name(), strategy, default, consistent, projection))

    @classmethod
    def exists(cls, strategy: OneItem[K, Self], *, consistent: bool = False) -> bool:
        """Return whether there is an item. Costs one GetItem request, billed as if it read the whole item.

        Args:
            strategy: As in `get_one`.
            consistent: As in `get_one`.

        Raises:
            ExpressionError: The strategy does not fix the whole key of one item.
        """
        names = cls.__mapper__.keys.field_names
        return cls.get_raw(strategy, None, consistent=consistent, projection=names) is not None  # without hooks

    @overload
    @classmethod
    def get_many(
        cls,
        strategy: Items[K, Self] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[ReadArguments],
    ) -> list[Self]: ...
    @overload
    @classmethod
    def get_many(
        cls,
        strategy: Items[K, Self] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[KeepingArguments],
    ) -> list[Self | UnreadableItem]: ...
    @overload
    @classmethod
    def get_many(
        cls,
        strategy: Items[K, Self] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[AnyReadArguments],
    ) -> list[Any]: ...
    @classmethod
    def get_many(
        cls,
        strategy: Strategy = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[AnyReadArguments],
    ) -> list[Any]:
        """Read several items. `explain` shows which requests this makes, and `find` reads lazily.

        Args:
            strategy: A list of strategies for one item each, or any condition; `None` for every item.
            descending: Whether to reverse the order.
            limit: How many items to return at most.
            arguments: See `ReadArguments`.

        Returns:
            The items of a query in the order of the range key; all others sorted by hash key, then by range key.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the index cannot serve the
                read.
            ScanForbidden: The read needs a full scan, and the policy forbids that.
            BudgetExceeded: There is more to read than `max_pages` or `max_read_units` allow.
            UnreadableItem: An item does not suit the model, and `on_invalid` does not say what to do about that.
            TableMismatch: An item lacks an attribute of the model's key.
            TypeError: There is no such argument.
        """
        found: ResultSet[Any] = read_calls.prepare_get_many(
            result_set.ResultSet, cls, strategy, arguments, descending=descending, limit=limit
        )
        return found.all()

    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[False] = False,
        **arguments: Unpack[ReadArguments],
    ) -> ResultSet[Self]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[False] = False,
        **arguments: Unpack[KeepingArguments],
    ) -> ResultSet[Self | UnreadableItem]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[True],
        **arguments: Unpack[ReadArguments],
    ) -> ResultSet[dict[str, Any]]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[True],
        **arguments: Unpack[KeepingArguments],
    ) -> ResultSet[dict[str, Any] | UnreadableItem]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: Literal[True],
        **arguments: Unpack[AnyReadArguments],
    ) -> ResultSet[dict[str, Any]]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: bool = False,
        **arguments: Unpack[AnyReadArguments],
    ) -> ResultSet[Any]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Items[K, Self] | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        as_items: bool,
        **arguments: Unpack[AnyReadArguments],
    ) -> ResultSet[Any]: ...
    @classmethod
    def find(  # noqa: PLR0913 - what a caller may choose
        cls,
        strategy: Strategy = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: bool = False,
        as_items: bool = False,
        **arguments: Unpack[AnyReadArguments],
    ) -> ResultSet[Any]:
        """Read several items lazily: each page is requested when its first item is needed.

        Args:
            strategy: As in `get_many`.
            descending: Whether to reverse the order of a query; scans and lists of keys have no order to reverse.
            limit: How many items to return at most, however many a filter leaves out.
            cursor: Where to continue: the `cursor` of a page of the same read.
            as_dicts: Whether to return dicts of Python values instead of instances.
            as_items: Whether to return items as they are stored, as `get_raw` does.
            arguments: See `ReadArguments`, such as `on_invalid="skip"`, which leaves out items that do not suit the
                model.

        Raises:
            ExpressionError: As in `get_many`, or `descending` is given and the read is not a query.
            CursorError: When items are read: the cursor belongs to another read, its signature is wrong, or it has
                expired.
        """
        return read_calls.prepare_find(
            result_set.ResultSet,
            cls,
            strategy,
            arguments,
            descending=descending,
            limit=limit,
            cursor=cursor,
            as_dicts=as_dicts,
            as_items=as_items,
        )

    @classmethod
    def explain(
        cls,
        strategy: Items[K, Self] | None = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[AnyReadArguments],
    ) -> Plan:
        """Return the plan of `get_many` with the same arguments, which prints readably. Makes no request."""
        mapper, table = cls.__mapper__, cls.table_name()
        read = read_arguments.make_read(
            mapper, table, "explain", strategy, arguments, descending=descending, limit=limit
        )
        return known_plans.plan_for(mapper, read, connection_of(cls).limits.batch_get)

    @classmethod
    def keys_in(cls, values: Iterable[OneItem[K, Self]]) -> AnyCondition:
        """Return the condition that an item's key is one of `values`: keys in any form that `get_one` takes."""
        return keys_condition(values, cls.__mapper__)

    def reload(self) -> Self:
        """Read the instance's item again, consistently, and take over what is stored.

        Raises:
            ItemNotFound: The item no longer exists.
        """
        mapper: Mapper[Self] = type(self).__mapper__
        return mapper.take_over(self, type(self).get_one(self, consistent=True))
