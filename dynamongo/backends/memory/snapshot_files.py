"""Snapshot files: items in lines of DynamoDB JSON, as DynamoDB's export to Amazon S3 writes them.

A line looks like `{"Item": {"id": {"S": "a"}}}`; numbers are text, and binary values are Base64. A file is compressed
if its name ends in `.gz`; readers recognize compressed files by their contents.

Source: "DynamoDB table export output format" in the developer guide.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import secrets
import shutil
import stat
import zlib
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path as FilePath
from typing import IO, Any, TypeAlias, cast

from dynamongo.backends.dynamodb_json import decode_item, render_item
from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.expressions.values import ATTRIBUTE_TYPES, Item, hidden_values, shorten

try:
    import fcntl
except ImportError:  # on Windows, which does not let a file be deleted while it is open
    fcntl = None  # type: ignore[assignment]  # a module cannot be None, as far as mypy knows

AnyPath: TypeAlias = "str | os.PathLike[str]"

_GZIP = b"\x1f\x8b"  # the first bytes of every gzip file (RFC 1952)
_SUFFIXES = (".json", ".json.gz")


def write_items(path: AnyPath, items: Iterable[Item]) -> int:
    """Write items to a file, which appears once it is complete, and return their number.

    A link is followed. A pipe or device receives the items one by one. If several processes write to a path at the
    same time, the last one wins.
    """
    given = FilePath(path)
    is_compressed = given.suffix == ".gz"
    if _is_stream(given):
        with given.open("wb") as raw:
            return _write(raw, items, is_compressed=is_compressed)
    target = FilePath(os.path.realpath(given))  # replacing a link would leave the file it points to unchanged
    _clear_abandoned(target)
    with _create_partial(target) as (partial, raw):
        count = _write(raw, items, is_compressed=is_compressed)
        raw.close()  # Windows does not rename an open file
        if target.exists():  # a new file gets the permissions that the umask allows
            shutil.copymode(target, partial)
        partial.replace(target)
    return count


def _is_stream(path: FilePath) -> bool:
    """Return whether the path is a pipe, a terminal or another character device, which cannot be replaced."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise ValidationError(f"cannot write to {path}: it is a folder, a socket or a block device")
    return not stat.S_ISREG(mode)


def _write(raw: IO[bytes], items: Iterable[Item], *, is_compressed: bool) -> int:
    count = 0
    # Without the "", the header would hold the name of the partial file.
    with gzip.GzipFile("", "wb", fileobj=raw) if is_compressed else contextlib.nullcontext(raw) as file:
        for count, item in enumerate(items, 1):  # noqa: B007 - used after the loop: the last number is the count
            file.write(f'{{"Item":{render_item(item)}}}\n'.encode())
    return count


@contextlib.contextmanager
def _create_partial(target: FilePath) -> Generator[tuple[FilePath, IO[bytes]]]:
    """Create a file beside the target for this writer alone, locked so that other writers see that it is in use."""
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    with partial.open("xb") as raw, _locked(raw) as is_there:
        if is_there:
            try:
                yield partial, raw
            finally:
                raw.close()
                partial.unlink(missing_ok=True)
            return
    with _create_partial(target) as created:  # another writer deleted it before it was locked
        yield created


@contextlib.contextmanager
def _locked(file: IO[bytes]) -> Generator[bool]:
    """Hold a lock on a file, even if it is closed in the block; yield whether the file still exists."""
    if fcntl is None:
        yield True
        return
    lock = os.dup(file.fileno())  # which keeps the lock when the file is closed
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks: abandoned files stay there then
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield os.fstat(lock).st_nlink > 0
    finally:
        os.close(lock)


def _clear_abandoned(target: FilePath) -> None:
    """Delete the files that killed writers to the target have left behind."""
    is_partial = re.compile(re.escape(target.name) + r"\.[0-9a-f]{8}\.partial").fullmatch
    for name in os.listdir(target.parent):  # noqa: PTH208 - only names are needed
        if is_partial(name):
            with contextlib.suppress(OSError):  # in use, already deleted, or another user's
                _delete_unlocked(target.with_name(name))


def _delete_unlocked(path: FilePath) -> None:
    if fcntl is None:
        path.unlink()
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises if the writer is still there
        path.unlink()


def read_items(path: AnyPath) -> Iterator[tuple[str, Item]]:
    """Yield the items of a file, or of all files in an export's folder, each with its file and line.

    Raises:
        ValidationError: A line is damaged; the message names the file and the line.
    """
    source = FilePath(path)
    for file in _files_in(source) if source.is_dir() else [source]:
        yield from _read_file(file)


def _files_in(folder: FilePath) -> list[FilePath]:
    """Return the data files of an export: they are in a subfolder `data`, beside manifests."""
    data = folder / "data"
    found = (data if data.is_dir() else folder).iterdir()
    files = sorted(file for file in found if file.name.endswith(_SUFFIXES) and not file.is_dir())
    if not files:
        raise ValidationError(f"{folder} contains no files named *{' or *'.join(_SUFFIXES)}")
    return files


def _read_file(path: FilePath) -> Iterator[tuple[str, Item]]:
    place = str(path)
    with path.open("rb") as raw:
        is_compressed = raw.read(2) == _GZIP
        raw.seek(0)
        lines = gzip.GzipFile(fileobj=raw) if is_compressed else raw
        try:
            for number, line in enumerate(cast("Iterable[bytes]", lines), 1):
                place = f"{path}, line {number}"
                if line.strip():
                    yield place, _read_line(line)
        except (OSError, EOFError, zlib.error) as error:
            raise ValidationError(f"{place}: cannot read any further: {error}") from error
        except (ValueError, TypeError, ServiceError) as error:
            raise ValidationError(f"{place}: not an item in DynamoDB JSON: {error}") from error
        except RecursionError:
            raise ValidationError(f"{place}: not an item in DynamoDB JSON: it is nested too deep") from None


def _read_line(line: bytes) -> Item:
    with hidden_values():  # errors must not show stored values: many people read logs
        return _decode_line(line)


def _decode_line(line: bytes) -> Item:
    content = json.loads(line, object_pairs_hook=_make_dict)
    if not isinstance(content, dict) or not isinstance(item := cast("dict[str, Any]", content).get("Item"), dict):
        raise TypeError(f'expected {{"Item": {{...}}}}; got {shorten(cast("object", content))}')
    wire = cast("dict[str, Any]", item)
    for name, value in wire.items():
        try:
            _check_wire(value)
        except TypeError as error:
            raise TypeError(f"{error}, in attribute {name}") from None
    return decode_item(wire)


def _make_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name occurs twice")
    return made


def _check_wire(value: Any) -> None:
    """Refuse anything but an attribute value: unlike DynamoDB's responses, files may have been written by anybody."""
    if not isinstance(value, dict) or len(cast("dict[str, Any]", value)) != 1:
        raise TypeError(f'expected an attribute value such as {{"S": "text"}}; got {shorten(cast("object", value))}')
    ((kind, content),) = cast("dict[str, Any]", value).items()
    if not _is_content(kind, content):
        problem = f"invalid content of type {kind}" if kind in ATTRIBUTE_TYPES else "unknown type of attribute value"
        raise TypeError(f"{problem}: {shorten(content)}")
    match kind:
        case "L":
            for element in content:
                _check_wire(element)
        case "M":
            for member in content.values():
                _check_wire(member)
        case _:
            pass


def _is_content(kind: str, content: Any) -> bool:
    match kind:
        case "S" | "N" | "B":
            return isinstance(content, str)
        case "BOOL":
            return isinstance(content, bool)
        case "NULL":
            return content is True
        case "L":
            return isinstance(content, list)
        case "M":
            return isinstance(content, dict)
        case "SS" | "NS" | "BS":
            members = cast("list[Any]", content) if isinstance(content, list) else [None]
            return all(isinstance(member, str) for member in members) and len(set(members)) == len(members) > 0
        case _:
            return False
