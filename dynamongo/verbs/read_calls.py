"""What the verbs that read several items prepare: a result set of either colour, not begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dynamongo.arguments import check_flag
from dynamongo.planning.strategies import Strategy
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.prepared_read import dicts_of, instances_of
from dynamongo.verbs.read_arguments import ReadArguments, make_read

R = TypeVar("R")


def prepare_get_many(  # noqa: PLR0913 - the arguments of `get_many`
    kind: Callable[..., R],
    model: type[Instance],
    strategy: Strategy,
    arguments: ReadArguments,
    *,
    descending: bool,
    limit: int | None,
) -> R:
    """Return the result set whose items `get_many` returns.

    Args:
        kind: The class of the result set.
        model: The model.
        strategy: As in `Model.get_many`.
        arguments: The same.
        descending: The same.
        limit: The same.
    """
    mapper, table = model.__mapper__, model.table_name()
    read = make_read(mapper, table, "get_many", strategy, arguments, descending=descending, limit=limit)
    return kind(model, read, instances_of(mapper), arguments.get("progress"))


def prepare_find(  # noqa: PLR0913 - the arguments of `find`
    kind: Callable[..., R],
    model: type[Instance],
    strategy: Strategy,
    arguments: ReadArguments,
    *,
    descending: bool,
    limit: int | None,
    cursor: str | None,
    as_dicts: bool,
) -> R:
    """Return the result set that `find` returns, as above."""
    if as_dicts is not False:
        check_flag(model.__name__, "as_dicts", as_dicts)
    mapper, table = model.__mapper__, model.table_name()
    read = make_read(mapper, table, "find", strategy, arguments, descending=descending, limit=limit, cursor=cursor)
    decode = dicts_of(mapper) if as_dicts else instances_of(mapper)
    return kind(model, read, decode, arguments.get("progress"))
