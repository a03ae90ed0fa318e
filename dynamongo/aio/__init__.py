"""The verbs of models, awaited: `await User.aio.get_one(...)`, `async for user in User.aio.find(...)`.

A verb prepares the same call in both colours (`verbs`); `model` executes it blocking, and this package awaits it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import make_getattr

if TYPE_CHECKING:
    from dynamongo.aio.facet import AsyncFacet
    from dynamongo.aio.instance_verbs import AsyncInstanceVerbs
    from dynamongo.aio.result_set import AsyncResultSet
    from dynamongo.aio.verbs import AsyncVerbs
else:  # programs that block need none of these
    __getattr__ = make_getattr(
        __name__,
        {
            "dynamongo.aio.facet": ("AsyncFacet",),
            "dynamongo.aio.instance_verbs": ("AsyncInstanceVerbs",),
            "dynamongo.aio.result_set": ("AsyncResultSet",),
            "dynamongo.aio.verbs": ("AsyncVerbs",),
        },
    )

__all__ = ["AsyncFacet", "AsyncInstanceVerbs", "AsyncResultSet", "AsyncVerbs"]
