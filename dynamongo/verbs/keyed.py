"""`Keyed`: what makes models generic in the type of their keys, as in `class Visit(Model[tuple[str, date]])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from dynamongo.mapping.declaration.key_types import KeyedBase, check_generic
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning.strategy_types import OneItem

    class Keyed(Instance, Generic[K]):
        """The base of models that have verbs, generic in the type of their keys."""

        @classmethod
        def __takes__(cls, strategy: OneItem[K, Self], /) -> object: ...

else:  # nothing is generic at run time, where `Generic` would be one more base of every model

    class Keyed(Instance):
        """The base of models that have verbs: `Model[str]`, as a base of a class, is `Model`."""

        __abstract__ = True
        __slots__ = ()
        __key_type__ = K

        def __class_getitem__(cls, key: Any) -> KeyedBase:
            check_generic(cls)
            return KeyedBase(cls, key)
