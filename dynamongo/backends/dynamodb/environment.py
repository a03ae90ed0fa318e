"""The environment, as far as it configures boto3: what may be ignored, or is read without boto3, and what may not.

boto3 is configured by some eighty variables, by files, and by settings of the system. To do without it takes knowing
all of them. So this is an allowlist: a variable that is not in it, such as one that a future boto3 reads, or a
file whose content is not looked at, means that boto3 has to be asked.

Source: "Configuration" in boto3's documentation, and the modules `configprovider`, `credentials`, `utils` and `session`
of botocore.
"""

from __future__ import annotations

import os
import sys
from typing import Final

CREDENTIALS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
BUNDLES: Final = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""What names the file of the authorities that are trusted; the first takes precedence."""

READ: Final = frozenset({*CREDENTIALS, *BUNDLES, "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"})
"""Variables that the light start reads."""

IGNORED: Final = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_PAGER",
        "AWS_REGION_NAME",
        "AWS_TABLE_PREFIX",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
    }
)
"""Variables that mean nothing to a client of DynamoDB: of AWS Lambda, X-Ray and the command line, and dynamongo's own.

A variable that names a wrapper, `AWS_LAMBDA_EXEC_WRAPPER`, is not one of them: it is how tracers are started.
"""

_FILES: Final = ("config", "credentials", "models")
"""What boto3 looks for in `~/.aws`: configuration, credentials, and other models of services."""


def find_configuration() -> str | None:
    """Return the first thing that may configure boto3 and that only boto3 understands, or `None`."""
    if sys.platform != "linux":
        return "the system may have settings for proxies"  # `urllib.request.getproxies` asks macOS and Windows
    return _find_variable() or _find_file()


def _find_variable() -> str | None:
    for name in os.environ:
        upper = name.upper()
        is_of_aws = upper.startswith(("AWS_", "BOTO")) and name not in READ and name not in IGNORED
        if is_of_aws or upper.endswith("_PROXY"):
            return f"{name} is set"
    for name in BUNDLES:
        if name in os.environ and not os.path.isfile(os.environ[name]):  # noqa: PTH113 - pathlib is slow to import
            return f"{name} does not name a file"
    return None


def _find_file() -> str | None:
    folder = os.path.expanduser("~/.aws")  # noqa: PTH111 - as above
    for name in _FILES:
        if os.path.lexists(f"{folder}/{name}"):
            return f"~/.aws/{name} exists"
    return None
