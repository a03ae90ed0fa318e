from __future__ import annotations

import os
from pathlib import Path as FilePath

import pytest


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> pytest.MonkeyPatch:
    """An environment that configures nothing, with an empty home."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "BOTO")) or name.upper().endswith(("_PROXY", "_BUNDLE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch
