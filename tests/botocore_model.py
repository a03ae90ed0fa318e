"""What botocore knows of DynamoDB, for tests that want to check a request without sending it."""

from __future__ import annotations

import functools
import json
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
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


def serialize_request(action: str, arguments: dict[str, Any]) -> Any:
    """What boto3 would send, parsed."""
    serializer = create_serializer("json", include_validation=False)
    request = serializer.serialize_to_request(arguments, service_model().operation_model(action))
    return json.loads(request["body"])
