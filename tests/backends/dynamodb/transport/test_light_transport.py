"""The light transport: sends without boto3, each time in a process of its own, and gives way to boto3 when it comes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath

import pytest

BODY = b'{"Item":{"id":{"S":"a"}}}'


class Recorder(BaseHTTPRequestHandler):
    """Answers every request, and writes down who signed it, and whether boto3 sent it."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Authorization"].partition("Credential=")[2].split("/")
        self.seen.append((f"{key[0]} {key[2]}", self.headers["User-Agent"].partition("/")[0]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Recorder.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


MAKE = """
import os, sys
from dynamongo import Connection, Model, StringField
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Get
backend = DynamoDBBackend(endpoint_url=url)
def ask():
    assert backend.execute(Get("table", {"id": "a"})).item == {"id": "a"}
"""


AWAIT = """
import asyncio
def ask():
    assert asyncio.run(backend.execute_async(Get("table", {"id": "a"}))).item == {"id": "a"}
"""


def run_program(url: str, home: FilePath, *lines: str) -> list[str]:
    """What a program prints that has credentials in its environment, and whose home is empty."""
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith(("AWS_", "BOTO"))}
    env = {name: value for name, value in env.items() if not name.upper().endswith(("_PROXY", "_BUNDLE"))}
    env |= {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1", "HOME": str(home)}
    command = [sys.executable, "-c", "\n".join([f"url = {url!r}", MAKE, *lines])]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["getaddrinfo", "create_connection"])
def test_replaced_functions_of_socket_get_text(url: str, tmp_path: FilePath, name: str) -> None:
    """Even those that `functools.wraps` has given the name and the module of the original."""
    lines = run_program(
        url,
        tmp_path,
        "import functools, socket",
        f"original = socket.{name}",
        "@functools.wraps(original)",
        "def replacement(host, *args, **named):",
        "    print(host if isinstance(host, str) else host[0])",
        "    return original(host, *args, **named)",
        f"socket.{name} = replacement",
        "ask()",
        "backend.execute(Get('table', {'id': 'a'}), seconds=5)",
        "backend.close()",
        "backend.execute(Get('table', {'id': 'a'}), seconds=5)",
    )
    assert lines
    assert set(lines) == {"127.0.0.1"}


def test_nothing_of_boto3_is_imported(url: str, tmp_path: FilePath) -> None:
    lines = run_program(
        url,
        tmp_path,
        "class Item(Model):",
        "    __table__, __hash_key__, __connection__ = 'items', 'id', Connection(backend=backend)",
        "    id = StringField()",
        "assert Item.get_one('a').id == 'a'",
        "print(backend.describe_transport())",
        "print(backend.max_attempts)",
        "slow = 'boto3 botocore urllib3 http.client email ssl urllib.parse hmac encodings.idna logging'",
        "print([name for name in slow.split() if name in sys.modules])",
    )
    assert lines == ["direct: started without boto3", "None", "[]"]
    assert Recorder.seen == [("first eu-west-1", "dynamongo")]


def test_nothing_of_boto3_is_imported_by_awaited_calls_either(url: str, tmp_path: FilePath) -> None:
    lines = run_program(
        url,
        tmp_path,
        AWAIT,
        "class Item(Model):",
        "    __table__, __hash_key__, __connection__ = 'items', 'id', Connection(backend=backend)",
        "    id = StringField()",
        "async def main():",
        "    assert (await Item.aio.get_one('a')).id == 'a'",
        "    print(backend.describe_transport())",
        "    await backend.close_async()",
        "asyncio.run(main())",
        "slow = 'boto3 botocore urllib3 http.client email urllib.parse hmac'",
        "print([name for name in slow.split() if name in sys.modules])",
    )
    assert lines == ["direct: started without boto3", "[]"]
    assert Recorder.seen == [("first eu-west-1", "dynamongo")]


@pytest.mark.parametrize("define_ask", ["", AWAIT], ids=["blocking", "awaited"])
def test_imported_boto3_takes_over_with_the_same_credentials(url: str, tmp_path: FilePath, define_ask: str) -> None:
    """And in the child of a fork likewise, without an effect on the parent."""
    lines = run_program(
        url,
        tmp_path,
        define_ask,
        "ask()",
        "os.environ.update(AWS_ACCESS_KEY_ID='second', AWS_REGION='us-east-1')",
        "ask()",
        "child = os.fork()",
        "if child == 0:",
        "    ask()",
        "    import botocore",
        "    ask()",
        "    print(backend.describe_transport(), flush=True)",
        "    os._exit(0)",
        "os.waitpid(child, 0)",
        "ask()",
        "print(backend.describe_transport())",
        "import boto3",
        "ask()",
        "print(backend.describe_transport())",
        "from moto import mock_aws",
        "with mock_aws():",
        "    print(backend.describe_transport())",
        "backend.close()",
        "ask()",
    )
    assert lines == [
        "direct: started by boto3, since botocore is imported",
        "direct: started without boto3",
        "direct: started by boto3, since botocore is imported",
        "boto3: moto is active",
    ]
    first = [(key, sender) for key, sender in Recorder.seen if key == "first eu-west-1"]
    assert [sender for _, sender in first] == ["dynamongo"] * 3 + ["Boto3", "dynamongo", "Boto3"]
    assert Recorder.seen[len(first) :] == [("second us-east-1", "Boto3")]  # what is opened again is read again


@pytest.mark.slow
def test_requests_of_many_threads_go_over_at_once(url: str, tmp_path: FilePath) -> None:
    lines = run_program(
        url,
        tmp_path,
        "import threading",
        "stop, counts, clients = threading.Event(), [], set()",
        "def work():",
        "    count = 0",
        "    while not stop.is_set():",
        "        ask()",
        "        count += 1",
        "        clients.add(id(backend._transport._successor))",
        "    ask()",
        "    counts.append(count)",
        "threads = [threading.Thread(target=work) for _ in range(6)]",
        "for thread in threads: thread.start()",
        "while len(clients) < 1: pass",
        "import botocore",
        "while len(clients) < 2: pass",
        "stop.set()",
        "for thread in threads: thread.join()",
        "print(len(counts), len(clients - {id(None)}), backend.describe_transport())",
    )
    assert lines == ["6 1 direct: started by boto3, since botocore is imported"]
    assert {key for key, _ in Recorder.seen} == {"first eu-west-1"}


@pytest.mark.parametrize("define_ask", ["", AWAIT], ids=["blocking", "awaited"])
def test_client_that_cannot_be_made_is_reported_until_it_can(url: str, tmp_path: FilePath, define_ask: str) -> None:
    lines = run_program(
        url,
        tmp_path,
        define_ask,
        "ask()",
        "from dynamongo.exceptions import ConfigurationError",
        "import botocore.session",
        "class Broken(Exception): pass",
        "create, botocore.session.Session.create_client = botocore.session.Session.create_client, None",
        "for _ in range(2):",
        "    try: ask()",
        "    except ConfigurationError as error: print(str(error)[:45])",
        "botocore.session.Session.create_client = create",
        "ask()",
        "print(backend.describe_transport())",
    )
    assert lines == ["boto3 cannot create a client or a request: Ty"] * 2 + [
        "direct: started by boto3, since botocore is imported"
    ]


def test_reason_for_boto3_is_told(tmp_path: FilePath) -> None:
    told = run_program(
        "http://127.0.0.1:1",
        tmp_path,
        "import http.client",
        "http.client.HTTPConnection.request = lambda *_, **__: None",
        "from dynamongo.backends.dynamodb.transport import transport",
        "transport._start_with_boto3 = lambda settings, reason: print(reason) or sys.exit()",  # which takes long
        "backend.describe_transport()",
    )
    assert told == ["http.client's HTTPConnection.request is replaced"]
