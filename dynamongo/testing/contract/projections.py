"""Projections: reads return exactly the paths that were requested."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import pytest

from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases, exact

Paths: TypeAlias = tuple[Path, ...]

KEY: Item = {"pk": "a"}
MISSING: Item = {"pk": "missing"}
ITEM: Item = {
    "pk": "a",
    "s": "text",
    "z": None,
    "f": Decimal("0.5"),
    "m": {"x": 1, "y": {"z": 2, "w": 3}, "l": [{"a": 1, "b": 2}, "e1"], "dot.ted": 4},
    "l": ["e0", 1, {"a": 1, "b": 2, "c": 3}, ["n0", "n1", "n2"], True],
    "ss": frozenset({"a"}),
    "x.y": "dotted",
}
P, L, M = Path, Path("l"), Path("m")

PROJECTED: dict[str, tuple[Paths, Item]] = {
    "attribute without the key": ((P("s"),), {"s": "text"}),
    "key": ((P("pk"),), {"pk": "a"}),
    "several attributes": ((P("z"), P("f"), P("ss")), {"z": None, "f": Decimal("0.5"), "ss": frozenset({"a"})}),
    "name with a dot": ((P("x.y"),), {"x.y": "dotted"}),
    "member of a map": ((M / "x",), {"m": {"x": 1}}),
    "member of a map with a dot in its name": ((M / "dot.ted",), {"m": {"dot.ted": 4}}),
    "deep member": ((M / "y" / "z",), {"m": {"y": {"z": 2}}}),
    "two members of one map": ((M / "y" / "z", M / "x"), {"m": {"x": 1, "y": {"z": 2}}}),
    "element": ((L / 0,), {"l": ["e0"]}),
    "elements in the order of their positions": ((L / 4, L / 0), {"l": ["e0", True]}),
    "elements without gaps": ((L / 1, L / 3), {"l": [1, ["n0", "n1", "n2"]]}),
    "two members of one element": ((L / 2 / "a", L / 2 / "c"), {"l": [{"a": 1, "c": 3}]}),
    "elements of a list in a list": ((L / 3 / 2, L / 3 / 0), {"l": [["n0", "n2"]]}),
    "parts of several elements": ((L / 3 / 1, L / 2 / "b", L / 0), {"l": ["e0", {"b": 2}, ["n1"]]}),
    "list in a map": ((M / "l" / 1, M / "l" / 0 / "b"), {"m": {"l": [{"b": 2}, "e1"]}}),
    "missing attribute": ((P("gone"),), {}),
    "missing attribute beside another": ((P("gone"), P("s")), {"s": "text"}),
    "missing member": ((M / "gone",), {}),
    "missing element": ((L / 9,), {}),
    "missing element beside another": ((L / 9, L / 0), {"l": ["e0"]}),
    "member of a list": ((L / "x",), {}),
    "element of a map": ((M / 0,), {}),
    "element of a set": ((P("ss", 0),), {}),
    "member of a string": ((P("s", "x"),), {}),
}

REFUSED: dict[str, Paths] = {
    "twice": (P("s"), P("s")),
    "path and its parent": (M, M / "x"),
    "path and its grandparent": (L / 2 / "a", L),
    "negative position": (L / -1,),
}


class ProjectionContract(ContractBase):
    """Projections, in all reads alike."""

    @proves(
        "10.1",
        cases={
            "10.1": ["attribute without the key", "key"],
            "10.2": ["member of a map", "deep member", "two members of one map"],
            "10.3": [
                "element",
                "elements in the order of their positions",
                "elements without gaps",
                "elements of a list in a list",
            ],
            "10.4": ["two members of one element", "parts of several elements", "list in a map"],
            "10.5": [
                "missing attribute",
                "missing member",
                "missing element",
                "missing element beside another",
                "member of a list",
                "element of a map",
                "element of a set",
                "member of a string",
            ],
            "10.6": ["missing attribute"],
        },
    )
    @cases("paths, expected", PROJECTED)
    def test_projection_returns_the_named_paths(self, table: Table, paths: Paths, expected: Item) -> None:
        table.put(ITEM)
        answers = {
            "get": table.get(KEY, projection=paths),
            "batch get": table.execute(BatchGet(table.name, (KEY,), paths)).items[0],
            "query": table.query("a", projection=paths).items[0],
            "scan": table.scan(projection=paths).items[0],
        }
        assert exact(answers) == exact(dict.fromkeys(answers, expected))

    @proves("10.7", cases={"9.7": ["negative position"]})
    @cases("paths", REFUSED)
    def test_projection_is_refused(self, table: Table, paths: Paths) -> None:
        for key in (KEY, MISSING):
            with pytest.raises(InvalidRequestError):
                table.get(key, projection=paths)
            with pytest.raises(InvalidRequestError):
                table.execute(BatchGet(table.name, (key,), paths))
        with pytest.raises(InvalidRequestError):
            table.query("a", projection=paths)
        with pytest.raises(InvalidRequestError):
            table.scan(projection=paths)

    @proves("10.8")
    def test_member_and_element_of_one_attribute_are_refused(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.get(KEY, projection=(M / "x", M / 0))

    @proves("10.6")
    def test_projection_of_a_missing_item_returns_none(self, table: Table) -> None:
        assert table.get(KEY, projection=(P("s"),)) is None

    @proves("10.9")
    def test_filter_sees_what_the_projection_leaves_out(self, table: Table) -> None:
        table.put(ITEM)
        condition = Comparison(P("f"), EQ, Decimal("0.5"))
        assert table.scan(filter=condition, projection=(P("s"),)).items == ({"s": "text"},)
        assert table.query("a", filter=condition, projection=(P("s"),)).items == ({"s": "text"},)

    @proves("10.10")
    def test_cursor_has_the_key_that_the_projection_leaves_out(self, ranged: Table) -> None:
        ranged.put_all([{"pk": "a", "sk": sk, "v": sk} for sk in "123"])
        page = ranged.query("a", projection=(P("v"),), limit=2)
        assert (page.items, page.cursor) == (({"v": "1"}, {"v": "2"}), {"pk": "a", "sk": "2"})
        assert ranged.read_all(ranged.scan_of(projection=(P("v"),), limit=1)) == [{"v": "1"}, {"v": "2"}, {"v": "3"}]
