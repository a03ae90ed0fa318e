"""Cold: whole processes, from a bare interpreter to the end, less what a bare interpreter takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.processes import PROGRAMS, Run, run_program
from benchmarks.rivals.base import AIODYNAMO, BOTO3, DYNAMONGO, DYNAMOXY, PYDYNOX, PYNAMODB, Library
from benchmarks.server import run_server
from benchmarks.timing import Curve, Effort, Measurement, take_turns
from benchmarks.tls import run_tls
from benchmarks.values import is_installed

IMPORTS = {
    DYNAMONGO: "import dynamongo; from dynamongo.backends.memory import MemoryBackend",
    PYNAMODB: "import pynamodb.models, pynamodb.attributes",
    PYDYNOX: "import pydynox, pydynox.testing",
    DYNAMOXY: "import dynamoxy, dynamoxy.testing",
    BOTO3: "import boto3",
}
PROGRAM_NAMES = {
    DYNAMONGO: "with_dynamongo.py",
    BOTO3: "with_boto3.py",
    PYNAMODB: "with_pynamodb.py",
    PYDYNOX: "with_pydynox.py",
    DYNAMOXY: "with_dynamoxy.py",
    AIODYNAMO: "with_aiodynamo.py",
}
KEYS = {"AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up"}
_BETTER_OF_BOTH = {"dynamoxy": 0.65, "pydynox": 0.65}
_BARE = "bare Python"


@dataclass(frozen=True)
class Start:
    """A way to start: how credentials are found, and how the server is reached.

    Attributes:
        task: What the report calls it.
        libraries: Those that can do it.
        environment: The variables that all have.
        targets: The targets of the processor time.
        limit: The target of the memory in megabytes.
        arguments: What the program is told besides.
    """

    task: str
    libraries: Sequence[Library]
    environment: Mapping[str, str]
    targets: Mapping[str, float]
    limit: float | None = None
    arguments: Sequence[str] = ()


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Import; get a first row, with each way to find credentials, over HTTP and TLS; run a first test in memory."""
    yield _import(effort)
    with run_server() as url, tempfile.TemporaryDirectory() as home:
        DYNAMONGO.load().fill(url, 2)
        _write_profile(Path(home))
        for start in _list_starts(home):
            yield from _start(start, url, {}, effort)
        if is_installed("trustme"):
            with run_tls(url) as tls:
                start = replace(_list_starts(home)[0], task="first answer over TLS", limit=13)
                yield from _start(start, tls.url, _trust(tls.authorities), effort)
    yield _test(effort)


def _import(effort: Effort) -> Measurement:
    """Import each library with its backend in memory, where it has one."""
    commands = {each.name: ["-c", f"{text}; print()"] for each, text in IMPORTS.items() if each.is_available}
    runs = _run_all(commands | {_BARE: ["-c", "print()"]}, {}, effort)
    return _compare("import, with the memory backend", runs, "ms", {"PynamoDB": 0.40})


def _list_starts(home: str) -> list[Start]:
    everybody = (DYNAMONGO, BOTO3, PYNAMODB, PYDYNOX, DYNAMOXY, AIODYNAMO)
    common = {"HOME": "/nonexistent", "AWS_DEFAULT_REGION": "us-east-2"}
    profile = common | {"HOME": home, "AWS_PROFILE": "bench"}
    like_boto3 = {"boto3": 1.05}
    return [
        Start("first answer", everybody, common | KEYS, _BETTER_OF_BOTH, 12),
        Start("first answer, with a profile", everybody, profile, like_boto3),
        Start("first answer, with a session", (DYNAMONGO, BOTO3), common | KEYS, like_boto3, None, ["session"]),
    ]


def _write_profile(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[profile bench]\nregion = us-east-2\n")
    keys = "aws_access_key_id = made-up\naws_secret_access_key = made-up\n"
    (home / ".aws" / "credentials").write_text(f"[bench]\n{keys}")


def _trust(authorities: str) -> dict[Library, dict[str, str]]:
    """Return what tells each library whom to trust: botocore's variable, or OpenSSL's, which rustls reads as well."""
    heed_botocore = (DYNAMONGO, BOTO3, PYNAMODB)
    return {
        each: {"AWS_CA_BUNDLE" if each in heed_botocore else "SSL_CERT_FILE": authorities} for each in PROGRAM_NAMES
    }


def _start(start: Start, url: str, extra: Mapping[Library, Mapping[str, str]], effort: Effort) -> Iterator[Measurement]:
    present = [each for each in start.libraries if each.is_available]
    commands = {each.name: [str(PROGRAMS / PROGRAM_NAMES[each]), "get", url, *start.arguments] for each in present} | {
        _BARE: [str(PROGRAMS / "with_nothing.py")]
    }
    environments = {each.name: dict(start.environment) | dict(extra.get(each, {})) for each in present}
    runs = _run_all(commands, environments, effort)
    print(f"  dynamongo's requests: {runs[DYNAMONGO.name][0].line}")
    yield _compare(start.task, runs, "ms", start.targets)
    yield _compare(f"{start.task}: memory", runs, "MB", {}, start.limit)


def _test(effort: Effort) -> Measurement:
    """Run the first test of a process in memory; its time is what the program prints."""
    present = [each for each in (DYNAMONGO, DYNAMOXY, PYDYNOX) if each.is_available]
    commands = {each.name: [str(PROGRAMS / PROGRAM_NAMES[each]), "test"] for each in present}
    runs = _run_all(commands, {}, effort)
    least = {name: min(float(run.line) for run in each) for name, each in runs.items()}
    found = Measurement("first test of a process, in memory", "ms", least, {"dynamoxy": 0.6, "pydynox": 1.0})
    print(found.show(), flush=True)
    return found


def _run_all(
    commands: Mapping[str, Sequence[str]], environments: Mapping[str, Mapping[str, str]], effort: Effort
) -> dict[str, list[Run]]:
    """Run the programs in turns; once before that, which writes their bytecode and does not count."""
    for name, command in commands.items():
        run_program(command, environments.get(name, {}))
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for name in take_turns(list(commands), effort.rounds):
        runs[name].append(run_program(commands[name], environments.get(name, {})))
    return runs


def _compare(
    task: str,
    runs: Mapping[str, Sequence[Run]],
    unit: str,
    targets: Mapping[str, float],
    limit: float | None = None,
) -> Measurement:
    """Return the least of each library's runs over that of a bare Python."""
    attribute = {"ms": "ms", "MB": "megabytes"}[unit]
    least = {name: min(getattr(run, attribute) for run in each) for name, each in runs.items()}
    bare = least.pop(_BARE)
    found = Measurement(task, unit, {name: value - bare for name, value in least.items()}, targets, limit)
    print(found.show(), flush=True)
    return found
