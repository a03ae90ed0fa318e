"""Values: reads return what was stored, with canonical numbers; what cannot be stored is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo.exceptions import DynamongoError, InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.numbers import Number
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases, exact

NINES = "9" * 38

ROUND_TRIPS: dict[str, AttributeValue] = {
    "string": "hello",
    "string outside ASCII": "hé\u0301llo \U0001f600 \uffff",
    "string with control characters": "\x00\n\t\x7f",
    "string that looks like a number": "1.50",
    "number": 42,
    "fraction": Decimal("1.5"),
    "binary": b"\x00\x01\xfe\xff",
    "true": True,
    "false": False,
    "null": None,
    "list": ["a", 1, b"b", True, None, Decimal("0.5"), ["in"], {"k": "v"}, frozenset({"m"})],
    "list of true and 1": [True, 1, False, 0],
    "map": {"s": "a", "n": 1, "b": b"b", "t": True, "z": None, "l": [1], "m": {"k": "v"}, "ns": frozenset({1})},
    "string set": frozenset({"a", "b"}),
    "number set": frozenset({1, Decimal("2.5"), -3}),
    "binary set": frozenset({b"\x00", b"\xff"}),
    "empty string": "",
    "empty binary": b"",
    "empty list": [],
    "empty map": {},
    "empty string in a set": frozenset({"", "a"}),
    "empty binary in a set": frozenset({b"", b"a"}),
    "empty values inside": {"l": ["", b"", [], {}], "m": {"s": "", "b": b""}},
}

NUMBERS: dict[str, tuple[Number, Number]] = {
    "0": (0, 0),
    "-0": (Decimal("-0"), 0),
    "0E-5": (Decimal("0E-5"), 0),
    "1.0": (Decimal("1.0"), 1),
    "1.50": (Decimal("1.50"), Decimal("1.5")),
    "1E+2": (Decimal("1E+2"), 100),
    "1E-7": (Decimal("1E-7"), Decimal("0.0000001")),
    "-12.3400": (Decimal("-12.3400"), Decimal("-12.34")),
    "0.1": (Decimal("0.1"), Decimal("0.1")),
    "38 digits": (Decimal(NINES), int(NINES)),
    "38 digits and a fraction": (Decimal("1." + "1" * 37), Decimal("1." + "1" * 37)),
    "1 and 41 zeros": (10**41, 10**41),
    "largest": (Decimal(NINES + "E+88"), int(NINES + "0" * 88)),
    "lowest": (Decimal(f"-{NINES}E+88"), -int(NINES + "0" * 88)),
    "smallest": (Decimal("1E-130"), Decimal("1E-130")),
    "smallest below zero": (Decimal("-1E-130"), Decimal("-1E-130")),
}

BAD_NUMBERS: dict[str, Number] = {
    "39 digits": int("1" * 39),
    "39 digits and a fraction": Decimal("1." + "1" * 38),
    "1E+126": Decimal("1E+126"),
    "-1E+126": Decimal("-1E+126"),
    "10**126": 10**126,
    "1E-131": Decimal("1E-131"),
    "1E+99999999999": Decimal("1E+99999999999"),
}

NO_VALUES: dict[str, Any] = {
    "float": 1.5,
    "NaN": Decimal("NaN"),
    "infinity": Decimal("Infinity"),
    "tuple": ("a",),
    "object": object(),
    "lone surrogate": "\ud800",
    "empty set": frozenset(),
    "empty set in a list": [frozenset()],
    "empty set in a map": {"k": frozenset()},
    "set of several kinds": frozenset({"a", 1}),
    "set of booleans": frozenset({True}),
    "set of sets": frozenset({frozenset({"a"})}),
    "map with a key that is not a string": {1: "a"},
}

NAMES: dict[str, str] = {
    "dot": "x.y",
    "brackets": "x[0]",
    "space": "x y",
    "hash sign": "#n0",
    "colon": ":v0",
    "quotes": "'\"`",
    "reserved word": "select",
    "digits": "007",
    "not ASCII": "h\u00e9\U0001f600",
    "65535 bytes": "x" * 65_535,
}


class ValueContract(ContractBase):
    """Attribute values and attribute names."""

    @proves(
        "1.1",
        cases={
            "1.7": ["empty string", "empty binary", "empty list", "empty map", "empty values inside"],
            "1.12": ["string outside ASCII"],
            "3.1": ["string set", "number set", "binary set"],
            "3.2": ["empty string in a set", "empty binary in a set"],
        },
    )
    @cases("value", ROUND_TRIPS)
    def test_value_is_returned_as_stored(self, table: Table, value: AttributeValue) -> None:
        table.put({"pk": "a", "v": value})
        assert exact(table.get({"pk": "a"})) == exact({"pk": "a", "v": value})

    @proves("1.2")
    @cases("value", ROUND_TRIPS)
    def test_updated_value_is_returned(self, table: Table, value: AttributeValue) -> None:
        table.update({"pk": "a"}, SetUpdate(Path("v"), value))
        assert exact(table.get({"pk": "a"})) == exact({"pk": "a", "v": value})

    @proves("1.3")
    @cases("value", ROUND_TRIPS)
    def test_value_equals_what_was_stored(self, table: Table, value: AttributeValue) -> None:
        table.put({"pk": "a", "v": value})
        assert table.scan(filter=Comparison(Path("v"), EQ, value)).count == 1

    @proves(
        "2.1",
        "2.9",
        cases={
            "2.1": ["1.50", "1E+2", "1E-7"],
            "2.2": ["-0", "0E-5"],
            "2.3": ["38 digits", "38 digits and a fraction"],
            "2.5": ["1 and 41 zeros", "-12.3400"],
            "2.6": ["largest", "lowest"],
            "2.7": ["smallest", "smallest below zero"],
        },
    )
    @cases("written, read", NUMBERS)
    def test_number_is_returned_in_canonical_form(self, table: Table, written: Number, read: Number) -> None:
        table.put({"pk": "a", "v": written, "l": [written], "ns": frozenset({written})})
        expected = {"pk": "a", "v": read, "l": [read], "ns": frozenset({read})}
        assert exact(table.get({"pk": "a"})) == exact(expected)

    @proves(
        "2.9",
        cases={
            "2.4": ["39 digits", "39 digits and a fraction"],
            "2.6": ["1E+126", "-1E+126", "10**126"],
            "2.7": ["1E-131"],
            "2.8": ["1E+99999999999"],
        },
    )
    @cases("number", BAD_NUMBERS)
    def test_number_is_refused(self, table: Table, number: Number) -> None:
        values: list[AttributeValue] = [number, [number], {"k": number}, frozenset({number})]
        for value in values:
            with pytest.raises(InvalidRequestError):
                table.put({"pk": "a", "v": value})
        assert table.items() == []

    @proves(
        cases={
            "1.14": ["NaN", "infinity"],
            "1.15": ["float", "tuple", "object", "map with a key that is not a string"],
            "1.16": ["lone surrogate"],
            "3.3": ["set of several kinds", "set of booleans", "set of sets"],
            "3.4": ["empty set", "empty set in a list", "empty set in a map"],
        }
    )
    @cases("value", NO_VALUES)
    def test_invalid_value_is_refused(self, table: Table, value: Any) -> None:
        with pytest.raises(DynamongoError):
            table.put({"pk": "a", "v": value})
        with pytest.raises(DynamongoError):
            table.update({"pk": "a"}, SetUpdate(Path("v"), value))
        assert table.items() == []

    @proves("5.1", cases={"5.2": ["reserved word"], "5.5": ["65535 bytes"]})
    @cases("name", NAMES)
    def test_attribute_may_have_any_name(self, table: Table, name: str) -> None:
        path = Path(name)
        table.put({"pk": "a", name: 1, "m": {name: 2}})
        table.update({"pk": "a"}, SetUpdate(path, 3), SetUpdate(Path("m", name), 4), condition=Comparison(path, EQ, 1))
        assert table.get({"pk": "a"}) == {"pk": "a", name: 3, "m": {name: 4}}
        assert table.get({"pk": "a"}, projection=(path,)) == {name: 3}
        assert table.scan(filter=Comparison(Path("m", name), EQ, 4)).count == 1

    @proves("5.6")
    @cases("name", {"empty": "", "65536 bytes": "x" * 65_536})
    def test_attribute_name_is_refused(self, table: Table, name: str) -> None:
        with pytest.raises(DynamongoError):
            table.put({"pk": "a", name: 1})
        item: Item = {"pk": "a", "m": {}}
        table.put(item)
        for path in (Path(name), Path("m", name)):
            with pytest.raises(DynamongoError):
                table.update({"pk": "a"}, SetUpdate(path, 1))
        assert table.items() == [item]

    @proves("5.3")
    def test_attribute_names_differ_by_case(self, table: Table) -> None:
        item: Item = {"pk": "a", "x": 1, "X": 2, "PK": 3}
        table.put(item)
        assert table.get({"pk": "a"}) == item

    @proves("5.4")
    def test_name_with_a_dot_is_no_path(self, table: Table) -> None:
        table.put({"pk": "a", "x": {"y": 1}})
        table.update({"pk": "a"}, SetUpdate(Path("x.y"), 2), SetUpdate(Path("x", "y"), 3))
        assert table.get({"pk": "a"}) == {"pk": "a", "x": {"y": 3}, "x.y": 2}
