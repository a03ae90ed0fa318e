"""Sessions: what a backend makes its own client of boto3 in, without the parts of boto3 that the client does not need.

Importing boto3 takes 20 ms beyond botocore, for the resources and transfers of other services. Of what a
`boto3.Session` adds to one of botocore, a client of DynamoDB has the name and version in its User-Agent header. Where
boto3 is imported already, or a finder may be waiting for its import, it makes the session.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from dynamongo.backends.dynamodb.packages import find_package
from dynamongo.backends.dynamodb.transport.light_watch import find_foreign_finder

if TYPE_CHECKING:
    from dynamongo.backends.dynamodb.transport.base import Credentials

_VERSION: Final = r"(?m)^__version__ = ['\"]([^'\"]+)['\"]$"


def make_session(credentials: Credentials | None, profile: str | None) -> Any:
    """Return a session of boto3, or one of botocore whose clients are the same."""
    version = _find_version_of_boto3()
    if version is None or "boto3" in sys.modules or find_foreign_finder(sys.meta_path) is not None:
        return _make_session_of_boto3(credentials, profile)
    import botocore.session  # noqa: PLC0415 - it takes long, and may never be needed

    session: Any = botocore.session.get_session()
    session.user_agent_extra = f"Botocore/{session.user_agent_version}"
    session.user_agent_name, session.user_agent_version = "Boto3", version
    if profile is not None:
        session.set_config_variable("profile", profile)
    if credentials is not None:
        session.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
    _skip_scan(session)
    return session


def _find_version_of_boto3() -> str | None:
    """Return the version of boto3 without importing it."""
    try:
        with open(f"{find_package('boto3')}/__init__.py", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow
            found = re.search(_VERSION, file.read())
    except OSError:
        return None
    return None if found is None else found[1]


def _make_session_of_boto3(credentials: Credentials | None, profile: str | None) -> Any:
    import boto3  # noqa: PLC0415 - as above

    session: Any = boto3.Session(
        aws_access_key_id=None if credentials is None else credentials.access_key,
        aws_secret_access_key=None if credentials is None else credentials.secret_key,
        aws_session_token=None if credentials is None else credentials.token,
        profile_name=profile,
    )
    _skip_scan(core_of(session))
    return session


def make_bare_session(profile: str | None) -> Any:
    """Return a session of botocore that knows the configuration, and cannot make clients."""
    import botocore.session  # noqa: PLC0415 - as above

    return botocore.session.Session(include_builtin_handlers=False, profile=profile)


def core_of(session: Any) -> Any:
    """Return the session of botocore in a session of boto3, or of botocore."""
    return getattr(session, "_session", session)


class _AllServices(list[str]):
    """The services that botocore knows: whether one is among them is found when its model is loaded."""

    def __contains__(self, _: object) -> bool:
        return True


def _list_all_services(type_name: str) -> list[str]:
    """Replace `Loader.list_available_services`."""
    del type_name  # all of them are found in the same way
    return _AllServices()


def _skip_scan(session: Any) -> None:
    """Have botocore load models without listing all four hundred services before, which takes 20 ms."""
    loader: Any = session.get_component("data_loader")
    loader.list_available_services = _list_all_services
