"""`Keyed`: what makes models generic in the type of their keys, as in `class Visit(Model[tuple[str, date]])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import Instance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.planning.strategy_types import OneItem

    class Keyed(Instance, Generic[K]):
        """The base of models that have verbs, generic in the type of their keys."""

        @classmethod
        def __takes__(cls, strategy: OneItem[K, Self], /) -> object: ...

else:  # nothing is generic at run time, and each base of `Model` makes class statements slower
    Keyed = Instance
