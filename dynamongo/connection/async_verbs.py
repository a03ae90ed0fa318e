"""The facet `aio` of connections: what they do with I/O, awaited."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from dynamongo.connection.across import AsyncAcrossReads
from dynamongo.connection.snapshot_reads import read_snapshot_async
from dynamongo.connection.transactions import AsyncTransaction
from dynamongo.mapping.records import Recorded

if TYPE_CHECKING:
    from dynamongo.connection.connection import Connection
    from dynamongo.planning.strategy_types import AnyKey, OneItem

M = TypeVar("M", bound=Recorded)


class AsyncConnectionVerbs(AsyncAcrossReads):
    """What a connection does with I/O, awaited: `Connection.aio` is that of the default connection.

    As a block it closes the connection: `async with Connection.aio:` around the life of an application, or
    `async with Connection(region="eu-west-1").aio as connection:`. What needs no I/O has no awaited form:
    `Connection.using`, `Connection.record` and `budget` are `with` blocks in coroutines too.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Connection:
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the backend, as `Connection.close` does, with its connections on the running event loop."""
        await self._connection.close_async()

    @staticmethod
    def transaction(token: str | None = None, *, return_items: bool = False) -> AsyncTransaction:
        """Execute the writes of an `async with` block together, or none of them, as `Connection.transaction` does.

        Its actions are not awaited. If the task is cancelled while the block ends, the `CancelledError` has an
        `outcome`: an error which says that the transaction was not sent, or that it is unknown whether it was executed.
        In the latter case, commit the same actions with the same token within ten minutes: that executes them unless
        they were executed before.

        >>> import asyncio
        >>> from dynamongo import Connection, IntField, Model, StringField
        >>> from dynamongo.backends.memory import MemoryBackend
        >>> class Account(Model):
        ...     __table__ = "accounts"
        ...     __hash_key__ = "owner"
        ...     owner = StringField()
        ...     balance = IntField(required=True)
        >>> async def open_accounts():
        ...     async with Connection.aio.transaction() as tx:
        ...         tx.create(Account(owner="jane", balance=10))
        ...         tx.create(Account(owner="john", balance=0))
        ...     return await Connection.aio.transact_get([(Account, "jane"), (Account, "john")])
        >>> with Connection.using(MemoryBackend()):
        ...     Account.create_table()
        ...     [account.balance for account in asyncio.run(open_accounts())]
        [10, 0]
        """
        return AsyncTransaction(token, return_items=return_items)

    @overload
    @staticmethod
    async def transact_get(items: Iterable[M | tuple[type[M], OneItem[AnyKey, M]]]) -> list[M | None]: ...
    @overload
    @staticmethod
    async def transact_get(items: Iterable[Recorded | tuple[type[Recorded], object]]) -> list[Any]: ...
    @staticmethod
    async def transact_get(items: Iterable[Any]) -> list[Any]:
        """Read items of any models in one snapshot, as `Connection.transact_get` does."""
        return await read_snapshot_async(items)

    def __repr__(self) -> str:
        return f"<the awaited form of {self._connection!r}>"
