"""The lines of the compiled codec that compare the keys of an item with the fields that they are made of.

Most items have all members, and keys that are made of them: comparing is all that these cost. Other items are read with
what their keys tell, or refused, by `KeyMembers.complete`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dynamongo.fields import IntField, StringField
from dynamongo.fields.base import Field
from dynamongo.mapping.codec_source import Source
from dynamongo.mapping.key_members import KeyMember, KeyMembers, MadeKey


def write_completion(members: KeyMembers, stored: Mapping[str, str], source: Source) -> tuple[list[str], set[str]]:
    """Return the lines of `decode` that complete an item, and the variables that they set to stored values.

    For `PK = StringField(template="CUSTOMER#{customer_id}")`::

        v0 = get('name0')
        v2 = get('name2')
        if not (type(v2) is str and v0 == literal2 + v2):
            held, told = complete(item)
            get, count = held.get, count + len(held) - len(item)
            v0 = get('name0')
            v2 = get('name2')

    Args:
        members: The members.
        stored: The variables of all fields by the names of their attributes.
        source: The source.
    """
    variables: dict[str, str] = {}

    def find(attribute: str) -> str:
        return variables.setdefault(attribute, stored[attribute])

    def write(member: KeyMember) -> tuple[str, str]:
        v, width = find(member.attribute), member.slot.width
        if not member.slot.is_number:
            return f"type({v}) is str", v
        return f"type({v}) is int", f"str({v})" if width is None else f"f'{{{v}:0{width:d}d}}'"

    tests = [
        _write_test(key, find(key.attribute), [find(each.attribute) for each in key.members], write, source)
        for key in members.keys
    ]
    gets = [f"{v} = get({source.name_text(attribute)})" for attribute, v in variables.items()]
    slow = [
        f"held, told = {source.name('complete', members.complete)}(item)",
        "get, count = held.get, count + len(held) - len(item)",
        *gets,
    ]
    return [*gets, f"if not ({' and '.join(tests)}):", *(f"    {line}" for line in slow)], set(variables.values())


def write_derivation(members: KeyMembers, source: Source) -> None:
    """Write the function that sets the keys in the values of an instance, from members that their fields have checked.

    For `PK = StringField(template="CUSTOMER#{customer_id}")`::

        def build(values):
            v0 = values['name0']
            values['name2'] = literal1 + v0 if v0 is not None else None
    """
    lines = ["def build(values):"]
    variables: dict[str, str] = {}
    for key in members.keys:
        for member in key.members:
            if member.slot.name not in variables:
                variables[member.slot.name] = v = f"v{len(variables)}"
                lines.append(f"    {v} = values[{source.name_text(member.slot.name)}]")
        tests = [f"{variables[member.slot.name]} is not None" for member in key.members]
        text = " + ".join(_write_parts(key, [_write_plain(each, variables) for each in key.members], source))
        made = f"{text} if {' and '.join(dict.fromkeys(tests))} else None" if tests else text
        lines.append(f"    values[{source.name_text(key.field.path.name)}] = {made}")
    source.functions.append(lines)


def _write_plain(member: KeyMember, variables: Mapping[str, str]) -> str:
    v, width = variables[member.slot.name], member.slot.width
    if not member.slot.is_number:
        return v
    return f"str({v})" if width is None else f"f'{{{v}:0{width:d}d}}'"


def write_comparison(members: KeyMembers, read: Mapping[str, str], source: Source) -> list[str]:
    """Return the lines of `read` that have an item read once more, completed, if its keys tell more than it stores.

    Args:
        members: The members.
        read: The variables of the values that were read of all fields, by the names of their attributes.
        source: The source.
    """
    lines: list[str] = []

    def find(field: Field[object], attribute: str) -> str:
        """Return the variable of a value that is held as it is stored, or of the content in JSON."""
        if _is_held_as_stored(field):
            return read[attribute]
        v = f"{read[attribute]}_"
        lines.append(f"{v} = get({source.name_text(attribute)}, ABSENT).get('{field.stored_type}')")
        return v

    def write(member: KeyMember) -> tuple[str, str]:
        v, width = find(member.field, member.attribute), member.slot.width
        text = v if width is None else f"{v}.zfill({width:d})"
        if member.slot.is_number and _is_held_as_stored(member.field):
            text = f"str({v})" if width is None else f"f'{{{v}:0{width:d}d}}'"
        return f"{v} is not None", text

    def test(key: MadeKey) -> str:
        others = [find(each.field, each.attribute) for each in key.members]
        return _write_test(key, find(key.field, key.attribute), others, write, source)

    tests = [test(key) for key in members.keys]
    complete = source.name("complete", members.complete_wire)
    again = [
        f"if not ({' and '.join(tests)}):",
        f"    held, told = {complete}(item)",
        "    return read(cls, held, text, told)",
    ]
    return ["if told is None:", *(f"    {line}" for line in dict.fromkeys([*lines, *again, "told = ()"]))]


def _is_held_as_stored(field: Field[object]) -> bool:
    return type(field) in (IntField, StringField) and getattr(field, "stored_format", None) is None


def _write_test(
    key: MadeKey,
    v: str,
    members: Sequence[str],
    write: Callable[[KeyMember], tuple[str, str]],
    source: Source,
) -> str:
    """Return the test that a key is made of the stored members; an index may lack it, if it lacks one of them.

    Args:
        key: The key.
        v: Its variable.
        members: The variables of its members.
        write: Returns a test of a member, and the text of the member if that holds.
        source: The source.
    """
    written = [write(member) for member in key.members]
    parts = _write_parts(key, [text for _, text in written], source)
    test = " and ".join([*dict.fromkeys(kind for kind, _ in written), f"{v} == {' + '.join(parts)}"])
    if key.field.is_key or not members:
        return f"({test})"
    absent = " or ".join(f"{member} is None" for member in dict.fromkeys(members))
    return f"({test} if {v} is not None else {absent})"


def _write_parts(key: MadeKey, texts: Sequence[str], source: Source) -> list[str]:
    """Return the source of the parts of a key, with these texts of its members."""
    parts: list[str] = []
    for member, text in zip(key.members, texts, strict=True):
        parts += [*([source.name("literal", member.slot.literal)] if member.slot.literal else []), text]
    return [*parts, source.name("literal", key.template.tail)] if key.template.tail or not parts else parts
