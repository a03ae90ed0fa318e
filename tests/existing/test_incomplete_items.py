"""Items of others that lack attributes, have NULLs, undeclared parts or other forms: saves change what was changed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection, Model, ValidationError
from existing.declared import MODELS
from existing.stored import Item, read_kept
from existing.stores import Memory, differences
from existing.test_written_by_others import CHANGES, counted, named

KINDS = {"_cls", "__typename"}
EXTRA: list[Item] = [
    {"NULL": True},
    {"S": ""},
    {"N": "1.5"},
    {"L": [{"NULL": True}]},
    {"M": {"deep": {"BOOL": False}}},
]
INSTANTS = ["10:00:00Z", "10:00:00.000Z", "10:00:00.000000+00:00", "10:00:00+00:00", "12:00:00+02:00"]


def damage(value: Item, chance: random.Random, *, is_element: bool = False) -> Item:
    """Return a value that other programs may have stored instead."""
    [(kind, inner)] = value.items()
    if chance.random() < 0.1 and not is_element:
        return {"NULL": True}
    if kind == "M":
        members = {name: damage(member, chance) for name, member in inner.items() if chance.random() > 0.15}
        return {"M": members | ({"extra": chance.choice(EXTRA)} if chance.random() < 0.3 else {})}
    if kind == "L":
        return {"L": [damage(element, chance, is_element=True) for element in inner] * chance.choice([0, 1, 1, 2])}
    if kind == "S" and inner.startswith("2025-01-01T10:00:00"):
        return {"S": chance.choice([inner, f"2025-01-01T{chance.choice(INSTANTS)}"])}
    return value


def damage_item(item: Item, model: type[Model], chance: random.Random) -> Item:
    mapper = model.__mapper__
    kept = {*mapper.keys.names, *mapper.declaration.index_keys, *counted(model), *KINDS}
    damaged = {
        name: value if name in kept else damage(value, chance)
        for name, value in item.items()
        if name in kept or chance.random() > 0.15
    }
    return damaged | ({"unknown": chance.choice(EXTRA)} if chance.random() < 0.5 else {})


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return Memory(Path(tmp_path_factory.mktemp("items")))


@pytest.mark.slow
@given(st.sampled_from(sorted(MODELS)), st.randoms(use_true_random=False))
def test_saves_keep_what_others_stored(memory: Memory, library: str, chance: random.Random) -> None:
    with Connection.using(memory.backend):
        model = named(library)
        model.create_table()
        memory.put(model, [damage_item(item, model, chance) for item in read_kept(library)])
        try:
            items = model.get_many(scans="allow")
        except ValidationError:  # an instant that is finer than what the format stores
            return
        before = memory.items(model)
        for item in items:
            item.save()
        assert differences(before, memory.items(model)).keys() <= counted(model)

        name, (value, stored) = chance.choice(list(CHANGES[library].items()))
        attribute = model.__mapper__.fields[name].path.attribute
        before = memory.items(model)
        changed: Any = chance.choice(items)
        setattr(changed, name, value)
        changed.save(only_changed=chance.random() < 0.5)
        found = differences(before, memory.items(model))
        assert found.keys() <= {attribute, *counted(model)}
        assert found.get(attribute, (None, stored))[1] == stored
