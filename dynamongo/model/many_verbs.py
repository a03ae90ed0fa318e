"""The verbs that write many items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.updates import Updates
from dynamongo.model.verb_binding import BulkVerb
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import KeyedInstance

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.model import batch as batches
    from dynamongo.model import bulk_verbs
    from dynamongo.model.bulk_verbs import DeleteMany, SaveMany, UpdateMany
    from dynamongo.planning.strategy_types import OneItem
    from dynamongo.verbs.progress import ProgressOption
    from dynamongo.verbs.results import WriteOutcome
else:  # many programs never write several items in one call
    batches = LazyModule("dynamongo.model.batch")
    bulk_verbs = LazyModule("dynamongo.model.bulk_verbs")


class ManyVerbs(KeyedInstance[K]):
    """The verbs of a model that write many items. `Model` describes how a model is declared."""

    __abstract__ = True

    # Of these, `BulkVerb` puts the model in the place of `Any`.

    @BulkVerb
    def save_many(cls: Any) -> SaveMany[Any]:
        """Store several items, and return the outcome of each; `save_many.explain` says how.

        `SaveMany` describes arguments and costs.
        """
        return bulk_verbs.SaveMany(cls)

    @BulkVerb
    def delete_many(cls: Any) -> DeleteMany[Any, K]:
        """Delete the items of a list or a condition; `delete_many.explain` says how they are found and deleted.

        `DeleteMany` describes arguments and costs.
        """
        return bulk_verbs.DeleteMany(cls)

    @BulkVerb
    def update_many(cls: Any) -> UpdateMany[Any, K]:
        """Change some attributes of the items of a list or a condition; `update_many.explain` says how.

        `UpdateMany` describes arguments and costs.
        """
        return bulk_verbs.UpdateMany(cls)

    @classmethod
    def save_iter(
        cls,
        items: Iterable[Self | Mapping[str, Any]],
        overwrite: bool | Condition = True,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[Self]]:
        """Store items as they come from the iterable, and yield the outcome of each, in bounded memory.

        Nothing is sent before the outcomes are iterated over. There is one for each item, as soon as it is known;
        `index` tells which item it belongs to. An invalid item gets its `ValidationError`. An error that concerns more
        than one item, such as a missing table, stops the stream: the remaining items are not sent, and their outcomes
        say so.

        Args:
            items: Instances, or dicts of their values.
            overwrite: As in `save_one`.
            max_workers: How many requests run at the same time; by default 10, and 1 in memory.
            max_units_per_second: How many write units to consume per second at most, on average; see `save_many`.
            progress: A callback that is called with a `Progress`, or `True` for a bar.
        """
        return cls.save_many.stream(
            items,
            overwrite,
            max_workers=max_workers,
            max_units_per_second=max_units_per_second,
            progress=progress,
        )

    @classmethod
    def delete_iter(
        cls,
        strategies: Iterable[OneItem[K, Self]],
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[Self]]:
        """Delete one item for each strategy that the iterable yields; outcomes as in `save_iter`."""
        return cls.delete_many.stream(
            strategies, max_workers=max_workers, max_units_per_second=max_units_per_second, progress=progress
        )

    @classmethod
    def update_iter(
        cls,
        strategies: Iterable[OneItem[K, Self]],
        updates: Updates,
        *,
        max_workers: int | None = None,
        max_units_per_second: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[WriteOutcome[Self]]:
        """Update one item for each strategy that the iterable yields; outcomes as in `save_iter`.

        An outcome has the item as it is now, or with its key alone if it was not updated.
        """
        return cls.update_many.stream(
            strategies,
            updates,
            max_workers=max_workers,
            max_units_per_second=max_units_per_second,
            progress=progress,
        )

    @classmethod
    def batch(cls, *, max_units_per_second: float | None = None) -> batches.Batch[Self, K]:
        """Collect puts and deletes in a `with` block, and send them whenever they fill a request; see `Batch`.

        Args:
            max_units_per_second: How many write units to consume per second at most, on average; see `save_many`.
        """
        return batches.Batch(cls, max_units_per_second)
