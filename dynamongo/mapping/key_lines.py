"""The lines of the compiled codec that compare the keys of an item with the fields that they are made of.

For `PK = StringField(template="CUSTOMER#{customer_id}")`, they let most items pass without a call; others get what
their keys tell, or are refused::

    t0 = get('name0')
    t1 = get('name1')
    if not (type(t1) is str and t0 == literal2 + t1):
        held = complete(item)
        get = held.get
"""

from __future__ import annotations

from dynamongo.fields.base import Field
from dynamongo.fields.key_slots import Slot
from dynamongo.mapping.codec_source import Source
from dynamongo.mapping.key_members import KeyMembers, TemplatedKey


def write_completion(members: KeyMembers, source: Source) -> list[str]:
    """Return the lines that turn `item`, whose `get` there is, into `held`, the item with what its keys tell."""
    is_wire = source.task == "read"
    variables: dict[str, str] = {}
    lines: list[str] = []

    def find(field: Field[object]) -> str:
        """Return the variable that holds the stored value of a field."""
        attribute = field.path.attribute
        if attribute not in variables:
            variables[attribute] = v = f"t{len(variables)}"
            name = source.name_text(attribute)
            content = f"get({name}, ABSENT).get('{field.stored_type}')" if is_wire else f"get({name})"
            lines.append(f"{v} = {content}")
        return variables[attribute]

    tests = [
        _write_test(key, find(key.field), [find(field) for _, field in key.members], source) for key in members.keys
    ]
    complete = source.name("complete", members.complete_wire if is_wire else members.complete)
    return [*lines, f"if not ({' and '.join(tests)}):", f"    held = {complete}(item)", "    get = held.get"]


def _write_test(key: TemplatedKey, v: str, members: list[str], source: Source) -> str:
    """Return the test that a key is made of the stored members; an index may lack it, if it lacks one of them."""
    kinds: list[str] = []
    parts: list[str] = []
    for (slot, _), member in zip(key.members, members, strict=True):
        kinds.append(_write_kind(slot, member, source))
        literal = [source.name("literal", slot.literal)] if slot.literal else []
        parts += [*literal, _write_text(slot, member, source)]
    if key.template.tail or not parts:
        parts.append(source.name("literal", key.template.tail))
    test = " and ".join([*dict.fromkeys(kinds), f"{v} == {' + '.join(parts)}"])
    if key.field.is_key or not members:
        return f"({test})"
    absent = " or ".join(f"{member} is None" for member in dict.fromkeys(members))
    return f"({test} if {v} is not None else {absent})"


def _write_kind(slot: Slot, v: str, source: Source) -> str:
    if source.task == "read":
        return f"{v} is not None" if slot.width is None else f"{v} is not None and {v}.isdecimal()"
    return f"type({v}) is {'int' if slot.is_number else 'str'}"


def _write_text(slot: Slot, v: str, source: Source) -> str:
    if slot.width is not None:
        return f"{v}.zfill({slot.width:d})" if source.task == "read" else f"f'{{{v}:0{slot.width:d}d}}'"
    return f"str({v})" if slot.is_number and source.task != "read" else v
