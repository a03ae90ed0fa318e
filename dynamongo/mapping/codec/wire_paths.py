"""Wire paths: how the codec reads values from parsed DynamoDB JSON, without making attribute values of them first.

The lines for a field unpack its value where it has the type that the field stores, and then apply the fast path that
`decode` would apply to the attribute value; for all other values the field's own method decides, as it does there. Only
lists and maps are read as a whole, since the attribute values of their parts would need containers of their own.
`tests/mapping/test_wire_paths.py` compares the instances with those that `decode` makes.
"""

from __future__ import annotations

from typing import Any, Final

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.wire_values import DECODERS, FREE_DECODERS, WireValue, decode_value
from dynamongo.fields import DictField, EnumField, Field, ListField, SetField
from dynamongo.mapping.codec.fast_paths import is_own, make_fast_path
from dynamongo.mapping.codec.lines import write_absent
from dynamongo.mapping.codec.map_fast_paths import write_document
from dynamongo.mapping.codec.source import Source


@dataclass(frozen=True, slots=True)
class WirePath:
    """How a value of a field is read from the parsed JSON of an attribute value in the variable `w`.

    Attributes:
        kind: The DynamoDB type that it is for.
        read: The expression that reads the content, which it calls `{0}`.
        test: The test of what was read, in the variable `v`; `None` if all values pass it.
        result: What an instance holds if the test holds.
    """

    kind: str
    read: str
    test: str | None
    result: str


def can_read_wire(field: Field[Any]) -> bool:
    """Return whether the values of the field can be read without calling code of users.

    Responses are read while the backend executes an operation. Code of users is called when that is over.
    """
    if _has_enumeration(field) and _make_path(field, "v", Source("read", {})) is None:
        return False  # an enumeration may have a `_missing_` of the user's
    is_plain = is_own(field) and field.validator is None and not callable(field.default_on_read)
    return is_plain and all(map(can_read_wire, _parts_of(field)))


def write_read_field(v: str, name: str, field: Field[Any], missing: str, source: Source) -> list[str]:
    """Return the lines that read the attribute that the source calls `name` into `v`, or `missing` if it is absent.

    For `age = IntField(min_value=0)`::

        w = get('name2', ABSENT)
        if 'N' in w and len(w) == 1:
            v2 = w['N']
            v2 = int(v2) if v2.isdecimal() else decode_N(v2)
            if not (type(v2) is int and v2 >= low6):
                v2 = read_by(field7, w)
        elif w is ABSENT:
            count += 1
            v2 = None
        else:
            v2 = read_by(field7, w)
            count += 'NULL' in w
    """
    field_name = source.name("field", field)
    by_field = "return None" if _has_enumeration(field) else f"{v} = read_by({field_name}, w)"
    path = _make_path(field, v, source)
    taking = [] if path is None else _write_taking(path, v, f"{v} = {path.result}", by_field)
    absent = ["    return None"] if field.is_key else ["    count += 1", f"    {v} = {missing}"]
    return [
        f"w = get({name}, ABSENT)",
        *taking,
        "elif w is ABSENT:" if taking else "if w is ABSENT:",
        *absent,
        "else:",
        f"    {by_field}",
        "    count += 'NULL' in w",  # so that there is a record of it
    ]


def _write_taking(path: WirePath, v: str, take: str, otherwise: str) -> list[str]:
    """Return the lines that take a value which passes the test, and do something else with others of that type."""
    content = f"w['{path.kind}']"
    head = [f"if '{path.kind}' in w and len(w) == 1:"]
    if path.test is None:
        return [*head, f"    {v} = {path.read.format(content)}", *([] if take == f"{v} = {v}" else [f"    {take}"])]
    read = [f"    {v} = {content}", *([] if path.read == "{0}" else [f"    {v} = {path.read.format(v)}"])]
    if take == f"{v} = {v}":
        return [*head, *read, f"    if not ({path.test}):", f"        {otherwise}"]
    return [*head, *read, f"    if {path.test}:", f"        {take}", "    else:", f"        {otherwise}"]


def _make_path(field: Field[Any], v: str, source: Source) -> WirePath | None:
    """Return the wire path of a field, if it has one."""
    if field.validator is not None or field.choices is not None or field.is_expiry:
        return None
    if isinstance(field, DictField):
        return _make_document_path(field, v, source) if field.is_document else _make_map_path(field, v, source)
    known: Any = field  # pyright does not know what elements a list has
    if isinstance(field, ListField) and (path := _make_list_path(known, v, source)) is not None:
        return path
    kind, fast = field.stored_type, make_fast_path(known, v, source)
    if kind is None or fast is None or fast.test is None:
        return None
    return WirePath(kind, _READS.get(kind, f"decode_{kind}({{0}})"), fast.test, fast.result)


def _make_list_path(field: ListField[Any], v: str, source: Source) -> WirePath | None:
    """Return the path of a list whose elements have one; one that does not take it makes the list of results shorter.

    For `ListField(StringField())` the test is ::

        len(v_ := [ve for w in v if 'S' in w and len(w) == 1 for ve in (w['S'],) if type(ve) is str]) == len(v)
    """
    element = None if type(field.element) is SetField else _make_path(field.element, f"{v}e", source)
    if element is None:
        return None
    each, kind = f"{v}e", element.kind
    read, test = element.read.format(f"w['{kind}']"), "" if element.test is None else f" if {element.test}"
    parts = f"for w in {v} if '{kind}' in w and len(w) == 1 for {each} in ({read},){test}"
    return WirePath("L", "{0}", f"len({v}_ := [{element.result} {parts}]) == len({v})", f"{v}_")


def _make_map_path(field: DictField[Any], v: str, source: Source) -> WirePath | None:
    if not field.fields:
        return WirePath("M", "read_map({0})", None, v)
    take = _define_map(field, source)
    return None if take is None else WirePath("M", f"{take}({{0}})", f"{v} is not None", v)


def _define_map(field: DictField[Any], source: Source) -> str | None:
    """Define the function that reads a map whose members all take their paths, and returns `None` for any other."""
    lines = ["get, taken = v.get, {}"]
    for name, member in field.fields.items():
        path = _make_path(member, "m", source)
        if path is None:
            return None
        key, stored = source.name_text(name), source.name_text(member.stored_as or name)
        is_needed = isinstance(member, (ListField, SetField)) or member.required or member.has_read_rule
        lines += [
            f"w = get({stored}, ABSENT)",
            *_write_taking(path, "m", f"taken[{key}] = {path.result}", "return None"),
        ]
        lines += ["else:" if is_needed else "elif w is not ABSENT:", "    return None"]
    taken = "HeldDict(taken)" if field.applies_defaults else "taken"
    # Fewer members taken than there are: one is unknown, and the field keeps it.
    return source.define([*lines, f"return {taken} if len(taken) == len(v) else None"])


def _make_document_path(field: Any, v: str, source: Source) -> WirePath:
    take = source.define_once(field.document_type.kind, lambda: _write_document(field, source))
    return WirePath("M", f"{take}({{0}})", f"{v} is not None", v)


def _write_document(field: Any, source: Source) -> list[str]:
    """Return the lines that read a document, as those of `map_fast_paths` do from attribute values."""
    lines = ["get, count = v.get, len(v)"]
    for number, (name, member) in enumerate(field.fields.items()):
        stored = source.name_text(member.stored_as or name)
        lines += write_read_field(f"v{number}", stored, member, write_absent(member, source), source)
    return [*lines, *write_document(field, source)]


def _parts_of(field: Field[Any]) -> list[Field[Any]]:
    if isinstance(field, DictField):
        return [] if field.is_reference else list(field.fields.values())  # which the enclosing document has, too
    if isinstance(field, ListField):
        return [field.element]
    return [field.member] if isinstance(field, SetField) else []


def _has_enumeration(field: Field[Any]) -> bool:
    return isinstance(field, EnumField) or any(map(_has_enumeration, _parts_of(field)))


def _read_by(field: Field[Any], wire: WireValue) -> Any:
    """Return what the field itself reads; raises as `decode_value` and as the field do."""
    stored = decode_value(wire)
    return field.read_absent() if stored is None and not field.is_key else field.decode(stored)


_READS: Final = {"S": "{0}", "BOOL": "{0}", "N": "int({0}) if {0}.isdecimal() else decode_N({0})"}
"""The content of most values, without a call."""

WIRE_NAMES: Final[dict[str, Any]] = {
    "ABSENT": {},  # no value has no type at all
    "read_by": _read_by,
    "read_map": FREE_DECODERS["M"],
    **{f"decode_{kind}": decode for kind, decode in DECODERS.items()},
}
"""More globals of the function that reads."""
