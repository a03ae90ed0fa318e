"""The blocks of PynamoDB in `docs/from-pynamodb.md` run, against the emulator; `test_docs.py` runs dynamongo's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pynamodb.settings import default_settings_dict

ROOT = Path(__file__).resolve().parents[2]


def test_blocks_of_pynamodb_run(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(default_settings_dict, "host", server_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    text = (ROOT / "docs" / "from-pynamodb.md").read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "from_pynamodb"}
    blocks = re.findall(r"^```python pynamodb\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        exec(compile(block, "from-pynamodb.md", "exec"), namespace)
