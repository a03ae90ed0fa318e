"""Checks of responses that both transports make: a body that is corrupt, or not DynamoDB's."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from dynamongo.backends.dynamodb.errors import build_connection_error, build_unexpected_error


def check_members(content: dict[str, Any]) -> None:
    """Raise `ServiceError` for a response with a member that is `null`: DynamoDB leaves empty members out."""
    if None in content.values():
        name = next(name for name, value in content.items() if value is None)
        raise build_unexpected_error(f"{name} is null")


def check_checksum(body: bytes | bytearray, checksum: str | None) -> None:
    """Raise `ServiceError` for a body that was corrupted on its way."""
    if checksum is not None and str(crc32(body)) != checksum.strip():
        raise build_connection_error("ChecksumError", f"corrupt response: its CRC-32 is not {checksum}")


def check_kind(body: bytes | bytearray, content_type: str) -> None:
    """Raise `ServiceError` for a body of status 200 from another server than DynamoDB."""
    if body and content_type and "json" not in content_type:
        raise build_unexpected_error(f"expected JSON; got {content_type}")
