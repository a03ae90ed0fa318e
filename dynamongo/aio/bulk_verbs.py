"""The verbs for many items, awaited."""

from __future__ import annotations

from typing import TypeVar

from dynamongo.aio.model_verbs import AsyncModelVerbs
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)


class AsyncBulkVerbs(AsyncModelVerbs[M]):
    """The verbs that write many items, awaited."""

    __slots__ = ()
