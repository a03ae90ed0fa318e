from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import server
from server import EmulatorUnavailable, binary_name, platform_name, run_server


@pytest.mark.parametrize(
    ("system", "machine", "name", "binary"),
    [
        ("Linux", "x86_64", "linux-x64", "dynoxide"),
        ("Linux", "aarch64", "linux-arm64", "dynoxide"),
        ("Darwin", "arm64", "darwin-arm64", "dynoxide"),
        ("Darwin", "x86_64", "darwin-x64", "dynoxide"),
        ("Windows", "AMD64", "win32-x64", "dynoxide.exe"),
    ],
)
def test_every_platform_has_its_package(system: str, machine: str, name: str, binary: str) -> None:
    assert (platform_name(system, machine), binary_name(name)) == (name, binary)


def test_platform_without_a_package_is_named() -> None:
    with pytest.raises(EmulatorUnavailable, match="there is no emulator for win32-arm64"):
        platform_name("Windows", "ARM64")


def test_package_without_the_binary_is_refused(tmp_path: Path) -> None:
    tarball, readme = tmp_path / "package.tgz", tmp_path / "readme"
    readme.write_text("no binary here")
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(readme, "package/readme")
    with pytest.raises(EmulatorUnavailable, match=r"package\.tgz has no file package/dynoxide"):
        server._unpack(tarball, "package/dynoxide", tmp_path / "dynoxide")


def test_machine_without_npm_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server, "CACHE", tmp_path)
    monkeypatch.setattr(server, "npm_commands", list)
    with pytest.raises(EmulatorUnavailable, match="there is no npm"), run_server():
        pass


def test_emulator_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch, server_url: str) -> None:
    taken = int(server_url.rpartition(":")[2])
    monkeypatch.setattr(server, "find_free_port", lambda: taken)
    with pytest.raises(EmulatorUnavailable, match=r"did not start; it said .*already in use"), run_server():
        pass
