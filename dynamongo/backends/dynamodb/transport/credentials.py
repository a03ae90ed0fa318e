"""Where a transport gets credentials from, for each request."""

from __future__ import annotations

from typing import Any, Protocol

from dynamongo.backends.dynamodb.transport.base import Credentials


class CredentialsSource(Protocol):
    """What is asked for credentials before each request."""

    def ask(self) -> Credentials | None:
        """Return the current credentials, if there are any. It may take a while, and raise anything."""
        ...

    def is_quick(self) -> bool:
        """Return whether `ask` has them at hand now, so that an event loop need not wait for a thread."""
        ...


class FixedCredentials:
    """Credentials that do not change."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def ask(self) -> Credentials:
        """Return the credentials."""
        return self._credentials

    def is_quick(self) -> bool:
        """Return `True`."""
        return True


class ClientCredentials:
    """The credentials of a client of boto3, which refreshes those that expire when it is asked for them."""

    def __init__(self, client: Any) -> None:
        from botocore import credentials  # noqa: PLC0415 - imported already, with the client

        self._client = client
        self._fixed = credentials.Credentials.get_frozen_credentials
        self._refreshable = credentials.RefreshableCredentials.get_frozen_credentials

    def ask(self) -> Credentials | None:
        """Return the current credentials."""
        found = self._find()
        if found is None:
            return None
        frozen: Credentials = found.get_frozen_credentials()
        return frozen

    def is_quick(self) -> bool:
        """Return whether they need no refresh; those of an unknown kind may read a file or ask a server each time."""
        found = self._find()
        freeze: Any = getattr(found.__class__, "get_frozen_credentials", None)
        if found is None or freeze is self._fixed:
            return True
        return freeze is self._refreshable and not found.refresh_needed()

    def _find(self) -> Any:
        return self._client._get_credentials()  # noqa: SLF001 - a client has no public name for them
