"""From a plan to results: page by page, chunk by chunk, with retries, and without any I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import make_getattr
from dynamongo.executor.effects import Attempt, Effect, Pause, Steps, Until, Wait
from dynamongo.executor.retries import RetryBudget, RetryPolicy
from dynamongo.executor.sender import Sender

if TYPE_CHECKING:
    from dynamongo.executor.grouping import Group, Grouper, Write
    from dynamongo.executor.read_pages import START, ReadPage, ReadPosition, items_of, position_after
    from dynamongo.executor.reads import PageLoop, accept_item, sort_items
    from dynamongo.executor.writes import ITEM_ERRORS, GroupResult, Outcome, Outcomes, not_sent
else:  # single reads and writes need none of these
    __getattr__ = make_getattr(
        __name__,
        {
            "dynamongo.executor.grouping": ("Group", "Grouper", "Write"),
            "dynamongo.executor.read_pages": ("START", "ReadPage", "ReadPosition", "items_of", "position_after"),
            "dynamongo.executor.reads": ("PageLoop", "accept_item", "sort_items"),
            "dynamongo.executor.writes": ("ITEM_ERRORS", "GroupResult", "Outcome", "Outcomes", "not_sent"),
        },
    )

__all__ = [
    "ITEM_ERRORS",
    "START",
    "Attempt",
    "Effect",
    "Group",
    "GroupResult",
    "Grouper",
    "Outcome",
    "Outcomes",
    "PageLoop",
    "Pause",
    "ReadPage",
    "ReadPosition",
    "RetryBudget",
    "RetryPolicy",
    "Sender",
    "Steps",
    "Until",
    "Wait",
    "Write",
    "accept_item",
    "items_of",
    "not_sent",
    "position_after",
    "sort_items",
]
