"""`AsyncVerbs`: the verbs of a model, awaited. `Model` describes them; here are their names, arguments and results."""

from __future__ import annotations

from typing import TypeVar

from dynamongo.aio.bulk_verbs import AsyncBulkVerbs
from dynamongo.aio.read_verbs import AsyncReadVerbs
from dynamongo.aio.table_verbs import AsyncTableVerbs
from dynamongo.aio.write_verbs import AsyncWriteVerbs
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)


class AsyncVerbs(AsyncReadVerbs[M, K], AsyncWriteVerbs[M, K], AsyncBulkVerbs[M, K], AsyncTableVerbs[M, K]):
    """The verbs of a model, awaited: `User.aio` is made for each use, and holds nothing but the model.

    Arguments, results, errors and warnings are those of the verbs of `Model`, which describe them. `explain` and
    `keys_in` make no request, and have no awaited form.

    A task that is cancelled sends nothing more. The request under way is abandoned, and if it is a write, nobody knows
    whether it was executed: the `CancelledError` has `was_sent`.

    A model that overrides a verb replaces its awaited form as well; see `AsyncFacet`.
    """

    __slots__ = ()
