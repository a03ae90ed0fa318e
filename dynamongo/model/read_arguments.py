"""The arguments of the verbs that read several items, and the read that they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from dynamongo.arguments import check_count, check_flag, check_units
from dynamongo.fields.indexes import Index
from dynamongo.mapping.mapper import Mapper
from dynamongo.model.progress import ProgressOption
from dynamongo.planning.read import Read
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import resolve_many


class ReadArguments(TypedDict, total=False):
    """The keyword arguments of every read of several items.

    Attributes:
        index: The index to read, such as `User.by_name` or `"by_name"`, whatever the planner would choose. Items that
            are not in it are not found, and what it does not hold of an item is not loaded.
        consistent: Whether to see every write that was acknowledged before, at twice the read units.
        projection: The fields, and paths inside them, that are read; touching another one raises
            `AttributeNotLoaded`. It costs no less: DynamoDB bills whole items.
        page_size: How many items a request reads at most.
        scans: What to do about a full scan; the model's `__scans__` or the connection's policy by default.
        segments: Into how many segments a full scan is divided, which are read at the same time.
        max_pages: After how many pages the read stops.
        max_read_units: After how many read units the read stops: after the page that reaches them.
        progress: A callback that is given a `Progress` after each page, whose `done` is the number of items read, those
            that a filter left out included; or `True` for a bar.
    """

    index: Index | str | None
    consistent: bool
    projection: Iterable[Any] | None
    page_size: int | None
    scans: ScanPolicy | None
    segments: int | None
    max_pages: int | None
    max_read_units: float | None
    progress: ProgressOption


def make_read(  # noqa: PLR0913 - those of the verbs, and what differs between them
    mapper: Mapper[Any],
    table: str,
    strategy: Any,
    arguments: ReadArguments,
    *,
    descending: bool,
    limit: int | None,
    is_sorted: bool = True,
    cursor: str | None = None,
) -> Read:
    """Return the read that the arguments of a verb ask for, each of which is checked here."""
    name, required = mapper.name, mapper.declaration.required
    check_flag(name, "descending", descending)
    check_count(name, "limit", limit, least=0)
    source, schema = resolve_many(strategy, mapper), mapper.schema(table)
    if not arguments:
        return Read(schema, source, descending, limit, is_sorted=is_sorted, required=required, cursor=cursor)
    if (scans := arguments.get("scans")) is not None:
        check_policy(scans)
    return Read(
        schema,
        source,
        descending,
        limit,
        consistent=check_flag(name, "consistent", arguments.get("consistent", False)),
        index=mapper.index_name(arguments.get("index")),
        projection=mapper.projection(arguments.get("projection")),
        page_size=check_count(name, "page_size", arguments.get("page_size"), least=1),
        segments=check_count(name, "segments", arguments.get("segments"), least=1),
        is_sorted=is_sorted,
        required=required,
        scans=scans,
        cursor=cursor,
        max_pages=check_count(name, "max_pages", arguments.get("max_pages"), least=1),
        max_read_units=check_units(name, "max_read_units", arguments.get("max_read_units")),
    )
