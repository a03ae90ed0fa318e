"""The types of strategies: what type checkers let a caller pass to say which items are meant.

A model says of which type its keys are: `class Visit(Model[tuple[str, date]])`. One that does not takes `AnyKey`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.generics import TypeVar

if TYPE_CHECKING:
    import datetime as dt
    import enum
    import ipaddress
    import uuid
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from typing import Protocol

    from dynamongo.expressions.conditions import Condition

    KeyValue: TypeAlias = (
        str
        | int
        | dt.date
        | uuid.UUID
        | enum.Enum
        | float
        | Decimal
        | dt.timedelta
        | bytes
        | bytearray
        | ipaddress.IPv4Address
        | ipaddress.IPv6Address
    )
    """What the library's own fields take for a part of a key; most wanted first, since messages show only some."""

    AnyKey: TypeAlias = KeyValue | tuple[KeyValue, ...]
    """The key of a model that does not say of which type it is; custom classes are not among them."""

# It is covariant, so that `type[Model]` is the type of any model, although verbs take keys as arguments: that a model
# whose keys are text gets another one from there is for the run time to find.
K = TypeVar("K", default="AnyKey", covariant=True)
"""The type of a key: that of the hash key, or a tuple of those of both, or of the members of a key with a template."""

K_contra = TypeVar("K_contra", default="AnyKey", contravariant=True)
"""The same, of what takes keys and is no model."""

if TYPE_CHECKING:
    _Key = TypeVar("_Key")
    _M = TypeVar("_M")
    StrategyOfModel = TypeVar("StrategyOfModel")
    Strategy_contra = TypeVar("Strategy_contra", contravariant=True)

    OneItem: TypeAlias = _Key | Mapping[str, Any] | _M | Condition
    """A strategy for one item: its key, a dict or an instance that contains it, or a condition that fixes it."""

    Items: TypeAlias = OneItem[_Key, _M] | Iterable[OneItem[_Key, _M]]
    """A strategy for several items: strategies for one item each, any condition, or one key."""

    class TakesStrategy(Protocol[Strategy_contra]):
        """A model, as far as it takes strategies for one item.

        A call that is given a model and a strategy tells from it whether they suit each other, which `type[Model[K]]`
        and `K` would not: they always agree on what both have in common.
        """

        def __takes__(self, strategy: Strategy_contra, /) -> object:
            """Do nothing: there is no such method, only its type."""
