"""A table with indexes of every kind, which several classes of the contract share.

The table's keys are `pk` and `sk`, both strings. The hash key of global indexes is `gh`, a string; their range key, if
they have one, is `gs`, a number. The range key of local indexes is `ls`, a string.
"""

from __future__ import annotations

import pytest

from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, Projection
from dynamongo.testing.contract.base import ContractBase, MakeTable
from dynamongo.testing.contract.table import Table

KEYS_ONLY = Projection("keys_only")
SOME = Projection("include", ("a", "m"))

_PK = KeyAttribute("pk", "S")
_GH = KeyAttribute("gh", "S")
_GLOBAL = KeySchema(_GH, KeyAttribute("gs", "N"))
_LOCAL = KeySchema(_PK, KeyAttribute("ls", "S"))

INDEXES: tuple[IndexSchema, ...] = (
    IndexSchema("by_gh", KeySchema(_GH)),
    IndexSchema("by_gh_gs", _GLOBAL),
    IndexSchema("by_gh_gs_keys", _GLOBAL, KEYS_ONLY),
    IndexSchema("by_gh_gs_some", _GLOBAL, SOME),
    IndexSchema("by_ls", _LOCAL, is_global=False),
    IndexSchema("by_ls_keys", _LOCAL, KEYS_ONLY, is_global=False),
    IndexSchema("by_ls_some", _LOCAL, SOME, is_global=False),
)

GLOBAL_NAMES = {index.name: index.name for index in INDEXES if index.is_global}
LOCAL_NAMES = {index.name: index.name for index in INDEXES if not index.is_global}
NAMES = GLOBAL_NAMES | LOCAL_NAMES
WITHOUT_ALL = {index.name: index.name for index in INDEXES if index.projection.kind != "all"}
HASH_NAMES = dict.fromkeys(GLOBAL_NAMES, "gh") | dict.fromkeys(LOCAL_NAMES, "pk")


def item_of(sk: str, **attributes: AttributeValue) -> Item:
    """Return an item of the partition `x` of the table and of all indexes, with the same range key in each index."""
    return {"pk": "x", "sk": sk, "gh": "x", "gs": 1, "ls": "1", **attributes}


class IndexBase(ContractBase):
    """Base class of the classes about indexes."""

    @pytest.fixture
    def indexed(self, make_table: MakeTable) -> Table:
        """Return an empty table with `INDEXES`."""
        return make_table("S", "S", INDEXES)
