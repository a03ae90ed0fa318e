"""The mapper of several models of one table, whose items are read together."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from dynamongo._support.dataclasses import replace
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Path
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index
from dynamongo.mapping.declaration.model import Declaration
from dynamongo.mapping.keys.composed import ComposedKeys
from dynamongo.mapping.keys.model_keys import name_model
from dynamongo.mapping.kinds.key_kinds import KeyKinds, are_disjoint, find_forms
from dynamongo.mapping.kinds.kind_mapper import KindMapper
from dynamongo.mapping.kinds.kinds import Kinds
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded
from dynamongo.operations import ItemReader

M = TypeVar("M", bound=Recorded)


class UnionMapper(KindMapper[M]):
    """The mapper of several models: it knows the fields and indexes of all of them, and the class of each item.

    Args:
        mappers: Those of the models, which have the same key.

    Raises:
        ExpressionError: Nothing tells the kind of an item, or a model differs from the first in what they must have in
            common.
    """

    def __init__(self, mappers: Sequence[Mapper[Any]]) -> None:
        # The class of items of other kinds, if one of the models reads these.
        lead = next((mapper for mapper in mappers if mapper.kinds is not None and mapper.kinds.is_open), mappers[0])
        vars(self).update(vars(lead))
        self.name = " | ".join(mapper.name for mapper in mappers)
        told = [mapper for mapper in mappers if isinstance(mapper, KindMapper)]
        if isinstance(lead, KindMapper) and len(told) == len(mappers):
            self.kinds = _join_kinds(lead, told)
        else:
            self.kinds = _find_key_kinds(self.name, mappers)
        self.guard_exclusion = next(
            (mapper.guard_exclusion for mapper in mappers if mapper.guard_exclusion is not None), None
        )
        self.fields = {name: field for mapper in reversed(mappers) for name, field in mapper.fields.items()}
        self.attributes = {name: field for mapper in reversed(mappers) for name, field in mapper.attributes.items()}
        self.renamed = {stored: field.path.name for stored, field in self.attributes.items() if field.stored_as}
        owners = [name_model(base) for mapper in mappers for base in mapper.origin.__mro__]
        self.owners = frozenset([None, *owners])
        self._mappers = tuple(mappers)
        self._take_indexes(lead, mappers)
        self.key_templates = self.join_key_templates(mappers)

    @property
    def read_key_templates(self) -> ComposedKeys | None:
        """The keys of all models, as far as they are alike."""
        return self.key_templates

    def make_reader(self) -> ItemReader | None:
        """Return what reads whole items while they are still JSON; `None` where their keys tell the class."""
        return None if isinstance(self.kinds, KeyKinds) else super().make_reader()

    def projected_paths(self, wanted: Any) -> tuple[Path, ...]:
        """Return the path of a field, or those of all fields with that name, which the models may store differently."""
        if not isinstance(wanted, str) or wanted not in self.fields:
            return super().projected_paths(wanted)
        known = [mapper for mapper in self._mappers if wanted in mapper.fields]
        return tuple(dict.fromkeys(path for mapper in known for path in mapper.projected_paths(wanted)))

    def stored_paths(self, field: Field[Any]) -> tuple[Path, ...]:
        """Return the path of a field, or those of the keys that tell its value, in whichever model."""
        if field.stored:
            return (field.path,)
        return tuple(dict.fromkeys(path for mapper in self._mappers for path in mapper.stored_paths(field)))

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
                required=functools.reduce(frozenset[str].intersection, [_find_required(each) for each in declarations]),
            )
        )


def _find_required(declaration: Declaration) -> frozenset[str]:
    templates = declaration.keys.key_templates
    return declaration.required if templates is None else templates.add_required(declaration.required)


def _find_key_kinds(name: str, mappers: Sequence[Mapper[Any]]) -> Kinds:
    """Return the kinds of models whose keys begin with different texts."""
    lead, keys = mappers[0], mappers[0].declaration.table.keys
    forms = [() if each.key_templates is None else find_forms(each.key_templates, keys) for each in mappers]
    untold = [mapper for mapper, form in zip(mappers, forms, strict=True) if not form and mapper.kinds is None]
    if untold:
        raise ExpressionError(
            f"{untold[0].name} cannot be read together with others: nothing tells its items from theirs; set __kind__"
        )
    for number, mapper in enumerate(mappers):
        for before in range(number):
            if not are_disjoint(forms[before], forms[number]):
                _refuse(
                    mappers[before],
                    mapper,
                    "has no kind, and its keys may begin with the same text; set __kind__ on both",
                )
    return KeyKinds(name, [mapper.model for mapper in mappers], forms, lead.keys.fields[-1].path)


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
