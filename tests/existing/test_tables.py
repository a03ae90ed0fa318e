"""The document about existing tables lists what the programs write and what the models declare."""

from __future__ import annotations

from existing.tables import BEGIN, DOCUMENT, END, render


def test_document_has_the_tables_of_all_libraries() -> None:
    listed = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert listed.strip() == render().strip()  # else run tests/existing/tables.py
