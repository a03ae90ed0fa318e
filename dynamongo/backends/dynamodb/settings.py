"""Settings: how a backend comes by its boto3 client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dynamongo.exceptions import ConfigurationError, CredentialsError
from dynamongo.frozen import dataclass, field

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config

DEFAULT_REGION = "us-east-2"
"""The region of dynamongo 0.2, for a session that names none."""

_CREDENTIAL_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


_TEMPORARY = "ASIA"
"""How the identifiers of temporary access keys begin, says "IAM identifiers" in the IAM user guide."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What `DynamoDBBackend` was given; what is `None` is left to boto3.

    Raises:
        ConfigurationError: Two settings contradict each other.
        CredentialsError: One half of the credentials is missing.
    """

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    session: Session | None = None
    client: Any = None

    def __post_init__(self) -> None:
        keys = ("access_key_id", "secret_access_key")
        self._refuse_beside("client", (*keys, "region", "endpoint_url", "profile", "session"))
        self._refuse_beside("session", (*keys, "profile"))
        self._refuse_beside("profile", keys)
        if (self.access_key_id is None) != (self.secret_access_key is None):
            given, missing = keys if self.secret_access_key is None else reversed(keys)
            raise CredentialsError(f"{given} was given without {missing}; give both, or none to leave them to boto3")
        for name in keys:
            if getattr(self, name) == "":  # which boto3 would take for none, and look elsewhere
                raise CredentialsError(f"{name} is empty; give it, or leave both out to leave them to boto3")
        if (self.access_key_id or "").startswith(_TEMPORARY):
            raise CredentialsError(
                f"access_key_id begins with {_TEMPORARY}, so it is temporary and needs a session token:"
                " give session=boto3.Session(...) that has one, or set the environment's AWS_SESSION_TOKEN"
            )

    def _refuse_beside(self, name: str, others: tuple[str, ...]) -> None:
        if getattr(self, name) is None:
            return
        if beside := [other for other in others if getattr(self, other) is not None]:
            raise ConfigurationError(f"a {name} brings its own {', '.join(beside)}; leave out the one or the other")

    def make_client(self) -> Any:
        """The client that was given, or else a new one.

        The region is the one given, else the session's, else `DEFAULT_REGION`. It does not retry: the executor does,
        which knows what may be sent twice, and one that did it for each of its attempts would multiply them.
        """
        if self.client is not None:
            return self.client
        session: Any = self.session or self._make_session()  # its `client` has an overload for every service of AWS
        region = self.region or session.region_name or DEFAULT_REGION
        return session.client("dynamodb", region_name=region, endpoint_url=self.endpoint_url, config=_without_retries())

    def _make_session(self) -> Session:
        import boto3  # noqa: PLC0415 - it takes a fifth of a second, which only who talks to DynamoDB should pay

        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            profile_name=self.profile,
        )

    def describe_credentials(self) -> str:
        """Where the credentials came from, in a sentence that names the settings and tells no secret."""
        if self.client is not None:
            return "They are those of the client that was given to the backend."
        if self.session is not None:
            return "They are those of the session that was given to the backend."
        if self.access_key_id is not None:
            return "They are the access_key_id and secret_access_key given to Connection.set_config or the backend."
        variables = " and ".join(f"{name} ({self._is_set(name)})" for name in _CREDENTIAL_VARIABLES)
        profile = "no profile" if self.profile is None else f"the profile {self.profile!r}"
        return (
            "Looked at: access_key_id and secret_access_key of Connection.set_config or the backend (not given),"
            f" the environment's {variables}, {profile}, no session, and where else boto3 looks."
        )

    @staticmethod
    def _is_set(variable: str) -> str:
        return "set" if os.environ.get(variable) else "not set"


def _without_retries() -> Config:
    from botocore.config import Config  # noqa: PLC0415 - as boto3 itself

    return Config(retries={"total_max_attempts": 1})
