"""The lines of the compiled codec that compare the keys of an item with the fields that they are made of.

Most items have all members, and keys that are made of them: comparing is all that these cost. Other items are read with
what their keys tell, or refused, by `KeyMembers.complete`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dynamongo.fields import IntField, StringField
from dynamongo.fields.base import Field
from dynamongo.mapping.codec import fast_paths as codec_fast_paths
from dynamongo.mapping.codec.source import Source
from dynamongo.mapping.keys.composed import ComposedKey, KeyMember
from dynamongo.mapping.keys.members import KeyMembers


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
    # What was parsed stands in no attribute, as the count expects.
    counted = ["else:", f"    count += {len(members.parsed):d}"] if members.parsed else []
    lines = [*gets, f"if not ({' and '.join(tests)}):", *(f"    {line}" for line in slow), *counted]
    return lines, set(variables.values())


def write_derivation(members: KeyMembers, source: Source) -> None:
    """Write the function that sets the keys in the values of an instance, from members that their fields have checked.

    For `PK = StringField(template="CUSTOMER#{customer_id}")`::

        def build(values):
            v0 = values['name0']
            values['name2'] = literal1 + v0 if v0 is not None else None
    """
    lines = ["def build(values):"]
    variables: dict[str, str] = {}
    for key in members.in_order:
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

    def test(key: ComposedKey) -> str:
        others = [find(each.field, each.attribute) for each in key.members]
        return _write_test(key, find(key.field, key.attribute), others, write, source)

    tests = [test(key) for key in members.keys]
    complete = source.name("complete", members.complete_wire)
    again = [
        f"if not ({' and '.join(tests)}):",
        f"    held, told = {complete}(item)",
        "    return read(cls, held, text, told)",
        *_write_checks(members, read, source),
    ]
    return ["if told is None:", *(f"    {line}" for line in dict.fromkeys([*lines, *again, "told = ()"]))]


def _write_parsing(
    key: ComposedKey, v: str, members: Sequence[str], written: Sequence[tuple[str, str]], source: Source
) -> str:
    """Return the test that a key suits its template, which leaves the members that it alone tells in their variables.

    For `SK = StringField(template="LINE#{position:03}")` and `position = IntField(stored=False)`::

        type(v1) is str and (m1 := match5(v1)) is not None and v2 is None and m1[1].isdecimal()
            and (v2 := int(m1[1])) is not None
    """
    found = f"m{v[1:]}"
    tests = [f"type({v}) is str and ({found} := {source.name('match', key.template.match)}({v})) is not None"]
    for number, (member, held, (kind, text)) in enumerate(zip(key.members, members, written, strict=True), 1):
        part = f"{found}[{number:d}]"
        if number not in key.parsed:
            tests += [kind, f"{text} == {part}"]
        elif member.slot.is_number:
            tests.append(f"{held} is None and {part}.isdecimal() and ({held} := int({part})) is not None")
        else:
            tests.append(f"{held} is None and ({held} := {part}) is not None")
    return f"({' and '.join(tests)})"


def _write_checks(members: KeyMembers, read: Mapping[str, str], source: Source) -> list[str]:
    """Return the lines that have the fields check what was parsed."""
    lines: list[str] = []
    for member in members.parsed:
        v = read[member.attribute]
        fast = codec_fast_paths.make_fast_path(member.field, v, source)
        test = None if fast is None else fast.test
        decode = f"{v} = {source.name('field', member.field)}.decode({v})"
        lines += [decode] if test is None else [f"if not ({test}):", f"    {decode}"]
    return lines


def _is_held_as_stored(field: Field[object]) -> bool:
    return type(field) in (IntField, StringField) and getattr(field, "stored_format", None) is None


def _write_test(
    key: ComposedKey,
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
    if key.parsed:
        return _write_parsing(key, v, members, written, source)
    test = " and ".join([*dict.fromkeys(kind for kind, _ in written), f"{v} == {' + '.join(parts)}"])
    if key.field.is_key or not members:
        return f"({test})"
    absent = " or ".join(f"{member} is None" for member in dict.fromkeys(members))
    return f"({test} if {v} is not None else {absent})"


def _write_parts(key: ComposedKey, texts: Sequence[str], source: Source) -> list[str]:
    """Return the source of the parts of a key, with these texts of its members."""
    parts: list[str] = []
    for member, text in zip(key.members, texts, strict=True):
        parts += [*([source.name("literal", member.slot.literal)] if member.slot.literal else []), text]
    return [*parts, source.name("literal", key.template.tail)] if key.template.tail or not parts else parts
