"""Access paths: the table and its indexes, which of them serve a condition, and which serves it best.

An access path serves a read if

1. its condition says, ANDed at the top, that every hash attribute of the path equals one of a few values;
2. every item that satisfies the condition is in it: an item that lacks a key of an index is not in the index;
3. it holds every attribute that the condition names or the caller wants: DynamoDB fetches what a local index does not
   hold from the table, at the cost of another read for each item, but not what a global index does not hold;
4. it can be read as consistently as the caller wants: a global index cannot be read consistently.

The best of those that serve is found by these criteria, in this order:

1. more key attributes that are compared by `=`; then another condition on the next range attribute; then only the text
   that all keys of the model begin with there (see `members`); then none;
2. fewer queries;
3. no items to fetch;
4. the table, then local indexes, then global ones;
5. the order of declaration.

Source: "General guidelines for secondary indexes" in the DynamoDB developer guide.
"""

from __future__ import annotations

import itertools
from typing import Final, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.conditions import AnyCondition
from dynamongo.expressions.operands import is_equality
from dynamongo.expressions.values import ScalarType
from dynamongo.operations import KeyPart
from dynamongo.planning.conjuncts import Choice, demands, find_choice
from dynamongo.planning.contradictions import find_subject
from dynamongo.planning.hash_keys import HashKeys, find_hash_keys
from dynamongo.planning.plan import Rejected
from dynamongo.planning.ranges import fold_ranges
from dynamongo.planning.read import Read
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema

_LOCAL: Final = 1
_GLOBAL: Final = 2
_NOT_WHOLE: Final = "it does not hold whole items: name what is needed with projection=, or force it with index="


@dataclass(frozen=True, slots=True)
class AccessPath:
    """A way to the items: the table, or an index.

    Attributes:
        table: The table.
        index: The index, or `None` for the table itself.
        position: Its position among the indexes, in the order of declaration.
    """

    table: TableSchema
    index: IndexSchema | None = None
    position: int = 0

    @property
    def name(self) -> str:
        """The table's name or the index's."""
        return self.table.name if self.index is None else self.index.name

    @property
    def keys(self) -> KeySchema:
        """The keys of the table or the index."""
        return self.table.keys if self.index is None else self.index.keys

    @property
    def index_name(self) -> str | None:
        """The index's name, or `None` for the table."""
        return None if self.index is None else self.index.name

    @property
    def cursor_names(self) -> tuple[str, ...]:
        """The attributes that tell the position of an item in it: the keys of the index, and those of the table."""
        names = self.table.keys.names
        # The keys of an index are not unique, so the key of the table has to tell its items apart; one that both have
        # is named once. Source: "LastEvaluatedKey" in Query, API reference.
        return names if self.index is None else tuple(dict.fromkeys((*self.index.keys.names, *names)))

    @property
    def held(self) -> frozenset[str] | None:
        """The attributes that it holds, or `None` for all."""
        if self.index is None or self.index.projection.kind == "all":
            return None
        return frozenset((*self.table.keys.names, *self.keys.names, *self.index.projection.attributes))

    @property
    def kind(self) -> int:
        """0 for the table, 1 for a local index, 2 for a global one."""
        return 0 if self.index is None else _GLOBAL if self.index.is_global else _LOCAL

    @property
    def is_local(self) -> bool:
        """Whether it is a local index, for which DynamoDB fetches what it does not hold."""
        return self.kind == _LOCAL

    def find_unheld(self, attributes: frozenset[str] | None) -> tuple[str, ...]:
        """Return which of the attributes it does not hold; `"…"` stands for those whose names nobody knows."""
        if self.held is None:
            return ()
        return ("…",) if attributes is None else tuple(sorted(attributes - self.held))

    def fetches(self, read: Read) -> bool:
        """Return whether items are also fetched from the table, since a local index does not hold what is wanted."""
        return self.is_local and bool(self.find_unheld(read.attributes) or self.find_unheld(read.named))

    def find_obstacle(self, read: Read, *, is_forced: bool = False) -> str | None:
        """Return why it cannot serve the read, or `None` if it can.

        One that the caller forces may miss the items that are not in it, and hold only a part of each item.
        """
        if self.index is None:
            return None
        if self.index.is_global and read.consistent:
            return "a global index cannot be read consistently"  # source: ConsistentRead in Query, API reference
        # A local index has no such obstacle: it fetches the rest of each item from the table (see `fetches`).
        obstacle = self._explain_unheld(read, is_forced=is_forced) if self.index.is_global else None
        return obstacle if obstacle is not None or is_forced else self._explain_missing(read)

    def _explain_unheld(self, read: Read, *, is_forced: bool) -> str | None:
        """Return what the condition names, or the read wants, and a global index does not hold."""
        if lacking := self.find_unheld(read.named):
            if read.kinds is not None and read.kinds.path.attribute in lacking:
                return f"it does not hold `{read.kinds.path.attribute}`, which tells the kind of an item"
            return f"it does not hold {read.quote(lacking)}, which the condition names"
        if read.attributes is None:
            return _NOT_WHOLE if self.held is not None and not is_forced else None
        lacking = self.find_unheld(read.attributes)
        return f"it does not hold {read.quote(lacking)}" if lacking else None

    def _explain_missing(self, read: Read) -> str | None:
        """Return which items that satisfy the condition may be missing in it."""
        if unsure := self._unsure_keys(read):
            return (
                f"items without {read.quote(unsure)} are not in it: declare the field required=True, force the index"
                " with index=, or add a condition on the field"
            )
        return None

    def _unsure_keys(self, read: Read) -> list[str]:
        """Return its keys that an item which satisfies the condition may lack."""
        # An index holds only the items that have all of its keys. A condition such as `age > 5` also proves that an
        # item has the attribute. Source: "Take advantage of sparse indexes" in the DynamoDB developer guide.
        names = [name for name in self.keys.names if name not in self.table.keys.names]
        return list(dict.fromkeys(itertools.chain.from_iterable(_find_unsure(read, name) for name in names)))

    def find_losses(self, read: Read) -> tuple[str, ...]:
        """Return what a caller who forces it does not get."""
        losses: list[str] = []
        if unsure := self._unsure_keys(read):
            losses.append(f"items without {read.quote(unsure)} are not in {self.name}, and are not found")
        if self.kind == _GLOBAL and self.held is not None and read.attributes is None:
            losses.append(f"{self.name} holds only {read.quote(sorted(self.held))} of each item")
        return tuple(losses)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An access path that serves a read, and how.

    Attributes:
        access: The access path.
        hash_key: The values of the hash attributes, and where they come from.
        range_key: The conditions on the first range attributes.
        rest: The conjuncts that the key does not cover.
        fetches: Whether items are also fetched from the table, since a local index does not hold what is wanted.
        read: The read, with conditions on the keys of the access path.
    """

    access: AccessPath
    hash_key: HashKeys
    range_key: tuple[KeyPart, ...]
    rest: tuple[AnyCondition, ...]
    fetches: bool
    read: Read

    @property
    def rank(self) -> tuple[int, ...]:
        """The lower, the better."""
        return (
            -3 * len(self._fixed) - (0 if not self._bounded else 1 if self._is_implied else 2),
            len(set(self.hash_key.values)),
            self.fetches,
            self.access.kind,
            self.access.position,
        )

    def describe_keys(self, read: Read) -> str:
        """Return which keys it uses, for people."""
        if self._is_implied:
            return (
                f"{read.quote(self._fixed)} and the beginning of {read.quote(self._bounded)} that its template implies"
            )
        if self.access.keys.is_plain:
            partly = "its hash key and a part of its range key" if self._bounded else "its hash key alone"
            return "both of its keys" if len(self._fixed) > 1 else partly
        partly = f" and a part of {read.quote(self._bounded)}" if self._bounded else ""
        return f"{read.quote(self._fixed)}{partly}"

    def find_gaps(self) -> tuple[str, ...]:
        """Return which conditions are not in the key condition, since one on an earlier range attribute is missing."""
        keys, read = self.access.keys, self.read
        subjects = {subject.attribute for part in self.rest if (subject := find_subject(part)) is not None}
        names = keys.names[len(self._fixed) :]
        if names and (key := read.template_of(names[0])) is not None:
            return read.find_gaps(key, subjects)
        if len(keys.range_attributes) < 2 or len(names) < 2:
            return ()
        first, *later = names
        late = [name for name in later if name in subjects]
        reason = f"no condition compares {read.quote([first])} by =="
        return (f"{reason}, so the key condition has none on {read.quote(late)}",) if late else ()

    @property
    def _is_implied(self) -> bool:
        """Whether the condition on the last range attribute comes from its template alone, and not from the caller."""
        served, bounded = self.read.served, self._bounded
        return served is not None and any(
            step.key.attribute in bounded and not step.said and all(source is None for source in step.sources)
            for step in served.steps
        )

    @property
    def _fixed(self) -> tuple[str, ...]:
        """The key attributes that are compared by `=`."""
        keys = self.access.keys
        return keys.names[: len(keys.hash_attributes) + sum(map(is_equality, self.range_key))]

    @property
    def _bounded(self) -> tuple[str, ...]:
        """The range attribute after them that has another condition."""
        fixed = len(self._fixed)
        return self.access.keys.names[fixed : len(self.access.keys.hash_attributes) + len(self.range_key)]


def _find_unsure(read: Read, name: str) -> list[str]:
    """Return the attribute if an item that satisfies the condition may lack it; of a template, such members."""
    if name in read.required or any(demands(part, name) for part in read.given_parts):
        return []
    key = read.template_of(name)
    if key is None or key.is_open:
        return [name]
    return [each for member in key.members for each in _find_unsure(read, member.attribute)]


def access_paths(table: TableSchema) -> list[AccessPath]:
    """Return all ways to the items of a table."""
    return [AccessPath(table), *(AccessPath(table, index, position) for position, index in enumerate(table.indexes))]


def consider(access: AccessPath, read: Read, *, is_forced: bool = False) -> Candidate | Rejected:
    """Return how the access path serves the read, or why it does not."""
    read = read.serve(access.keys)
    parts, keys = read.parts, access.keys
    choices = list(map(find_choice, itertools.repeat(parts), keys.hash_attributes))
    if not any(choices):
        return _reject_uncompared(access, read)
    if obstacle := access.find_obstacle(read, is_forced=is_forced):
        return Rejected(access.name, obstacle, is_near=True)
    if not all(choices):
        missing = [each.name for each, choice in zip(keys.hash_attributes, choices, strict=True) if choice is None]
        missing = [name for each in missing for name in _find_uncompared(read, each)]
        reason = f"no condition compares {read.quote(missing)} of its hash key by =="
        return Rejected(access.name, reason, is_near=True)
    found = find_hash_keys(parts, keys, cast("list[Choice]", choices))
    if found is None:
        return Rejected(access.name, "the values of its hash attributes have too many combinations, one query for each")
    hash_key, rest = found
    folded = fold_ranges(rest, keys.range_attributes)
    if folded is None:  # `find_contradiction` finds all, except values of types that the key cannot have
        return Rejected(access.name, "the conditions on its range key contradict each other")
    return Candidate(access, hash_key, *folded, access.fetches(read), read)


def _reject_uncompared(access: AccessPath, read: Read) -> Rejected:
    """Reject an access path no hash attribute of which is compared by `==`."""
    names = [attribute.name for attribute in access.keys.hash_attributes]
    missing = [each for name in names for each in _find_uncompared(read, name)]
    if missing == names:
        return Rejected(access.name, f"no condition compares its hash key {read.quote(names)} by ==")
    members = [member for name in names if (key := read.template_of(name)) is not None for member in key.members]
    reason = f"no condition compares {read.quote(missing)} by ==, of which its hash key is composed"
    return Rejected(access.name, reason, is_near=len(missing) < len(members))


def _find_uncompared(read: Read, name: str) -> list[str]:
    """Return the key attribute, or in the place of one with a template those members that are not compared by `==`."""
    key = read.template_of(name)
    if key is None:
        return [name]
    attributes = [KeyAttribute(each.attribute, cast("ScalarType", each.field.stored_type)) for each in key.members]
    return [each.name for each in attributes if find_choice(read.given_parts, each) is None]


def choose(read: Read) -> tuple[Candidate | None, tuple[Rejected, ...]]:
    """Return the best access path, if any serves, and the others with the reasons why not."""
    considered = [consider(access, read) for access in access_paths(read.table)]
    candidates = [each for each in considered if isinstance(each, Candidate)]
    best = min(candidates, key=lambda candidate: candidate.rank, default=None)
    rejected: list[Rejected] = []
    for each in considered:
        if isinstance(each, Rejected):
            rejected.append(each)
        elif best is not None and each is not best:
            rejected.append(Rejected(each.access.name, _compare(each, best, read)))
    return best, tuple(rejected)


def _compare(loser: Candidate, best: Candidate, read: Read) -> str:
    """Return why one was not chosen: the first criterion by which the other is better."""
    # The positions are those of `Candidate.rank`; the last one never ties.
    lost, won = loser.rank, best.rank
    if lost[0] != won[0]:
        return f"it would use {loser.describe_keys(read)}; {best.access.name} uses {best.describe_keys(read)}"
    if lost[1] != won[1]:
        return f"it would take {lost[1]} queries; {best.access.name} takes {won[1]}"
    if lost[2] != won[2]:
        return "each item would also be fetched from the table"
    if lost[3] != won[3]:
        return f"it is no better than {best.access.name}: the table comes before local indexes, and these before global"
    return f"it is no better than {best.access.name}, which is declared first"
