"""The part of `Model` that reads: from a strategy to a plan, and from what comes back to instances."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from dynamongo.conditions import Condition, Path, paths_of
from dynamongo.exceptions import ExpressionError, ItemNotFound
from dynamongo.planner import ReadOptions, plan_read
from dynamongo.plans import Plan
from dynamongo.scans import ScanPolicy, apply_policy, check_policy
from dynamongo.strategies import Source, Target, keys_condition, resolve_many, resolve_one
from dynamongo.tables import Table
from dynamongo.values import Item, shorten

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
_REQUIRED: Any = object()


class Reading(Table):
    """The verbs that read. `Model` describes how a model is declared."""

    __abstract__ = True

    @overload
    @classmethod
    def get_one(cls, strategy: Any, *, consistent: bool = False) -> Self: ...
    @overload
    @classmethod
    def get_one(cls, strategy: Any, default: T, *, consistent: bool = False) -> Self | T: ...
    @classmethod
    def get_one(cls, strategy: Any, default: Any = _REQUIRED, *, consistent: bool = False) -> Any:
        """Read one item. Costs one GetItem request.

        Args:
            strategy: A key, a dict or an instance that holds it, or a condition that fixes it; further conditions
                that are ANDed to it must hold as well.
            default: What to return where there is no such item, instead of raising.
            consistent: Whether to see every write that was acknowledged before, at twice the read units.

        Raises:
            ItemNotFound: There is no such item, and no default.
            ExpressionError: The strategy does not fix the whole key of one item.
        """
        target = cls._resolve_one(strategy)
        plan = cls._plan((target,), ReadOptions(consistent=consistent))
        items = cls._run(lambda executor: executor.read(plan))
        if items:
            return cls._decode_item(items[0])
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
        *,
        consistent: bool = False,
        scans: ScanPolicy | None = None,
    ) -> list[Self]:
        """Read several items, sorted by hash key and then by range key. `explain` tells which requests this makes.

        Args:
            strategy: A list of strategies for one item each, or any condition; `None` for every item.
            descending: Whether to reverse the order.
            limit: How many items to return at most.
            consistent: As in `get_one`.
            scans: What to do about a full scan; the model's `__scans__` or the connection's policy by default.

        Raises:
            ExpressionError: An entry of the list does not fix the whole key of one item.
            ScanForbidden: It takes a full scan, and the policy forbids that.
        """
        plan = cls.explain(strategy, descending, limit, consistent=consistent)
        return [cls._decode_item(item) for item in cls._read(plan, scans)]

    @classmethod
    def explain(
        cls, strategy: Any = None, descending: bool = False, limit: int | None = None, *, consistent: bool = False
    ) -> Plan:
        """How `get_many` would serve the same arguments. Makes no request; print it to read it."""
        if limit is not None and (type(limit) is not int or limit < 0):
            raise ExpressionError(f"{cls.__name__}: limit must be an int of 0 or more; got {shorten(limit)}")
        source = cls._resolve_many(strategy)
        return cls._plan(source, ReadOptions(descending, limit, consistent))

    @classmethod
    def keys_in(cls, values: Iterable[Any]) -> Condition:
        """The condition that an item's key is one of `values`: keys as `get_one` takes them, in any mixture."""
        return keys_condition(values, cls.__declaration__.keys)

    @classmethod
    def _resolve_one(cls, strategy: Any) -> Target:
        target = resolve_one(strategy, cls.__declaration__.keys)
        cls._check_declared(() if target.check is None else paths_of(target.check))
        return target

    @classmethod
    def _resolve_many(cls, strategy: Any) -> Source:
        source = resolve_many(strategy, cls.__declaration__.keys)
        conditions = [target.check for target in source] if isinstance(source, tuple) else [source]
        for condition in conditions:
            cls._check_declared(() if condition is None else paths_of(condition))
        return source

    @classmethod
    def _plan(cls, source: Source, options: ReadOptions) -> Plan:
        return plan_read(cls.table_name(), cls.__declaration__.table.keys, source, options)

    @classmethod
    def _read(cls, plan: Plan, scans: ScanPolicy | None) -> list[Item]:
        if scans is not None:
            check_policy(scans)
        apply_policy(plan.scan, scans or cls.__scans__ or cls._connection().scans, cls.__name__)
        return cls._run(lambda executor: executor.read(plan))

    @classmethod
    def _check_declared(cls, paths: Iterable[Path]) -> None:
        """Refuse a condition or an update of another model, which would be silently without effect, or harm."""
        for path in paths:
            if path.attribute not in cls.__fields__:
                raise ExpressionError(f"{cls.__name__} does not declare {path}: is that of another model?")
