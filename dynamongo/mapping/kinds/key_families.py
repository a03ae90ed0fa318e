"""Key families: models of one table that have a base in common, whose keys must not be taken for each other's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from dynamongo.exceptions import SchemaError
from dynamongo.fields.base import Field
from dynamongo.fields.key_overlaps import may_be_equal
from dynamongo.fields.key_templates import KeyTemplate
from dynamongo.mapping.records import is_bound


def check_family(model: Any, keys: tuple[Field[Any], ...]) -> None:
    """Raise `SchemaError` if another model can have the same keys, so that it would overwrite items of this one.

    It looks at the models of the table that are derived from the same abstract base. Those that are derived from each
    other, or have the same templates, are views of the same items. Kinds are checked by each write.

    Args:
        model: The class, which has no kind.
        keys: The fields of its key.
    """
    own = _find_templates(keys)
    if own is None:
        return
    for other in _find_relatives(model):
        templates = _find_templates(other.__mapper__.keys.fields)
        if templates is None or len(templates) != len(own):
            continue
        pairs = list(zip(own, templates, strict=True))
        if any(mine.text != theirs.text for mine, theirs in pairs) and all(
            may_be_equal(mine, theirs) for mine, theirs in pairs
        ):
            mine, theirs = next(pair for pair in reversed(pairs) if pair[0].text != pair[1].text)
            raise SchemaError(
                f"{model.__name__} and {other.__name__} are stored in the table {model.__table__}, and could have the"
                f" same key, by {mine.given_as} and {theirs.given_as}: begin these with different words, or declare a"
                " __kind__ for both"
            )


def _find_templates(keys: tuple[Field[Any], ...]) -> tuple[KeyTemplate, ...] | None:
    """Return the templates of all keys; `None` if one has none."""
    found = tuple(key.derived for key in keys if isinstance(key.derived, KeyTemplate))
    return found if len(found) == len(keys) else None


def _find_relatives(model: Any) -> Iterator[Any]:
    """Yield the other models of the table that have an abstract base of the user's in common with it."""
    seen: set[Any] = set()
    for base in model.__mro__[1:]:
        body = cast("Mapping[str, Any]", vars(base))
        if "__mapper__" not in body or not body.get("__abstract__") or base.__module__.startswith("dynamongo."):
            continue
        for other in _descend(base):
            if (
                other not in seen
                and not (issubclass(model, other) or issubclass(other, model))
                and _is_alike(model, other)
            ):
                seen.add(other)
                yield other


def _descend(base: Any) -> Iterator[Any]:
    for derived in type.__subclasses__(base):
        yield derived
        yield from _descend(derived)


def _is_alike(model: Any, other: Any) -> bool:
    body = cast("Mapping[str, Any]", vars(other))
    if body.get("__abstract__") or is_bound(other) or "__mapper__" not in body:
        return False
    is_same = (other.__table__, other.__connection__) == (model.__table__, model.__connection__)
    # A class that is declared anew, as in an interactive session, takes the place of the one before.
    is_new = (other.__module__, other.__qualname__) != (model.__module__, model.__qualname__)
    return is_same and is_new and other.__mapper__.kinds is None
