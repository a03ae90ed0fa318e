"""What the verbs that read several items prepare: a result set of either colour, not begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dynamongo.arguments import check_flag
from dynamongo.exceptions import ExpressionError
from dynamongo.planning.strategies import Strategy
from dynamongo.verbs import item_forms
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.item_forms import Dicts, Instances
from dynamongo.verbs.read_arguments import AnyReadArguments, make_read

R = TypeVar("R")


def prepare_get_many(  # noqa: PLR0913 - the arguments of `get_many`
    result_set: Callable[..., R],
    model: type[Instance],
    strategy: Strategy,
    arguments: AnyReadArguments,
    *,
    descending: bool,
    limit: int | None,
) -> R:
    """Return the result set whose items `get_many` returns.

    Args:
        result_set: The class of the result set.
        model: The model.
        strategy: As in `Model.get_many`.
        arguments: The same.
        descending: The same.
        limit: The same.
    """
    mapper, table = model.__mapper__, model.table_name()
    read = make_read(mapper, table, "get_many", strategy, arguments, descending=descending, limit=limit)
    return result_set(model, read, Instances(mapper, read.on_invalid), arguments.get("progress"))


def prepare_find(  # noqa: PLR0913 - the arguments of `find`
    result_set: Callable[..., R],
    model: type[Instance],
    strategy: Strategy,
    arguments: AnyReadArguments,
    *,
    descending: bool,
    limit: int | None,
    cursor: str | None,
    as_dicts: bool,
    as_items: bool,
) -> R:
    """Return the result set that `find` returns, as above."""
    if as_dicts is not False or as_items is not False:
        _check_form(model.__name__, as_dicts, as_items)
    mapper, table = model.__mapper__, model.table_name()
    read = make_read(mapper, table, "find", strategy, arguments, descending=descending, limit=limit, cursor=cursor)
    decode = item_forms.as_items if as_items else (Dicts if as_dicts else Instances)(mapper, read.on_invalid)
    return result_set(model, read, decode, arguments.get("progress"))


def _check_form(name: str, as_dicts: object, as_items: object) -> None:
    is_dict, is_item = check_flag(name, "as_dicts", as_dicts), check_flag(name, "as_items", as_items)
    if is_dict and is_item:
        raise ExpressionError(f"{name}: as_dicts=True and as_items=True exclude each other: leave out one of them")
