"""The example of typed models prints what its models hold; both type checkers accept it, as they do all examples."""

from __future__ import annotations

import pytest

from dynamongo import Connection
from examples.typed_models import main


def test_club_meets(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        main()
    finally:
        Connection.set_config()
    assert capsys.readouterr().out.splitlines() == [
        "JANE from Oslo, born in 1990, has read 2 in 0150",
        "JOHN from Bergen, has read 1",
        "lively: 2026-11-29 and then sleepy",
        "version 2 is stored with its time: True",
    ]
