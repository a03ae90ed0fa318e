"""Exports: items in files, a line of DynamoDB JSON for each, as DynamoDB's export to Amazon S3 writes them.

A line is `{"Item": {"id": {"S": "a"}}}`; numbers are text, and binary values text in Base64. Files whose names end in
`.gz` are compressed, and whatever is compressed is recognised when it is read.

Source: "DynamoDB table export output format" in the developer guide.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import IO, Any, TypeAlias, cast

from dynamongo.exceptions import ServiceError, ValidationError
from dynamongo.values import Item, shorten
from dynamongo.wire import decode_item, render_item

AnyPath: TypeAlias = "str | os.PathLike[str]"

_GZIP = b"\x1f\x8b"
_SUFFIXES = (".json", ".json.gz")


def write_items(path: AnyPath, items: Iterable[Item]) -> int:
    """Write items to a file, which is there only when all of them are in it; returns how many there were."""
    target = FilePath(path)
    partial = target.with_name(f"{target.name}.partial")
    count = 0
    try:
        with _create(partial, is_compressed=target.suffix == ".gz") as file:
            for count, item in enumerate(items, 1):  # noqa: B007 - the last one is the number of items
                file.write(f'{{"Item":{render_item(item)}}}\n')
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def read_items(path: AnyPath) -> Iterator[tuple[str, Item]]:
    """The items of a file, or of all files of an export's folder, each with where it stands.

    Raises:
        ValidationError: A line is damaged; the message has the file and the number of the line.
    """
    source = FilePath(path)
    for file in _files_in(source) if source.is_dir() else [source]:
        yield from _read_file(file)


def _create(path: FilePath, *, is_compressed: bool) -> IO[str]:
    if is_compressed:
        return cast("IO[str]", gzip.open(path, "wt", encoding="utf-8"))
    return path.open("w", encoding="utf-8")


def _files_in(folder: FilePath) -> list[FilePath]:
    """The data files of an export, whose folder has others beside the one with the data."""
    data = folder / "data"
    files = sorted(file for file in (data if data.is_dir() else folder).iterdir() if file.name.endswith(_SUFFIXES))
    if not files:
        raise ValidationError(f"{folder} has no files that end in {' or '.join(_SUFFIXES)}")
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
            raise ValidationError(f"{place}: the file cannot be read any further: {error}") from error
        except (ValueError, TypeError, ServiceError) as error:
            raise ValidationError(f"{place} is no item in DynamoDB JSON: {error}") from error


def _read_line(line: bytes) -> Item:
    content = json.loads(line)
    if not isinstance(content, dict) or not isinstance(item := cast("dict[str, Any]", content).get("Item"), dict):
        raise TypeError(f'it is not {{"Item": {{...}}}}; got {shorten(cast("object", content))}')
    wire = cast("dict[str, Any]", item)
    for value in wire.values():
        _check_wire(value)
    return decode_item(wire)


def _check_wire(value: Any) -> None:
    """Refuse what is no attribute value: DynamoDB's answers are believed, and files that anybody wrote are not."""
    if not isinstance(value, dict) or len(cast("dict[str, Any]", value)) != 1:
        raise TypeError(f'an attribute value is like {{"S": "text"}}; got {shorten(cast("object", value))}')
    ((kind, content),) = cast("dict[str, Any]", value).items()
    if not _is_content(kind, content):
        raise TypeError(f"no attribute value of type {kind}: {shorten(content)}")
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
