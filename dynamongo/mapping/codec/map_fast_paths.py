"""Fast paths of maps with a field for each member: dicts of a `DictField`, and instances of a `Document`."""

from __future__ import annotations

from typing import Any

from dynamongo.exceptions import ValidationError
from dynamongo.fields import DictField, Field, ListField, SetField
from dynamongo.mapping.codec import plain as plain_codec
from dynamongo.mapping.codec.fast_paths import make_fast_path
from dynamongo.mapping.codec.lines import write_decode_field
from dynamongo.mapping.codec.source import Source


def define_map(field: DictField[Any], source: Source) -> str | None:
    """Define a function that takes a map whose members all take their fast paths, and returns `None` for any other.

    The new map has its members in the order of declaration, because the store keeps no order.
    """
    lines = [f"if {_refuse_map(field, source)}:", "    return None", "get, taken = v.get, {}"]
    for name, member in field.fields.items():
        fast = make_fast_path(member, "m", source)
        if fast is None or fast.test is None:
            return None  # one member that needs its field makes the whole map need its field
        key, stored = source.name_text(name), source.name_text(member.stored_as or name)
        of_given = key if source.is_of_python else stored
        of_taken = stored if source.task == "encode" else key
        lines += [f"m = get({of_given})", f"if {fast.test}:", f"    taken[{of_taken}] = {fast.result}"]
        is_needed = type(member) in (ListField, SetField) or member.required or member.has_read_rule
        lines += ["else:" if is_needed else "elif m is not None:", "    return None"]
    is_held = field.applies_defaults and source.task != "encode"
    taken = "HeldDict(taken)" if is_held else "taken"
    # Fewer members taken than given: one is unknown, and the field reports it.
    return source.define([*lines, f"return {taken} if len(taken) == len(v) else None"])


def _refuse_map(field: DictField[Any], source: Source) -> str:
    """Return the test for maps that need the field itself: a new dict would gain defaults, for example."""
    if not source.is_of_python:
        return "type(v) is not dict"
    if any(member.has_default for member in field.fields.values()):
        return "type(v) is not HeldDict or v._undeclared"
    return "v._undeclared if type(v) is HeldDict else type(v) is not dict"


def define_document(field: Any, source: Source) -> str:
    """Define a function that encodes or decodes a document, and returns `None` for one that needs the field itself."""
    write = _write_encoding if source.task == "encode" else _write_decoding
    # One function serves all fields of the class, also those in itself: where a document is, only errors say, and these
    # come from the field itself.
    return source.define_once(field.document_type.kind, lambda: write(field, source))


def _write_encoding(field: Any, source: Source) -> list[str]:
    """Return the lines for a document with exactly its fields: nothing is undeclared, and all was read.

    For `city = StringField()` and one more field::

        if type(v) is not Document0 or len(v.__dict__) != 2:
            return None
        get, taken = v.__dict__.get, {}
        m = get('name1', unset2)
        if type(m) is str and ...:
            taken['name3'] = m
        elif not (m is None):
            return None
        ...
        return taken
    """
    kind, unset = source.name("Document", field.document_type.kind), source.name("unset", object())
    source.names.update(ValidationError=ValidationError, encode_by=plain_codec.validate_and_encode)
    lines = [f"if type(v) is not {kind} or len(v.__dict__) != {len(field.fields)}:", "    return None"]
    lines += ["get, taken = v.__dict__.get, {}"]
    for name, member in field.fields.items():
        taken = f"taken[{source.name_text(member.stored_as or name)}]"
        lines += [f"m = get({source.name_text(name)}, {unset})", *_write_encoded_member(taken, member, unset, source)]
    # The field itself reports what does not suit a member, says where the document is, and refuses one in itself.
    refusals = "except (ValidationError, RecursionError):"
    return ["try:", *(f"    {line}" for line in lines), refusals, "    return None", "return taken"]


def _write_encoded_member(taken: str, member: Field[Any], unset: str, source: Source) -> list[str]:
    kind, fast = type(member), make_fast_path(member, "m", source)
    if fast is None or fast.test is None:
        name = source.name("field", member)
        lines = [f"if m is {unset}:", "    return None", f"elif m is not None and not {name}.is_absent(m):"]
        lines += [f"    {taken} = encode_by({name}, m)"]
        return [*lines, "else:", "    return None"] if member.required else lines
    is_absent = "type(m) is set and not m" if kind is SetField else "m is None"
    is_needed = member.required or kind is ListField
    otherwise = "else:" if is_needed else f"elif not ({is_absent}):"
    return [f"if {fast.test}:", f"    {taken} = {fast.result}", otherwise, "    return None"]


def _write_decoding(field: Any, source: Source) -> list[str]:
    """Return the lines for a stored document without undeclared members and NULLs.

    For `city = StringField()`::

        if type(v) is not dict:
            return None
        get, count = v.get, len(v)
        v0 = get('name0')
        if type(v0) is str:
            pass
        elif v0 is None:
            count += 1
            v0 = None
        else:
            v0 = field1.decode_value(v0)
        if count != 1:
            return None
        ...
    """
    lines = ["if type(v) is not dict:", "    return None", "get, count = v.get, len(v)"]
    for number, (name, member) in enumerate(field.fields.items()):
        lines += [f"v{number} = get({source.name_text(member.stored_as or name)})"]
        lines += write_decode_field(f"v{number}", member, source)
    return [*lines, *write_document(field, source)]


def write_document(field: Any, source: Source) -> list[str]:
    """Return the lines that make a document of the variables `v0`, `v1` and so on, unless `count` is another.

    For a document with one field::

        if count != 1:
            return None
        document = make_document(Document0)
        held = document.__dict__
        held['name1'] = v0
        return document
    """
    kind = field.document_type.kind
    source.names.update(make_document=object.__new__)
    make = "make_document" if kind.__new__ is object.__new__ else source.name("make", kind.__new__)
    lines = [f"if count != {len(field.fields)}:", "    return None"]
    lines += [f"document = {make}({source.name('Document', kind)})", "held = document.__dict__"]
    # The dicts of all documents share their keys if these are set one by one, in one order.
    lines += [f"held[{source.name_text(name)}] = v{number}" for number, name in enumerate(field.fields)]
    return [*lines, "return document"]
