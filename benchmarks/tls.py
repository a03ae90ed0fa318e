"""A server that takes TLS, and hands on what it gets to another one: `python -m benchmarks.tls HOST PORT CERTIFICATE`.

It prints its own port when it listens, and ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class Tls(NamedTuple):
    """Where the server is, and the file of the authorities that vouch for it: as many as AWS's users trust."""

    url: str
    authorities: str


@contextlib.contextmanager
def run_tls(url: str) -> Iterator[Tls]:
    """Run the server in front of another one, with a new certificate of an authority of its own."""
    parts = urlsplit(url)
    with tempfile.TemporaryDirectory() as directory:
        certificate, authorities = _make_certificate(Path(directory), str(parts.hostname))
        command = [sys.executable, "-m", "benchmarks.tls", str(parts.hostname), str(parts.port), str(certificate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield Tls(f"https://{parts.hostname}:{process.stdout.readline().strip()}", str(authorities))
            process.communicate()


def _make_certificate(directory: Path, host: str) -> tuple[Path, Path]:
    """Write a certificate with its key, and botocore's authorities with the one that has signed it."""
    trustme = importlib.import_module("trustme")
    botocore = Path(str(importlib.import_module("botocore").__file__)).parent
    authority = trustme.CA()
    certificate, authorities = directory / "certificate.pem", directory / "authorities.pem"
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    known = (botocore / "cacert.pem").read_bytes()
    authorities.write_bytes(known + b"\n" + authority.cert_pem.bytes())
    return certificate, authorities


async def serve(host: str, port: int, certificate: str) -> None:
    """Listen until the input ends."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))

    server = await asyncio.start_server(hand_on, host, 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
