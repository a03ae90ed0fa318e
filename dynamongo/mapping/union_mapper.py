"""The mapper of several models of one table, whose items are read together."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Path
from dynamongo.fields.indexes import Index
from dynamongo.mapping.keys import name_model
from dynamongo.mapping.kind_mapper import KindMapper
from dynamongo.mapping.kinds import Kinds
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded

M = TypeVar("M", bound=Recorded)


class UnionMapper(KindMapper[M]):
    """The mapper of several models: it knows the fields and indexes of all of them, and the class of each item.

    Args:
        mappers: Those of the models, which have the same key.

    Raises:
        ExpressionError: A model has no kind, or differs from the first in what they must have in common.
    """

    def __init__(self, mappers: Sequence[KindMapper[Any]]) -> None:
        # The class of items of other kinds, if one of the models reads these.
        lead = next((mapper for mapper in mappers if mapper.kinds.is_open), mappers[0])
        vars(self).update(vars(lead))
        self.name = " | ".join(mapper.name for mapper in mappers)
        self.kinds = _join_kinds(lead, mappers)
        self.guards = next((mapper.guards for mapper in mappers if mapper.guards is not None), None)
        self.fields = {name: field for mapper in reversed(mappers) for name, field in mapper.fields.items()}
        self.attributes = {name: field for mapper in reversed(mappers) for name, field in mapper.attributes.items()}
        self.renamed = {stored: field.path.name for stored, field in self.attributes.items() if field.stored_as}
        owners = [name_model(base) for mapper in mappers for base in mapper.origin.__mro__]
        self.owners = frozenset([None, *owners])
        self._fields = [mapper.fields for mapper in mappers]
        self._take_indexes(lead, mappers)

    def projected_paths(self, wanted: Any) -> tuple[Path, ...]:
        """Return the path of a field, or those of all fields with that name, which the models may store differently."""
        found = super().projected_paths(wanted)
        if isinstance(wanted, str):
            found = tuple(dict.fromkeys(fields[wanted].path for fields in self._fields if wanted in fields))
        return found

    def class_like(self, model: Any) -> Any:
        """Return the class itself: those of the kinds are bound already."""
        return model

    def _take_indexes(self, lead: Mapper[Any], mappers: Sequence[Mapper[Any]]) -> None:
        found: dict[str, Index] = {}
        for mapper in mappers:
            for name, index in mapper.indexes.items():
                first = found.setdefault(name, index)
                found[f"{mapper.name}.{name}"] = index
                if first.schema != index.schema:
                    _refuse(lead, mapper, f"declares the index {name} in another way")
        schemas = dict.fromkeys(index.schema for index in found.values())
        declarations = [mapper.declaration for mapper in mappers]
        self.take_declaration(
            replace(
                lead.declaration,
                table=replace(lead.declaration.table, indexes=tuple(schemas)),
                indexes=found,
                version=lead.version if all(each.version == lead.version for each in declarations) else None,
                required=functools.reduce(frozenset[str].intersection, [each.required for each in declarations]),
            )
        )


def _join_kinds(lead: KindMapper[Any], mappers: Sequence[KindMapper[Any]]) -> Kinds:
    joined = Kinds(lead.model, lead.kinds.path, lead.kinds.own)
    for mapper in mappers:
        if mapper.kinds.path != lead.kinds.path:
            _refuse(lead, mapper, f"has its kind in {mapper.kinds.path}, not in {lead.kinds.path}")
        for value, origin in mapper.kinds.models.items():
            model = mapper.class_like(origin)
            if joined.models.get(value, model) is not model:
                _refuse(lead, mapper, f"has the same kind, {value!r}")
            joined.add(model, (value,))
    return joined


def _refuse(lead: Mapper[Any], mapper: Mapper[Any], difference: str) -> NoReturn:
    raise ExpressionError(f"{lead.name} and {mapper.name} cannot be read together: {mapper.name} {difference}")
