"""The declaration of unique constraints: `__unique__ = ["email", ("tenant", "username")]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.declaration.named_fields import find_field
from dynamongo.mapping.declaration.options import refuse
from dynamongo.mapping.unique import ATTRIBUTE, PREFIX, Constraint, Constraints, write_part
from dynamongo.schema import KeySchema

if TYPE_CHECKING:
    from dynamongo.mapping.kinds.kinds import Kinds

_OPTION = "__unique__"


def resolve_names(model: Any) -> None:
    """Replace what a class body says in `__unique__` by tuples of names.

    Fields have no names yet where the body refers to them, so they are found by their identity.
    """
    names: dict[int, str] = {}
    bases: list[dict[str, Any]] = [vars(base) for base in reversed(model.__mro__)]
    for body in bases:
        names |= {id(cast("object", value)): name for name, value in body.items() if isinstance(value, Field)}
    given: Any = bases[-1][_OPTION]
    if isinstance(given, (str, Mapping, Field)) or not isinstance(given, Iterable):
        expected = "must be a list of fields, or of tuples of fields"
        refuse(model, _OPTION, f"{expected}; got {shorten(cast('object', given))}")
    several = [_as_tuple(model, each) for each in cast("Iterable[Any]", given)]
    model.__unique__ = tuple([tuple([_name_of(model, each, names) for each in entry]) for entry in several])


def find_constraints(
    model: type, fields: Mapping[str, Field[Any]], keys: KeySchema, kinds: Kinds | None
) -> Constraints | None:
    """Return the constraints that a class and its bases declare, or `None` if there are none.

    A constraint holds among all items of the class that declares it, those of derived classes included.

    Raises:
        SchemaError: A constraint names something else than fields with scalar values, or the key cannot name guards.
    """
    declared: dict[tuple[str, ...], type] = {}
    for base in reversed(model.__mro__):
        for names in vars(base).get(_OPTION, ()):
            declared.setdefault(names, base)
    if not declared:
        return None
    _check_keys(model, fields, keys)
    constraints = [
        _make_constraint(model, names, fields, keys, _find_scope(base, model, kinds))
        for names, base in declared.items()
    ]
    return Constraints(model, {field.path.attribute: field for field in fields.values()}, keys, constraints)


def _name_of(model: type, given: Any, names: Mapping[int, str]) -> str:
    name = cast("object", names.get(id(given), given))
    if not isinstance(name, str):
        refuse(model, _OPTION, f"must contain fields of the class, or their names; got {shorten(name)}")
    return name


def _as_tuple(model: type, entry: Any) -> tuple[Any, ...]:
    several = tuple(cast("Iterable[Any]", entry)) if isinstance(entry, (tuple, list)) else (entry,)
    if not several:
        refuse(model, _OPTION, "has an empty tuple; a constraint needs at least one field")
    return several


def _make_constraint(
    model: type, names: tuple[Any, ...], fields: Mapping[str, Field[Any]], keys: KeySchema, scope: str
) -> Constraint:
    found = [find_field(model, _OPTION, name, fields) for name in names]
    for field in found:
        if field.stored_type not in ("S", "N", "B"):
            stored = field.stored_type or "any type"
            expected = "must name fields that are stored as S, N or B"
            refuse(model, _OPTION, f"{expected}; {field.path.name} is a {type(field).__name__}, stored as {stored}")
        if not field.stored:
            expected = f"names {field.path.name}, which has no attribute of its own, since the key tells it"
            refuse(model, _OPTION, f"{expected}: leave out stored=False, or name the field of the key")
    if len(set(names)) < len(names):
        refuse(model, _OPTION, f"names a field twice in one constraint: {', '.join(names)}")
    if {field.path.attribute for field in found} >= set(keys.names):
        refuse(
            model,
            _OPTION,
            f"names the whole key ({', '.join(names)}), which is unique without a constraint: leave it out",
        )
    # The names of attributes, so that a field can be renamed while its guards stay. One with a `+` is not two.
    name = "+".join(write_part(field.path.attribute).replace("+", "%2B") for field in found)
    prefix = f"{PREFIX}{write_part(scope)}#{name}#"
    return Constraint(names, tuple([field.path for field in found]), prefix, keys)


def _find_scope(base: type, model: type, kinds: Kinds | None) -> str:
    """Return what tells the guards of a class from those of others: its kind, or else its name."""
    own = kinds if base is model else getattr(cast("Any", base).__mapper__, "kinds", None)
    has_kind = vars(base).get("__kind__") is not None and own is not None and own.written is not None
    return str(own.written) if has_kind and own is not None else base.__name__


def _check_keys(model: type, fields: Mapping[str, Field[Any]], keys: KeySchema) -> None:
    (hash_key,) = keys.hash_attributes
    if hash_key.type == "N":
        refuse(
            model,
            _OPTION,
            f"needs a hash key that is stored as text or binary, because guards of the values are stored under it;"
            f" {hash_key.name} is stored as a number: give the table a hash key such as StringField()",
        )
    for field in fields.values():
        if field.path.attribute == ATTRIBUTE:
            refuse(model, field.path.name, f"is stored as {ATTRIBUTE!r}, which guards of __unique__ use: rename it")
