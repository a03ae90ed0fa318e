"""A read as one value: what the verbs make of their arguments, the planner plans and a result set carries out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from dynamongo._support.dataclasses import dataclass, field, replace
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import UnreadableItem
from dynamongo.expressions.conditions import AnyCondition, Path, all_of, conjuncts
from dynamongo.expressions.operands import paths_of
from dynamongo.planning.scan_policy import ScanPolicy
from dynamongo.planning.strategies import ResolvedStrategy
from dynamongo.schema import KeySchema, TableSchema

if TYPE_CHECKING:  # most models have none
    from dynamongo.mapping.keys.composed import ComposedKey, ComposedKeys
    from dynamongo.mapping.kinds.kinds import Kinds
    from dynamongo.planning import members
    from dynamongo.planning.members import Served
else:
    members = LazyModule("dynamongo.planning.members")

OnInvalid: TypeAlias = Literal["raise", "skip"] | Callable[[UnreadableItem], object]
"""What to do about a stored item that does not suit its model, if all that is returned is to suit it."""

AnyOnInvalid: TypeAlias = OnInvalid | Literal["keep"]
"""The same; `"keep"` returns the error in the place of the item."""


@dataclass(frozen=True, slots=True)
class Read:
    """Which items are read, and how.

    Attributes:
        table: The table, under its full name.
        source: Which items.
        descending: Whether to reverse the order.
        limit: How many items to return at most.
        consistent: Whether to see every write that was acknowledged before.
        index: The name of the index to read, even where the planner would choose another.
        projection: The paths that are wanted; whole items where it is empty.
        page_size: How many items a request reads at most.
        segments: Into how many segments a scan is divided, which are read at the same time.
        is_sorted: Whether items that the store gives no order are sorted by their key.
        required: Attributes that every item has.
        scans: The scan policy of the call, if it has one.
        cursor: Where to begin.
        max_pages: After how many pages to stop.
        max_read_units: After how many read units to stop.
        max_units_per_second: How many read units to consume per second at most.
        on_invalid: What to do about items that do not suit the model.
        names: The names of fields by those of their attributes, where these differ.
        kinds: The kinds of the items that are read, if the table has others.
        guard_exclusion: What leaves out guards of unique constraints, if the table has some.
        key_templates: The keys that are composed of other fields, if the model has any.
        served: What the keys of an access path serve, in a read that `serve` returned.
    """

    table: TableSchema
    source: ResolvedStrategy = None
    descending: bool = False
    limit: int | None = None
    consistent: bool = False
    index: str | None = None
    projection: tuple[Path, ...] = ()
    page_size: int | None = None
    segments: int | None = None
    is_sorted: bool = True
    required: frozenset[str] = frozenset()
    scans: ScanPolicy | None = None
    cursor: str | None = None
    max_pages: int | None = None
    max_read_units: float | None = None
    on_invalid: AnyOnInvalid = field(default="raise", compare=False)
    names: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    kinds: Kinds | None = field(default=None, compare=False)
    max_units_per_second: float | None = None
    guard_exclusion: AnyCondition | None = field(default=None, compare=False)
    key_templates: ComposedKeys | None = field(default=None, compare=False)
    served: Served | None = field(default=None, compare=False)

    def serve(self, keys: KeySchema) -> Read:
        """Return the read with conditions on these keys, where it has some on fields that they are composed of."""
        if self.key_templates is None or isinstance(self.source, tuple):
            return self
        served = members.serve(self.key_templates, keys, self.parts)
        return replace(self, source=all_of(served.parts), served=served)

    @property
    def parts(self) -> tuple[AnyCondition, ...]:
        """The conjuncts of its condition, of which one says the kind."""
        if isinstance(self.source, tuple):
            return ()
        if self.served is not None:
            return self.served.parts
        parts, kind = conjuncts(self.source), self.kind
        return parts if kind is None or kind in parts else (*parts, kind)

    @property
    def kind(self) -> AnyCondition | None:
        """The condition on the kind of the items."""
        return None if self.kinds is None else self.kinds.condition

    def template_of(self, attribute: str) -> ComposedKey | None:
        """Return how a key attribute is composed of other fields, if it is."""
        return None if self.key_templates is None else self.key_templates.by_attribute.get(attribute)

    def find_gaps(self, key: ComposedKey, left: Collection[str]) -> tuple[str, ...]:
        """Return why the key condition says nothing of some members of a key; see `members.find_gaps`."""
        return members.find_gaps(key, self.stated, left)

    @property
    def given_parts(self) -> tuple[AnyCondition, ...]:
        """The conjuncts as the caller gave them."""
        return self.parts if self.served is None else self.served.given

    @property
    def unstored(self) -> frozenset[str]:
        """The fields that no item has an attribute for, since its key tells them."""
        return frozenset() if self.key_templates is None else self.key_templates.unstored

    @property
    def is_impossible(self) -> bool:
        """Whether no item satisfies the condition, since no key can be made of a value in it."""
        return self.served is not None and self.served.is_impossible

    @property
    def stated(self) -> tuple[AnyCondition, ...]:
        """The conjuncts of the caller in whose place there are others on keys."""
        return () if self.served is None else self.served.stated

    @property
    def named(self) -> frozenset[str]:
        """The attributes that its condition names."""
        named = frozenset(path.attribute for part in self.parts for path in paths_of(part))
        return named if self.key_templates is None else named - self.key_templates.never_stored

    @property
    def attributes(self) -> frozenset[str] | None:
        """The attributes that are wanted, or `None` for all."""
        return frozenset(path.attribute for path in self.projection) or None

    def path_of(self, attribute: str) -> Path:
        """Return the path of an attribute, which knows the name of its field."""
        return Path(attribute).made_by(None, self.names.get(attribute, attribute))

    def quote(self, attributes: Iterable[str]) -> str:
        """Return the names of the fields of these attributes, one or more, for messages."""
        names = [self.names.get(name, name) for name in attributes] if self.names else attributes
        return f"`{'`, `'.join(names)}`"

    def request_limit(self, *, within_limit: bool) -> int | None:
        """Return how many items a request reads at most: the page size, and within the limit no more than that."""
        limit, size = self.limit if within_limit else None, self.page_size
        return size if limit is None else limit if size is None else min(limit, size)
