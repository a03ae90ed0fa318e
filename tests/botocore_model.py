"""What botocore knows of DynamoDB, for tests that want to check a request without sending it."""

from __future__ import annotations

import functools
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@functools.cache
def service_model() -> ServiceModel:
    """The description of DynamoDB's API that boto3 itself works from."""
    return botocore.session.get_session().get_service_model("dynamodb")


def check_request(action: str, arguments: dict[str, Any]) -> None:
    """Fail if boto3 would refuse the arguments of the action, such as `"GetItem"`."""
    shape = service_model().operation_model(action).input_shape
    assert shape is not None
    report = ParamValidator().validate(arguments, shape)
    assert not report.has_errors(), report.generate_report()
