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
from dynamongo.model.result_set import ResultSet, plan_for
from dynamongo.model.table import Table
from dynamongo.operations import Get
from dynamongo.planning.plan import Plan
from dynamongo.planning.read import Read
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
            read = Read(
                cls._schema(), (target,), consistent=consistent, projection=cls.__mapper__.projection(projection)
            )
            plan = plan_for(cls, read)
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
        read = cls._read(strategy, descending, limit, arguments)
        return ResultSet(cls, read, cls._connection().backend, cls._decode_found, arguments.get("progress")).all()

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
        read = cls._read(strategy, descending, limit, arguments, is_sorted=False, cursor=cursor)
        decode = cls._decode_dicts if as_dicts else cls._decode_found
        return ResultSet(cls, read, cls._connection().backend, decode, arguments.get("progress"))

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
        read = cls._read(strategy, descending, limit, arguments)
        return plan_for(cls, read, cls._connection().limits.batch_get)

    @classmethod
    def keys_in(cls, values: Iterable[Any]) -> Condition:
        """The condition that an item's key is one of `values`: keys as `get_one` takes them, in any mixture."""
        return keys_condition(values, cls.__mapper__)

    # From arguments to what the planner takes.

    @classmethod
    def _read(  # noqa: PLR0913 - those of the verbs, and what differs between them
        cls,
        strategy: Any,
        descending: bool,
        limit: int | None,
        arguments: ReadArguments,
        *,
        is_sorted: bool = True,
        cursor: str | None = None,
    ) -> Read:
        """Return the read that the arguments of a verb ask for, each of which is checked here."""
        name, mapper = cls.__name__, cls.__mapper__
        required = mapper.declaration.required
        check_flag(name, "descending", descending)
        check_count(name, "limit", limit, least=0)
        source, table = cls._resolve_many(strategy), cls._schema()
        if not arguments:
            return Read(table, source, descending, limit, is_sorted=is_sorted, required=required, cursor=cursor)
        if (scans := arguments.get("scans")) is not None:
            check_policy(scans)
        return Read(
            table,
            source,
            descending,
            limit,
            consistent=check_flag(name, "consistent", arguments.get("consistent", False)),
            index=mapper.index_name(arguments.get("index")),
            projection=mapper.projection(arguments.get("projection")),
            page_size=check_count(name, "page_size", arguments.get("page_size"), least=1),
            segments=check_count(name, "segments", arguments.get("segments"), least=1),
            is_sorted=is_sorted,
            required=required,
            scans=scans,
            cursor=cursor,
            max_pages=check_count(name, "max_pages", arguments.get("max_pages"), least=1),
            max_read_units=check_units(name, "max_read_units", arguments.get("max_read_units")),
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
