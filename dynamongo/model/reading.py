"""The part of `Model` that reads: from what the caller says to a plan, and from what comes back to instances."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, overload

from dynamongo.arguments import check_count, check_flag, check_names, check_units, refuse_condition
from dynamongo.exceptions import ExpressionError, ItemNotFound
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.values import Item
from dynamongo.fields.indexes import Index
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.progress import ProgressOption
from dynamongo.model.result_set import ResultSet, Search, plan_for
from dynamongo.model.table import Table
from dynamongo.operations import Get
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import ReadOptions
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import Source, Target, keys_condition, resolve_many, resolve_one

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")
_REQUIRED: Any = object()


class ReadArguments(TypedDict, total=False):
    """The keyword arguments of every read of several items.

    Attributes:
        index: The index to read, such as `User.by_name` or `"by_name"`, whatever the planner would choose. Items that
            are not in it are not found, and what it does not hold of an item is not loaded.
        consistent: Whether to see every write that was acknowledged before, at twice the read units.
        projection: The fields, and paths inside them, that are read; touching another one raises
            `AttributeNotLoaded`. It costs no less: DynamoDB bills whole items.
        page_size: How many items a request reads at most.
        scans: What to do about a full scan; the model's `__scans__` or the connection's policy by default.
        segments: Into how many segments a full scan is divided, which are read at the same time.
        max_pages: After how many pages the read stops.
        max_read_units: After how many read units the read stops: after the page that reaches them.
        progress: A callback that is given a `Progress` after each page, whose `done` is the number of items read, those
            that a filter left out included; or `True` for a bar.
    """

    index: Index | str | None
    consistent: bool
    projection: Iterable[Any] | None
    page_size: int | None
    scans: ScanPolicy | None
    segments: int | None
    max_pages: int | None
    max_read_units: float | None
    progress: ProgressOption


_NAMES = ("strategy", "descending", "limit", *ReadArguments.__annotations__)
_FIND_NAMES = (*_NAMES, "cursor", "as_dicts")


class Reading(Table):
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
        default: Any = _REQUIRED,
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
        if consistent is not False:
            check_flag(cls.__name__, "consistent", consistent)
        if default is not _REQUIRED:
            refuse_condition(cls.__name__, "default", default)
        target = cls._resolve_one(strategy)
        if target.check is None and projection is None:  # what the plan of a key comes to, without making it
            get = Get(cls.table_name(), target.key, consistent=consistent)
            item = cls._execute(get).item
            if item is not None:
                return cls._decode_item(item)
        else:
            options = ReadOptions(consistent=consistent, projection=cls.__mapper__.projection(projection))
            plan = plan_for(cls, (target,), options, cls._schema())
            items = cls._run(lambda executor: executor.read(plan))
            if items:
                return cls._decode_found(items, plan)[0]
        if default is _REQUIRED:
            also = "" if target.check is None else f" and `{target.check}`"
            raise ItemNotFound(f"{cls.__name__}: there is no item with {cls._describe_key(target.key)}{also}")
        return default

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
        options = cls._options(descending, limit, arguments, is_sorted=True)
        return ResultSet(cls._search(strategy, options, arguments)).all()

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
                f"{cls.__name__}: segments are read at the same time, so there is no one place to stop at or to go on"
                " from: leave out cursor, max_pages and max_read_units"
            )
        options = cls._options(descending, limit, arguments, is_sorted=False)
        return ResultSet(cls._search(strategy, options, arguments, cursor, as_dicts=as_dicts))

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
        options = cls._options(descending, limit, arguments, is_sorted=True)
        cls._check_policies(arguments)
        source = cls._resolve_many(strategy)
        return plan_for(cls, source, options, cls._schema(), cls._connection().limits.batch_get)

    @classmethod
    def keys_in(cls, values: Iterable[Any]) -> Condition:
        """The condition that an item's key is one of `values`: keys as `get_one` takes them, in any mixture."""
        return keys_condition(values, cls.__mapper__)

    # From arguments to what the planner takes.

    @classmethod
    def _search(
        cls,
        strategy: Any,
        options: ReadOptions,
        arguments: ReadArguments,
        cursor: str | None = None,
        *,
        as_dicts: bool = False,
    ) -> Search[Any]:
        source = cls._resolve_many(strategy)
        connection = cls._connection()
        if arguments:
            cls._check_policies(arguments)
        return Search(
            cls,
            connection,
            connection.backend,
            cls._schema(),
            source,
            options,
            cls._decode_dicts if as_dicts else cls._decode_found,
            arguments.get("scans"),
            cursor,
            arguments.get("max_pages"),
            arguments.get("max_read_units"),
            arguments.get("progress"),
        )

    @classmethod
    def _check_policies(cls, arguments: ReadArguments) -> None:
        """Check what a read is told beside what it reads."""
        if (scans := arguments.get("scans")) is not None:
            check_policy(scans)
        check_count(cls.__name__, "max_pages", arguments.get("max_pages"), least=1)
        check_units(cls.__name__, "max_read_units", arguments.get("max_read_units"))

    @classmethod
    def _options(cls, descending: bool, limit: int | None, arguments: ReadArguments, *, is_sorted: bool) -> ReadOptions:
        name = cls.__name__
        check_flag(name, "descending", descending)
        check_count(name, "limit", limit, least=0)
        if not arguments:
            return ReadOptions(descending, limit, is_sorted=is_sorted, always=cls.__mapper__.declaration.required)
        return ReadOptions(
            descending,
            limit,
            check_flag(name, "consistent", arguments.get("consistent", False)),
            cls.__mapper__.index_name(arguments.get("index")),
            cls.__mapper__.projection(arguments.get("projection")),
            check_count(name, "page_size", arguments.get("page_size"), least=1),
            check_count(name, "segments", arguments.get("segments"), least=1),
            is_sorted,
            cls.__mapper__.declaration.required,
        )

    @classmethod
    def _resolve_one(cls, strategy: Any, *, to_write: bool = False) -> Target:
        return resolve_one(strategy, cls.__mapper__, to_write=to_write)

    @classmethod
    def _resolve_many(cls, strategy: Any, *, to_write: bool = False) -> Source:
        return resolve_many(strategy, cls.__mapper__, to_write=to_write)

    # From items to what the caller gets.

    @classmethod
    def _decode_dicts(cls, items: list[Item], plan: Plan) -> list[dict[str, Any]]:
        """The Python values of what was asked for, and of nothing else that the read needed."""
        mapper: Mapper[Self] = cls.__mapper__
        return [found.to_dict() for found in mapper.decode_read(items, plan.projection or plan.loaded)]
