"""TLS: few authorities are read at first, and nevertheless all certificates are accepted that boto3 accepts."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath
from typing import Any

import certifi
import pytest
import trustme
from botocore.httpsession import create_urllib3_context
from transport_colours import Execute

from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.transport import tls
from dynamongo.exceptions import ServiceError
from dynamongo.operations import Get

GET = Get("table", {"id": "a"})
USUAL = FilePath(certifi.where()).read_text()
LABEL = '# Label: "Amazon Root CA 1"\n'
OTHER = '# Label: "Made-up Root CA"\n'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Answering.count += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def port(authority: trustme.CA) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    Answering.count = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


@pytest.fixture
def bundle(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    path = tmp_path / "bundle.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    return path


def make_backend(host: str, port: int) -> DynamoDBBackend:
    url = f"https://{host}:{port}"
    return DynamoDBBackend(access_key_id="a", secret_access_key="b", region="us-east-2", endpoint_url=url)


def count_authorities(backend: DynamoDBBackend) -> int:
    transport: Any = backend._transport
    return int(transport._direct._trust.context.cert_store_stats()["x509"])


def to_text(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


ALL = USUAL.count("-----BEGIN CERTIFICATE-----")
FEW = USUAL.count('# Label: "Amazon Root CA') + ALL - USUAL.count("# Label:")
"""How many are of AWS, or were added by whoever has installed certifi here."""


class TestAuthorities:
    @pytest.mark.parametrize(
        ("write", "count"),
        [
            (lambda own: USUAL.replace(LABEL, f"{LABEL}{own}{LABEL}", 1), FEW + 1),
            (lambda own: USUAL + own, FEW + 1),
            (lambda own: own + USUAL, FEW + 1),
            (lambda own: f"{USUAL}{OTHER}{own}", ALL + 1),
            (lambda own: f"{OTHER}{own}{USUAL}", ALL + 1),
            (lambda own: (USUAL + own).replace("# Label", "#"), ALL + 1),
            (lambda own: own, 1),
            (lambda own: f"{OTHER}{own}", 1),
            (lambda own: f"{own}{LABEL}", 1),
            (lambda own: f"{own}{OTHER}-----END CERTIFICATE-----", 1),
        ],
        ids=[
            "labelled as AWS's",
            "added at the end",
            "added at the beginning",
            "labelled otherwise at the end",
            "labelled otherwise at the beginning",
            "without labels",
            "alone",
            "alone with a label",
            "cut off",
            "damaged",
        ],
    )
    def test_every_authority_of_the_file_is_trusted(  # noqa: PLR0917 - fixtures
        self, authority: trustme.CA, port: int, bundle: FilePath, write: Any, count: int, execute: Execute
    ) -> None:
        bundle.write_text(write(to_text(authority)))
        backend = make_backend("localhost", port)
        assert execute(backend, GET).item is None
        assert (count_authorities(backend), Answering.count) == (count, 1)
        backend.close()

    @pytest.mark.parametrize("text", [USUAL, USUAL + to_text(trustme.CA())], ids=["none", "another one"])
    def test_no_other_is(self, port: int, bundle: FilePath, text: str, execute: Execute) -> None:
        bundle.write_text(text)
        backend = make_backend("localhost", port)
        for _ in range(2):
            with pytest.raises(ServiceError, match="CERTIFICATE_VERIFY_FAILED") as caught:
                execute(backend, GET)
            assert (caught.value.code, caught.value.was_sent, Answering.count) == ("SSLError", False, 0)
        assert count_authorities(backend) == text.count("-----BEGIN CERTIFICATE-----")
        backend.close()

    def test_name_is_checked_too(self, authority: trustme.CA, port: int, bundle: FilePath, execute: Execute) -> None:
        bundle.write_text(USUAL + to_text(authority))
        backend = make_backend("127.0.0.1", port)
        with pytest.raises(ServiceError, match="IP address mismatch"):
            execute(backend, GET)
        assert Answering.count == 0
        backend.close()

    def test_threads_that_need_the_whole_file_at_once_all_get_it(
        self, authority: trustme.CA, port: int, bundle: FilePath
    ) -> None:
        bundle.write_text(USUAL + to_text(authority))
        backend = make_backend("localhost", port)
        backend.describe_transport()
        with ThreadPoolExecutor(8) as threads:
            assert [each.item for each in threads.map(lambda _: backend.execute(GET), range(16))] == [None] * 16
        backend.close()


def test_context_without_botocore_has_the_flags_of_botocores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    ours, theirs = tls.make_plain_context(), create_urllib3_context()
    assert ours.check_hostname
    assert flags_of(ours) == flags_of(theirs)


def flags_of(context: ssl.SSLContext) -> dict[str, Any]:
    """Everything that can be read of a context, except that urllib3 checks the name itself."""
    names = {name for name in dir(context) if not name.startswith("_") and name != "check_hostname"}
    values = {name: getattr(context, name) for name in names if not callable(getattr(context, name))}
    return values | {"ciphers": [each["name"] for each in context.get_ciphers()]}
