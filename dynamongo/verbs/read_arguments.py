"""The arguments of the verbs that read several items, and the read that they describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, cast

from dynamongo.arguments import check_capacity_units, check_count, check_flag, check_names, refuse_coroutine_function
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.values import shorten
from dynamongo.fields.indexes import Index
from dynamongo.mapping.mapper import Mapper
from dynamongo.planning.read import AnyOnInvalid, OnInvalid, Read
from dynamongo.planning.scan_policy import ScanPolicy, check_policy
from dynamongo.planning.strategies import Strategy, resolve_many
from dynamongo.verbs.progress import ProgressOption

if TYPE_CHECKING:
    from dynamongo._support.several import Several

# Of two different fields in a list that is a variable, mypy knows nothing more than that they are objects.
Projection: TypeAlias = "Several[Any]"
"""The fields to read, or their names, and paths inside them."""

ReadVerb: TypeAlias = Literal["get_many", "find", "explain"]


class _ReadOptions(TypedDict, total=False):
    """The keyword arguments of every read of several items, but for `on_invalid`.

    Attributes:
        index: The index to read, such as `User.by_name` or `"by_name"`, instead of the one that the planner would
            choose. Items that are not in it are not found, and attributes that it does not hold are not loaded.
        consistent: Whether to see every write that was acknowledged before, at twice the read units.
        projection: The fields, and paths inside them, to read; touching another one raises `AttributeNotLoaded`. It
            costs no less: DynamoDB bills whole items.
        page_size: How many items one request reads at most.
        scans: What to do about a full scan; by default, the model's `__scans__` or the connection's policy.
        segments: Into how many segments to divide a full scan; they are read in parallel.
        max_pages: After how many pages to stop.
        max_read_units: After how many read units to stop: after the page that reaches them.
        max_units_per_second: How many read units to consume per second at most, on average, so that the read leaves
            the rest to others. A request is not cut: it waits until those before it are paid for. Writes of what was
            read, by `delete` or `update`, consume no more write units per second either.
        progress: A callback that is called with a `Progress` after each page, whose `done` counts the items read,
            including those that a filter left out; or `True` for a bar.
    """

    index: Index | str | None
    consistent: bool
    projection: Projection | None
    page_size: int | None
    scans: ScanPolicy | None
    segments: int | None
    max_pages: int | None
    max_read_units: float | None
    max_units_per_second: float | None
    progress: ProgressOption


class ReadArguments(_ReadOptions, total=False):
    """The keyword arguments of every read of several items.

    Attributes:
        on_invalid: What to do about a stored item that does not suit the model. `"raise"`, the default, raises
            `UnreadableItem`; `"skip"` leaves the item out; `"keep"` returns the error in the place of the instance; a
            callback is called with the error, and the item is left out. `limit` counts the items that are returned,
            `count` all that the store finds.
    """

    on_invalid: OnInvalid


class KeepingArguments(_ReadOptions):
    """The same, with errors in the place of items that do not suit the model."""

    on_invalid: Literal["keep"]


class AnyReadArguments(_ReadOptions, total=False):
    """Either of them."""

    on_invalid: AnyOnInvalid


_NAMES: Final = ("strategy", "descending", "limit", *ReadArguments.__annotations__)
_FIND_NAMES: Final = (*_NAMES, "cursor", "as_dicts", "as_items")
_NO_OPTIONS: Final[dict[str, Any]] = {}


def make_read(  # noqa: PLR0913 - the arguments of the verbs, and where they are applied
    mapper: Mapper[Any],
    table: str,
    verb: ReadVerb,
    strategy: Strategy,
    arguments: AnyReadArguments,
    *,
    descending: bool,
    limit: int | None,
    cursor: str | None = None,
) -> Read:
    """Check the arguments of a verb, and return the read that they describe.

    Raises:
        ExpressionError: An argument has a wrong type or value, or segments are combined with a cursor or a budget.
        TypeError: There is no such argument.
    """
    # `find` is lazy: to sort what it returns, it would have to read everything first.
    is_sorted = verb != "find"
    if arguments:
        check_names(verb, arguments, _NAMES if is_sorted else _FIND_NAMES)
    if descending is not False:
        check_flag(mapper.name, "descending", descending)
    if limit is not None:
        check_count(mapper.name, "limit", limit, least=0)
    source = resolve_many(strategy, mapper)
    options = _check_arguments(mapper, arguments) if arguments else _NO_OPTIONS
    read = Read(
        mapper.schema(table),
        source,
        descending,
        limit,
        is_sorted=is_sorted,
        required=mapper.declaration.required,
        cursor=cursor,
        names=mapper.renamed,
        kinds=mapper.kinds,
        guard_exclusion=mapper.guard_exclusion,
        key_templates=mapper.read_key_templates,
        **options,
    )
    if arguments and not is_sorted:
        _check_segments(mapper.name, read)
    return read


def _check_arguments(mapper: Mapper[Any], arguments: AnyReadArguments) -> dict[str, Any]:
    """Check the keyword arguments, and return those of the read."""
    name = mapper.name
    if (scans := arguments.get("scans")) is not None:
        check_policy(scans)
    return {
        "on_invalid": check_on_invalid(name, arguments.get("on_invalid", "raise")),
        "consistent": check_flag(name, "consistent", arguments.get("consistent", False)),
        "index": mapper.resolve_index(arguments.get("index")),
        "projection": mapper.resolve_projection(arguments.get("projection")),
        "page_size": check_count(name, "page_size", arguments.get("page_size"), least=1),
        "segments": check_count(name, "segments", arguments.get("segments"), least=1),
        "scans": scans,
        "max_pages": check_count(name, "max_pages", arguments.get("max_pages"), least=1),
        "max_read_units": check_capacity_units(name, "max_read_units", arguments.get("max_read_units")),
        "max_units_per_second": check_capacity_units(
            name, "max_units_per_second", arguments.get("max_units_per_second")
        ),
    }


def check_on_invalid(name: str, given: Any) -> AnyOnInvalid:
    """Return the argument `on_invalid`, or raise `ExpressionError`."""
    if given not in ("raise", "skip", "keep") and not callable(given):
        raise ExpressionError(
            f"{name}: on_invalid must be 'raise', 'skip', 'keep' or a callback, which takes the error;"
            f" got {shorten(given)}"
        )
    if callable(given):
        refuse_coroutine_function(name, "the callback on_invalid", given)
    return cast("AnyOnInvalid", given)


def _check_segments(name: str, read: Read) -> None:
    """Refuse what needs one position in the read, where there is one in each segment."""
    if read.segments and (read.cursor or read.max_pages or read.max_read_units):
        raise ExpressionError(
            f"{name}: segments are read in parallel, so the read cannot stop or continue at one place:"
            " leave out cursor, max_pages and max_read_units"
        )
