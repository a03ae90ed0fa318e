"""Transactions: writes and checks of several items, of any models, of which all are executed or none."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from dynamongo.connection.transaction_actions import TransactionActions

if TYPE_CHECKING:
    from typing_extensions import Self


class Transaction(TransactionActions):
    """A transaction that blocks. `Connection.transaction` makes it, and the end of its `with` block sends it."""

    _block = "with"

    def __enter__(self) -> Self:
        return self._begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        place = self._end(error)
        if place is not None:
            connection, backend = place
            connection.check_blocking(backend)
            with self._committing() as operation:
                connection.execute(operation, backend)

    if not TYPE_CHECKING:  # type checkers are to report it

        def __aenter__(self) -> NoReturn:
            raise TypeError("Connection.transaction() is for `with`; use `async with Connection.aio.transaction()`")

        __aexit__ = __aenter__  # which Python looks up first


class AsyncTransaction(TransactionActions):
    """A transaction that is awaited. `Connection.aio.transaction` makes it, and its `async with` block sends it.

    Actions are added as to a `Transaction`, and not awaited: only the end of the block makes a request.
    """

    _block = "async with"

    async def __aenter__(self) -> Self:
        return self._begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        place = self._end(error)
        if place is not None:
            connection, backend = place
            with self._committing() as operation:
                await connection.execute_async(operation, backend)

    if not TYPE_CHECKING:  # as above

        def __enter__(self) -> NoReturn:
            raise TypeError("Connection.aio.transaction() is for `async with`; use `with Connection.transaction()`")

        __exit__ = __enter__
