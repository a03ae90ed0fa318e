from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from transport_colours import Execute, execute_blocking, open_loop


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> pytest.MonkeyPatch:
    """An environment that configures nothing, with an empty home."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "BOTO")) or name.upper().endswith(("_PROXY", "_BUNDLE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


@pytest.fixture(params=["blocking", "awaited"])
def execute(request: pytest.FixtureRequest) -> Iterator[Execute]:
    """What executes operations, in one colour and then in the other."""
    if request.param == "blocking":
        yield execute_blocking
        return
    with open_loop() as awaiting:
        yield awaiting
