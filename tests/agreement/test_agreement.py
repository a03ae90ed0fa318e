"""The memory backend answers as the server does: random operations, step by step on both, in each colour.

A run of `-m slow` takes half a minute. A soak does 2,000 longer sequences, each run with other ones or, with the
number of a seed, with the same; it prints the totals at its end, as does `-v`:

    pytest -m slow tests/agreement/test_agreement.py --hypothesis-profile=soak --hypothesis-seed=1

A failure shows the operations that led to it as Python can read them, in the fewest that hypothesis found.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test

from agreement.machine import Agreement
from agreement.totals import Totals
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.testing.contract import Awaited

pytestmark = pytest.mark.slow


@pytest.fixture
def totals(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Totals]:
    """Counts of the run, printed at its end if pytest is verbose or soaks."""
    counts = Totals()
    yield counts
    config = request.config
    if config.option.verbose > 0 or config.getoption("--hypothesis-profile") == "soak":
        with capsys.disabled():
            print("", *counts.lines(), sep="\n")  # noqa: T201 - what a soak is run for


@pytest.fixture
def server(dynamodb_backend: DynamoDBBackend, colour: str) -> Iterator[Backend]:
    if colour == "awaited":
        with Awaited(dynamodb_backend) as backend:
            yield backend
    else:
        yield dynamodb_backend


@pytest.mark.parametrize("colour", ["blocking", "awaited"])
def test_memory_and_the_server_agree(server: Backend, colour: str, totals: Totals) -> None:
    class Machine(Agreement):
        backend = server

    Machine.is_awaited = colour == "awaited"
    Machine.totals = totals
    run_state_machine_as_test(Machine)
