"""Which HTTP status each exception means.

Endpoints catch none of them: what a verb raises becomes a response here. An exception that is not listed is a fault of
the server, and stays a 500.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from dynamongo import (
    ConditionalCheckFailedException,
    CursorError,
    ItemNotFound,
    ThrottledError,
    TransactionCanceled,
    UnreadableItem,
    ValidationError,
    WrittenButUnreadable,
)

STATUSES: dict[type[Exception], int] = {
    ClientDisconnect: 400,  # in the middle of an upload: nobody gets the response, and the log no traceback
    CursorError: 400,
    ItemNotFound: 404,
    ConditionalCheckFailedException: 409,  # VersionConflict is one
    TransactionCanceled: 409,
    ValidationError: 422,
    WrittenButUnreadable: 500,  # a ValidationError, but of what is stored
    ThrottledError: 503,
}


def add_error_handlers(app: FastAPI) -> None:
    """Have the app turn these exceptions into responses."""
    for kind in STATUSES:
        app.add_exception_handler(kind, respond)


async def respond(_request: Request, error: Exception) -> JSONResponse:
    """Return the response that the nearest class in the table stands for."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    headers = {"Retry-After": "1"} if isinstance(error, ThrottledError) else None
    return JSONResponse({"detail": describe(error)}, status, headers)


def describe(error: Exception) -> str | list[dict[str, Any]]:
    """Return the text for the client. Of stored items, dynamongo's messages contain keys and versions only.

    Problems of what the client has sent are listed as FastAPI lists those that it finds.
    """
    if isinstance(error, ValidationError) and not isinstance(error, UnreadableItem) and error.problems:
        return [{"type": each.kind, "loc": ["body", *each.place], "msg": each.message} for each in error.problems]
    if isinstance(error, CursorError):
        return error.client_message
    if isinstance(error, ThrottledError):
        return "The shop is busy; try again in a moment."
    if isinstance(error, TransactionCanceled):
        return "; ".join(str(reason.error or reason.code) for reason in error.reasons if reason.code != "None")
    return str(error)
