"""The verbs that read: from what the caller says to a plan, and from what comes back to instances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from dynamongo.arguments import check_flag, check_names
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import Item
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.calls import REQUIRED, GetCall, perform
from dynamongo.model.instance import Instance
from dynamongo.model.prepared_read import Decode, dicts_of, instances_of
from dynamongo.model.read_arguments import ReadArguments, make_read
from dynamongo.model.result_set import ResultSet
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import plan_for
from dynamongo.planning.strategies import keys_condition

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")

_NAMES = ("strategy", "descending", "limit", *ReadArguments.__annotations__)
_FIND_NAMES = (*_NAMES, "cursor", "as_dicts")


class ReadVerbs(Instance):
    """The verbs that read. `Model` describes how a model is declared."""

    __abstract__ = True

    @overload
    @classmethod
    def get_one(cls, strategy: Any, *, consistent: bool = False, projection: Iterable[Any] | None = None) -> Self: ...
    @overload
    @classmethod
    def get_one(
        cls, strategy: Any, default: T, *, consistent: bool = False, projection: Iterable[Any] | None = None
    ) -> Self | T: ...
    @classmethod
    def get_one(
        cls,
        strategy: Any,
        default: Any = REQUIRED,
        *,
        consistent: bool = False,
        projection: Iterable[Any] | None = None,
    ) -> Any:
        """Read one item. Costs one GetItem request.

        Args:
            strategy: A key, a dict or an instance that holds it, whose other values are ignored, or a condition that
                fixes it; further conditions that are ANDed to it must hold as well.
            default: What to return where there is no such item, instead of raising.
            consistent: Whether to see every write that was acknowledged before, at twice the read units.
            projection: The fields, and paths inside them, that are read.

        Raises:
            ItemNotFound: There is no such item, and no default.
            ExpressionError: The strategy does not fix the whole key of one item.
        """
        mapper: Mapper[Self] = cls.__mapper__
        call = GetCall(mapper, cls.table_name(), strategy, default, consistent=consistent, projection=projection)
        return perform(call)

    @classmethod
    def get_many(
        cls,
        strategy: Any = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[ReadArguments],
    ) -> list[Self]:
        """Read several items. `explain` tells which requests this makes, and `find` reads lazily.

        Args:
            strategy: A list of strategies for one item each, or any condition; `None` for every item.
            descending: Whether to reverse the order.
            limit: How many items to return at most.
            arguments: As in `ReadArguments`.

        Returns:
            The items in the order of the range key, if they come of a query; otherwise sorted by hash key and then by
            range key.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item, or the index cannot serve.
            ScanForbidden: It takes a full scan, and the policy forbids that.
            BudgetExceeded: There is more to read than `max_pages` or `max_read_units` allow.
            TableMismatch: An item lacks an attribute of the model's key.
            TypeError: There is no such argument.
        """
        if arguments:
            check_names("get_many", arguments, _NAMES)
        read = make_read(cls.__mapper__, cls.table_name(), strategy, arguments, descending=descending, limit=limit)
        decode: Decode[Self] = instances_of(cls.__mapper__)
        return ResultSet(cls, read, decode, arguments.get("progress")).all()

    @overload
    @classmethod
    def find(
        cls,
        strategy: Any = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[False] = False,
        **arguments: Unpack[ReadArguments],
    ) -> ResultSet[Self]: ...
    @overload
    @classmethod
    def find(
        cls,
        strategy: Any = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: Literal[True],
        **arguments: Unpack[ReadArguments],
    ) -> ResultSet[dict[str, Any]]: ...
    @classmethod
    def find(
        cls,
        strategy: Any = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
        as_dicts: bool = False,
        **arguments: Unpack[ReadArguments],
    ) -> ResultSet[Any]:
        """Read several items lazily: a request is made when an item of its page is asked for.

        Args:
            strategy: As in `get_many`.
            descending: Whether to reverse the order of a query; refused for what has none, scans and lists of keys.
            limit: How many items to return at most, whatever a filter leaves out.
            cursor: Where to go on: the `cursor` of a page of the same read.
            as_dicts: Whether to give dicts of Python values instead of instances.
            arguments: As in `ReadArguments`.

        Raises:
            ExpressionError: As in `get_many`, or `descending` is asked for and is not that of a query.
            CursorError: When it is read: the cursor is not one of this read, is not signed as the connection asks, or
                has expired.
        """
        check_names("find", arguments, _FIND_NAMES)
        check_flag(cls.__name__, "as_dicts", as_dicts)
        if arguments.get("segments") and (cursor or arguments.get("max_pages") or arguments.get("max_read_units")):
            raise ExpressionError(
                f"{cls.__name__}: segments are read in parallel, so the read cannot stop or continue at one place:"
                " leave out cursor, max_pages and max_read_units"
            )
        mapper, table = cls.__mapper__, cls.table_name()
        read = make_read(
            mapper, table, strategy, arguments, descending=descending, limit=limit, is_sorted=False, cursor=cursor
        )
        decode: Callable[[list[Item], Plan], list[Any]] = dicts_of(mapper) if as_dicts else instances_of(mapper)
        return ResultSet(cls, read, decode, arguments.get("progress"))

    @classmethod
    def explain(
        cls,
        strategy: Any = None,
        descending: bool = False,
        limit: int | None = None,
        **arguments: Unpack[ReadArguments],
    ) -> Plan:
        """How `get_many` would serve the same arguments. Makes no request; print it to read it."""
        check_names("explain", arguments, _NAMES)
        mapper = cls.__mapper__
        read = make_read(mapper, cls.table_name(), strategy, arguments, descending=descending, limit=limit)
        return plan_for(mapper, read, connection_of(cls).limits.batch_get)

    @classmethod
    def keys_in(cls, values: Iterable[Any]) -> Condition:
        """The condition that an item's key is one of `values`: keys as `get_one` takes them, in any mixture."""
        return keys_condition(values, cls.__mapper__)

    def reload(self) -> Self:
        """Read the item with the instance's key again (consistently); the instance then holds what is stored.

        Raises:
            ItemNotFound: The item is gone.
        """
        mapper: Mapper[Self] = type(self).__mapper__
        return mapper.take_over(self, type(self).get_one(self, consistent=True))
