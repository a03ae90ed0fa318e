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
        if type(field) in (IntField, StringField) and getattr(field, "stored_format", None) is None:
            return read[attribute]
        v = f"{read[attribute]}_"
        lines.append(f"{v} = get({source.name_text(attribute)}, ABSENT).get('{field.stored_type}')")
        return v

    def write(member: KeyMember) -> tuple[str, str]:
        v, width = find(member.field, member.attribute), member.slot.width
        is_int = type(member.field) is IntField and v == read[member.attribute]
        if width is None:
            return f"{v} is not None", f"str({v})" if is_int else v
        return f"{v} is not None", f"f'{{{v}:0{width:d}d}}'" if is_int else f"{v}.zfill({width:d})"

    tests = [
        _write_test(
            key,
            find(key.field, key.attribute),
            [find(each.field, each.attribute) for each in key.members],
            write,
            source,
        )
        for key in members.keys
    ]
    complete = source.name("complete", members.complete_wire)
    again = [
        f"if not ({' and '.join(tests)}):",
        f"    held, told = {complete}(item)",
        "    return read(cls, held, text, told)",
    ]
    return ["if told is None:", *(f"    {line}" for line in dict.fromkeys([*lines, *again, "told = ()"]))]


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
    kinds: list[str] = []
    parts: list[str] = []
    for member in key.members:
        kind, text = write(member)
        kinds.append(kind)
        parts += [*([source.name("literal", member.slot.literal)] if member.slot.literal else []), text]
    if key.template.tail or not parts:
        parts.append(source.name("literal", key.template.tail))
    test = " and ".join([*dict.fromkeys(kinds), f"{v} == {' + '.join(parts)}"])
    if key.field.is_key or not members:
        return f"({test})"
    absent = " or ".join(f"{member} is None" for member in dict.fromkeys(members))
    return f"({test} if {v} is not None else {absent})"
