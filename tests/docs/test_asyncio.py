"""The list of awaited verbs in `docs/asyncio.md` has all of them."""

from __future__ import annotations

import re
from pathlib import Path

from dynamongo import Connection
from dynamongo.aio import AsyncInstanceVerbs, AsyncVerbs
from dynamongo.aio.result_set import AsyncResultSet
from dynamongo.verbs.prepared_read import PreparedRead

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncio.md"


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_table_has_every_awaited_verb() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| `.* \|$", text.partition("## The verbs")[2].partition("\n## ")[0], re.MULTILINE))
    named = set(re.findall(r"\b[a-z_]+\b", rows))
    verbs = public(AsyncVerbs) | public(AsyncInstanceVerbs) | public(type(Connection.aio))
    reading = public(AsyncResultSet) - public(PreparedRead) - {"targets"}  # which serves `delete` and `update`
    assert sorted((verbs | reading) - named - {"instance", "model"}) == []
