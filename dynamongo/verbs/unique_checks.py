"""What `Model.check_unique` prepares: the read of the table, and the check of each page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from dynamongo._support.dataclasses import replace
from dynamongo.arguments import check_flag
from dynamongo.connection.connection import connection_of
from dynamongo.exceptions import ExpressionError
from dynamongo.executor import Sender, Steps
from dynamongo.executor.unique_check import Finding, UniqueCheck
from dynamongo.expressions.values import Item
from dynamongo.verbs.calls import VerbCall
from dynamongo.verbs.destinations import Destination, WriteOptions
from dynamongo.verbs.instance import Instance
from dynamongo.verbs.item_forms import as_stored
from dynamongo.verbs.progress import ProgressOption
from dynamongo.verbs.read_arguments import AnyReadArguments, make_read
from dynamongo.verbs.results import CheckedPage, Page, UniqueProblem

R = TypeVar("R")


class CheckCall(VerbCall[CheckedPage]):
    """Check one page of a table.

    Args:
        place: Where the table is.
        check: The check of the table.
        options: How much it may consume.
        page: The page.

    Attributes:
        backend: Where to execute the call.
    """

    def __init__(self, place: Destination[Any], check: UniqueCheck, options: WriteOptions, page: Page[Item]) -> None:
        super().__init__(place.mapper, place.table, steps=self._check)
        self.backend = place.backend
        self._checked = check
        self._options = options
        self._page = page

    def _check(self, sender: Sender) -> Steps[list[Finding]]:
        limit = self._options.limit
        return self._checked.check(self._page.items, sender if limit is None else limit.apply_to(sender))

    def finish(self, result: list[Finding]) -> CheckedPage:
        """Return what was found, in the words of the model."""
        return CheckedPage(list(map(_describe, result)), self._page.cursor, self._page.scanned_count)


def prepare_check(  # noqa: PLR0913 - the arguments of `check_unique`
    result_set: Callable[..., R],
    model: type[Instance],
    *,
    repair: bool,
    cursor: str | None,
    page_size: int | None,
    max_units_per_second: float | None,
    progress: ProgressOption,
) -> tuple[R, Callable[[Page[Item]], CheckCall]]:
    """Return the result set that reads the table, guards included, and what makes the call that checks a page.

    Args:
        result_set: The class of the result set.
        model: The model.
        repair: As in `Model.check_unique`.
        cursor: The same.
        page_size: The same.
        max_units_per_second: The same.
        progress: The same.

    Raises:
        ExpressionError: The model declares no unique values, or an argument is invalid.
    """
    mapper, table = model.__mapper__, model.table_name()
    if mapper.unique is None:
        raise ExpressionError(f"{mapper.name} declares nothing unique besides its key: set __unique__")
    check = UniqueCheck(mapper, table, repair=check_flag(mapper.name, "repair", repair))
    options: dict[str, Any] = {"page_size": page_size, "max_units_per_second": max_units_per_second, "scans": "allow"}
    arguments = cast("AnyReadArguments", {**options, "consistent": True, "progress": progress})
    read = make_read(mapper, table, "find", None, arguments, descending=False, limit=None, cursor=cursor)
    whole = replace(read, kinds=None, guard_exclusion=None, key_templates=None)
    connection = connection_of(model)
    place: Destination[Any] = Destination(mapper, table, connection, connection.backend)
    writes = WriteOptions(max_units_per_second=max_units_per_second)

    def make_call(page: Page[Item]) -> CheckCall:
        return CheckCall(place, check, writes, page)

    return result_set(model, whole, as_stored, progress, place.backend), make_call


def _describe(finding: Finding) -> UniqueProblem:
    about, other = finding.about, finding.other
    unique, claim = about.unique, about.claim
    return UniqueProblem(
        "orphaned" if about.is_guard else "missing" if other is None else "duplicate",
        claim.constraint.names,
        unique.decode_values(claim),
        unique.decode_key(about.owner),
        None if other is None else unique.decode_key(other),
        finding.is_repaired,
    )
