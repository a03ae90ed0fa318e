"""Unique constraints: which values no two items of a model may have, and the guards that keep them apart.

DynamoDB keeps nothing unique but keys. So each constrained value of an item has a *guard*: another item of the table,
whose key is made of the value, and which names the item that holds it. Both are written in one transaction, on
condition that nobody else has the guard. A guard has the key attributes of the table and one attribute besides::

    {"email": "unique#User#username#jane", "_unique": {"of": {"email": "jane@example.com"}, "values": ["jane"]}}

It lies in the same table, so that backups, exports and restores contain both or neither. An index contains it only if
the keys of the index are those of the table, in another order.

Source: "Simulating Amazon DynamoDB unique constraints using transactions" in the AWS Database Blog.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import UniqueViolation, ValidationError
from dynamongo.expressions.conditions import (
    EQ,
    NE,
    AnyCondition,
    BeginsWith,
    Comparison,
    Not,
    NotExists,
    Or,
    Path,
    all_of,
)
from dynamongo.expressions.updates import AnyUpdate
from dynamongo.expressions.values import AttributeValue, Item, shorten, type_of
from dynamongo.fields.base import Field
from dynamongo.fields.python_values import decode
from dynamongo.mapping.problems.failures import name_key
from dynamongo.schema import KeySchema

PREFIX: Final = "unique#"
"""What the hash keys of guards begin with, and those of other items must not."""

ATTRIBUTE: Final = "_unique"
"""The attribute of a guard besides its key."""

RANGE_KEYS: Final[dict[str, AttributeValue]] = {"S": "unique", "N": 0, "B": b"unique"}
"""The range key of all guards, by the type of the range key of the table."""

_CONSTRAINED: Final = ("S", "N", "B")
_MAX_KEY_BYTES: Final = 2048
"""Source: "Partition keys and sort keys" in the quotas of DynamoDB."""


def make_exclusion(keys: KeySchema) -> AnyCondition:
    """Return the condition that leaves guards out of a read that would meet them."""
    (hash_key,) = keys.hash_attributes
    return Not(BeginsWith(Path(hash_key.name), PREFIX if hash_key.type == "S" else PREFIX.encode()))


@dataclass(frozen=True, slots=True)
class Claim:
    """The values of one item that a constraint keeps unique.

    Attributes:
        constraint: The constraint.
        values: The stored values, one for each of its fields.
        key: The key of their guard.
    """

    constraint: Constraint
    values: tuple[AttributeValue, ...]
    key: Item

    @property
    def is_given_up(self) -> AnyCondition:
        """The condition that an item does not have these values; it holds for a missing item."""
        pairs = zip(self.constraint.paths, self.values, strict=True)
        parts = [Comparison(path, NE, value) for path, value in pairs]
        return parts[0] if len(parts) == 1 else Or(*parts)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint.

    Attributes:
        names: The names of its fields, whose values are unique together.
        paths: Where they are stored.
        prefix: What the keys of its guards begin with.
        keys: The keys of the table.
    """

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    prefix: str
    keys: KeySchema

    def find_claim(self, item: Item) -> Claim | None:
        """Return what the item claims; `None` if it lacks one of the values, and so is not constrained."""
        values = tuple([item.get(path.attribute) for path in self.paths])
        # None for NULL and for a missing value; other types are those of other programs, which no field here stores.
        if not all(type_of(value) in _CONSTRAINED for value in values):
            return None
        return Claim(self, values, self._make_key(values))

    def is_guard(self, item: Item) -> bool:
        """Return whether the item is a guard of this constraint."""
        hash_key: Any = item[self.keys.names[0]]
        text = hash_key.decode() if isinstance(hash_key, bytes) else hash_key
        return ATTRIBUTE in item and text.startswith(self.prefix)

    def _make_key(self, values: Sequence[AttributeValue]) -> Item:
        text = self.prefix + "#".join(map(write_part, values))
        if len(text.encode()) > _MAX_KEY_BYTES:
            text = f"{self.prefix}%H{hashlib.sha256(text.encode()).hexdigest()}"
        (hash_key,) = self.keys.hash_attributes
        key: Item = {hash_key.name: text if hash_key.type == "S" else text.encode()}
        return key | {each.name: RANGE_KEYS[each.type] for each in self.keys.range_attributes}


def write_part(value: AttributeValue) -> str:
    """Return a value as a part of the key of a guard: no two lists of values make one text.

    >>> write_part("a#b"), write_part(7), write_part("7")
    ('a%23b', '%N7', '7')
    """
    match value:
        case str():
            return value.replace("%", "%25").replace("#", "%23")
        case bytes():
            return f"%B{binascii.hexlify(value).decode()}"
        case _:  # canonical, so that equal numbers have one text
            return f"%N{cast('int | Decimal', value)}"


class Constraints:
    """The constraints of a model.

    Args:
        model: The model.
        fields: Its fields by the names of their attributes.
        keys: The keys of its table.
        constraints: The constraints.

    Attributes:
        all: The constraints.
        key_names: The names of the key attributes.
        is_free: The condition that there is no item, such as a guard.
    """

    def __init__(
        self, model: type, fields: Mapping[str, Field[Any]], keys: KeySchema, constraints: Sequence[Constraint]
    ) -> None:
        self.all = tuple(constraints)
        self.key_names = keys.names
        self.is_free = NotExists(Path(keys.names[0]))
        self._model = model
        self._fields = fields
        self._attributes = frozenset(path.attribute for constraint in self.all for path in constraint.paths)

    def touched_by(self, updates: Iterable[AnyUpdate]) -> tuple[Constraint, ...]:
        """Return the constraints on attributes that an update changes."""
        changed = {update.path.attribute for update in updates}
        if changed.isdisjoint(self._attributes):
            return ()
        return tuple([each for each in self.all if any(path.attribute in changed for path in each.paths)])

    def find_claims(self, item: Item | None, among: Iterable[Constraint]) -> dict[AttributeValue, Claim]:
        """Return what the item claims by these constraints, by the hash keys of the guards."""
        if item is None:
            return {}
        found = [constraint.find_claim(item) for constraint in among]
        return {claim.key[self.key_names[0]]: claim for claim in found if claim is not None}

    def make_guard(self, claim: Claim, owner: Item) -> Item:
        """Return the guard of a claim of the item with the key `owner`."""
        return {**claim.key, ATTRIBUTE: {"of": owner, "values": list(claim.values)}}

    def owner_of(self, guard: Item | None) -> Item | None:
        """Return the key of the item that a guard names."""
        about: Any = None if guard is None else guard.get(ATTRIBUTE)
        owner = cast("Item", about).get("of") if isinstance(about, dict) else None
        return owner if isinstance(owner, dict) and owner.keys() == set(self.key_names) else None

    def is_free_or_of(self, *owners: Item) -> AnyCondition:
        """Return the condition that there is no guard, or that of one of these items."""
        return Or(self.is_free, *[Comparison(Path(ATTRIBUTE, "of"), EQ, owner) for owner in owners])

    def is_unchanged(self, item: Item | None, constraints: Iterable[Constraint]) -> tuple[AnyCondition, ...]:
        """Return the conditions that an item still has the values that these constraints keep unique."""
        if item is None:
            return (self.is_free,)
        paths = dict.fromkeys(path for constraint in constraints for path in constraint.paths)
        return tuple(
            [
                Comparison(path, EQ, item[path.attribute]) if path.attribute in item else NotExists(path)
                for path in paths
                if path.attribute not in self.key_names
            ]
        )

    def explain(self, claim: Claim, owner: Item | None) -> UniqueViolation:
        """Return the error for values that another item holds."""
        mapper: Any = cast("Any", self._model).__mapper__
        value, holder = self.decode_values(claim), "another item"
        if owner is not None:
            holder = f"the item with {mapper.describe_key(owner)}"
        several = value if len(claim.values) > 1 else (value,)
        what = ", ".join(f"{name} {shorten(each)}" for name, each in zip(claim.constraint.names, several, strict=True))
        return UniqueViolation(
            f"{self._model.__name__}: {what} must be unique, and {holder} has it already",
            model=self._model,
            constraint=claim.constraint.names,
            value=value,
            key={} if owner is None else self.decode_key(owner),
        )

    def decode_key(self, key: Item) -> dict[str, Any]:
        """Return a key by the names of the fields, as Python values: a strategy."""
        try:
            return name_key(cast("Any", self._model).__mapper__, key)
        except ValidationError:  # of an item that does not suit the model
            return {self._fields[name].path.name: self._decode(name, key[name]) for name in self.key_names}

    def decode_values(self, claim: Claim) -> Any:
        """Return the value of a claim, or a tuple of them for several fields."""
        pairs = zip(claim.constraint.paths, claim.values, strict=True)
        values = [self._decode(path.attribute, value) for path, value in pairs]
        return tuple(values) if len(values) > 1 else values[0]

    def _decode(self, name: str, value: AttributeValue) -> Any:
        """Return the Python value of an attribute, even of one that its field could not have stored."""
        try:
            return self._fields[name].decode(value)
        except ValidationError:
            return decode(value)


def find_stored_claim(constraint: Constraint, guard: Item) -> Claim | None:
    """Return the claim for which a guard was written; `None` if it does not say that."""
    about: Any = guard[ATTRIBUTE]
    values: Any = cast("Item", about).get("values") if isinstance(about, dict) else None
    if not isinstance(values, list):
        return None
    pairs = zip(constraint.paths, cast("list[AttributeValue]", values), strict=False)
    found = constraint.find_claim({path.attribute: value for path, value in pairs})
    return found if found is not None and found.key.items() <= guard.items() else None


def still_holds(claim: Claim, item: Item | None) -> bool:
    """Return whether an item has the values of a claim."""
    found = None if item is None else claim.constraint.find_claim(item)
    return found is not None and found.key == claim.key


def all_given_up(claims: Iterable[Claim]) -> AnyCondition:
    """Return the condition that an item has none of the values."""
    return cast("AnyCondition", all_of(tuple([claim.is_given_up for claim in claims])))
