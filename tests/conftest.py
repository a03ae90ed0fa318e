"""Fixtures for all tests: the emulator, and a backend that talks to it."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from typing import Any

import botocore.loaders
import pytest
from botocore_model import check_request
from hypothesis import HealthCheck, Phase, settings
from server import EmulatorUnavailable, is_required, run_server

from dynamongo import Connection
from dynamongo._support import codegen
from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport.direct_transport import DirectTransport
from dynamongo.backends.memory import MemoryBackend

# A machine that is shared is slow at times, which says nothing about the code.
settings.register_profile("patient", settings(), deadline=None, max_examples=40)
# `.ci/run` repeats the tests with random values so, without measuring the coverage, which takes twice the time.
settings.register_profile("thorough", settings.get_profile("patient"), max_examples=100)
# For `tests/agreement/test_agreement.py`, which says how: ten thousands of steps.
settings.register_profile("soak", settings.get_profile("patient"), max_examples=2000, stateful_step_count=60)
# For `tests/mutants.py`: that a test fails is enough, and a minimal example takes a minute to find.
settings.register_profile(
    "mutants",
    settings.get_profile("thorough"),
    phases=[Phase.explicit, Phase.generate],
    database=None,
    # Without its plugin of pytest, Hypothesis takes the parameters of a method for a mistake.
    suppress_health_check=[HealthCheck.differing_executors],
)
settings.load_profile(os.environ.get("DYNAMONGO_HYPOTHESIS_PROFILE", "patient"))


@pytest.hookimpl(optionalhook=True)  # the planted bugs are looked for without xdist
def pytest_xdist_auto_num_workers() -> int:
    """Return the workers of `-n auto`: one more than there are cores, since some tests wait for time to pass."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep thousands of tests out of every later collection of garbage, which takes a third of a second with them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of an emulator that all tests of the session share (of the worker, under pytest-xdist).

    Tests keep apart by the names of their tables. Where the emulator cannot be had they are skipped, except on CI.
    """
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(run_server())
        except EmulatorUnavailable as error:
            if is_required():
                pytest.fail(str(error))
            pytest.skip(str(error))
        yield url


# Most tests make a few calls. This is how they meet both the plain functions and what these are compiled to.
codegen.PLAIN_CALLS = 2


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_data_once() -> Iterator[None]:
    """Let all sessions of botocore share a loader: each would read megabytes of JSON, and most tests make a client."""
    create = botocore.loaders.create_loader
    shared = create()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda path=None: create(path) if path else shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def _requests_are_checked() -> Iterator[None]:
    """Fail whatever is sent directly and carried out, although botocore's `ParamValidator` would have refused it."""
    send, send_async = DirectTransport.send, DirectTransport.send_async

    def send_checked(self: DirectTransport, request: Request, seconds: float | None = None) -> dict[str, Any]:
        answer = send(self, request, seconds)
        check_request(request.action, request.arguments)
        return answer

    async def send_checked_async(
        self: DirectTransport, request: Request, seconds: float | None = None
    ) -> dict[str, Any]:
        answer = await send_async(self, request, seconds)
        check_request(request.action, request.arguments)
        return answer

    DirectTransport.send = send_checked  # type: ignore[method-assign]
    DirectTransport.send_async = send_checked_async  # type: ignore[method-assign]
    yield
    DirectTransport.send = send  # type: ignore[method-assign]
    DirectTransport.send_async = send_async  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def dynamodb_backend(server_url: str) -> Iterator[DynamoDBBackend]:
    """A dynamodb backend against the emulator; all tests share it, since a client takes long to make."""
    with contextlib.closing(_make_backend(server_url, "auto")) as backend:
        yield backend


@pytest.fixture(params=["memory", "dynamodb"])
def on_each_backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The backend that serves every model in the test: memory, and then the emulator."""
    backend: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend):
        yield backend


@pytest.fixture(scope="session")
def boto3_backend(server_url: str) -> Iterator[DynamoDBBackend]:
    """The same, through boto3."""
    with contextlib.closing(_make_backend(server_url, "boto3")) as backend:
        yield backend


def _make_backend(server_url: str, transport: str) -> DynamoDBBackend:
    return DynamoDBBackend(
        access_key_id="made-up",
        secret_access_key="made-up",
        region="us-east-2",
        endpoint_url=server_url,
        transport=transport,
    )
