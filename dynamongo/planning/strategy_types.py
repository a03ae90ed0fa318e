"""The types of strategies: what type checkers let a caller pass to say which items are meant.

A model says of which type its keys are: `class Visit(Model[tuple[str, date]])`. One that does not takes `AnyKey`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from dynamongo._support.type_variables import TypeVar

if TYPE_CHECKING:
    import datetime as dt
    import enum
    import ipaddress
    import uuid
    from collections.abc import Mapping
    from decimal import Decimal
    from typing import Protocol

    from dynamongo._support.several import Several
    from dynamongo.expressions.conditions import BaseCondition

    KeyPart: TypeAlias = (
        str
        | bytes
        | bytearray
        | int
        | float
        | Decimal
        | dt.date
        | dt.timedelta
        | uuid.UUID
        | enum.Enum
        | ipaddress.IPv4Address
        | ipaddress.IPv6Address
    )
    """What the library's own fields take for a part of a key."""

    AnyKey: TypeAlias = KeyPart | tuple[KeyPart, ...]
    """The key of a model that does not say of which type it is; custom classes are not among them."""

# It is covariant, so that `type[Model]` is the type of any model, although verbs take keys as arguments: that a model
# whose keys are text gets another one from there is for the run time to find.
K = TypeVar("K", default="AnyKey", covariant=True)
"""The type of a key: that of the hash key, or a tuple of those of both, or of the members of a key with a template."""

if TYPE_CHECKING:
    _Key = TypeVar("_Key")
    _M = TypeVar("_M")
    M_contra = TypeVar("M_contra", contravariant=True)
    S_contra = TypeVar("S_contra", contravariant=True)

    class ItemOf(Protocol[M_contra]):
        """An instance of the model, or of a base of it, which may have read the key from an index."""

        def __is_item_of__(self, model: type[M_contra], /) -> object:
            """Do nothing: there is no such method, only its type."""

    OneItem: TypeAlias = _Key | Mapping[str, Any] | _M | ItemOf[_M] | BaseCondition
    """A strategy for one item: its key, a dict or an instance that contains it, or a condition that fixes it."""

    Items: TypeAlias = OneItem[_Key, _M] | Several[OneItem[_Key, _M]] | None
    """A strategy for several items: a list of those for one item, a condition, or `None` for every item."""

    class TakesStrategy(Protocol[S_contra]):
        """A model, as what takes a strategy for one item."""

        def __takes__(self, strategy: S_contra, /) -> object:
            """Do nothing, as above."""
