"""A model as the type of pydantic's fields, and as a body and a response of FastAPI."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import pydantic
import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from dynamongo import (
    Connection,
    DateField,
    DecimalField,
    DictField,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    VersionField,
)
from dynamongo.backends.memory import MemoryBackend


class User(Model):
    """Someone."""

    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True, min_length=1, stored_as="Email")
    born = DateField()
    balance = DecimalField(min_value=1)
    address = DictField(city=StringField(required=True), zip=IntField())
    rows = ListField(DictField(n=IntField(min_value=0)))
    tags = SetField(StringField)
    role = StringField(required=True, default="guest")
    version = VersionField()


class Envelope(pydantic.BaseModel):
    user: User
    more: list[User] = []
    other: User | None = None


JANE: dict[str, Any] = {"email": "jane@example.com", "born": "1990-05-01", "balance": "1.5", "tags": ["a"]}


@pytest.fixture(autouse=True)
def store() -> Iterator[None]:
    with Connection.using(MemoryBackend(), everywhere=True):
        User.create_table()
        yield


def test_model_is_the_type_of_a_field() -> None:
    jane = User(email="jane@example.com", born=dt.date(1990, 5, 1), balance=Decimal("1.5"), tags={"a"})
    envelope = Envelope.model_validate({"user": JANE, "more": [JANE, jane]})
    assert (envelope.user, envelope.more, envelope.other) == (jane, [jane, jane], None)
    assert envelope.more[1] is jane
    assert Envelope.model_validate_json(envelope.model_dump_json()) == envelope
    assert envelope.model_dump()["user"] == jane.to_dict()
    assert envelope.model_dump(mode="json")["user"] == jane.to_dict(mode="json")
    wanted = envelope.model_dump(mode="json", include={"user": {"email", "role", "born"}}, exclude={"user": {"role"}})
    assert wanted == {"user": {"email": "jane@example.com", "born": "1990-05-01"}}
    assert "version" not in envelope.model_dump(exclude_none=True)["user"]


def test_errors_have_their_places() -> None:
    wrong = {
        "born": "yesterday",
        "balance": 0,
        "address": {"zip": "x", "street": 1},
        "rows": [{"n": 1}, {"n": -1}, 5],
        "tags": ["a", 7],
        "role": None,
        "name": "Jane",
    }
    with pytest.raises(pydantic.ValidationError) as caught:
        Envelope.model_validate({"user": wrong, "more": [5]})
    assert [(error["type"], error["loc"], error["msg"]) for error in caught.value.errors()] == [
        ("extra_forbidden", ("user", "name"), "Extra inputs are not permitted"),
        ("missing", ("user", "email"), "Field required"),
        ("dynamongo_value", ("user", "role"), "User.role is required; got None"),
        (
            "dynamongo_value",
            ("user", "born"),
            "User.born must be a date as ISO 8601 text, such as 2024-05-01; got 'yesterday'",
        ),
        ("dynamongo_value", ("user", "balance"), "User.balance must be a Decimal >= 1; got Decimal('0')"),
        ("extra_forbidden", ("user", "address", "street"), "Extra inputs are not permitted"),
        ("missing", ("user", "address", "city"), "Field required"),
        ("dynamongo_value", ("user", "address", "zip"), "User.address.zip must be an int; got 'x'"),
        ("dynamongo_value", ("user", "rows", 1, "n"), "User.rows[1].n must be an int >= 0; got -1"),
        ("dynamongo_value", ("user", "rows", 2), "User.rows[2] must be a dict; got 5"),
        ("dynamongo_value", ("user", "tags", 1), "User.tags[1] must be a str; got 7"),
        ("dynamongo_type", ("more", 0), "Input should be an object or an instance of User"),
    ]


def test_schema_is_that_of_the_model() -> None:
    schema = Envelope.model_json_schema()
    assert schema["$defs"]["User"] == User.json_schema()
    assert schema["properties"]["user"] == {"$ref": "#/$defs/User"}
    Draft202012Validator(schema).validate({"user": JANE})
    assert Envelope.model_json_schema(mode="serialization")["$defs"]["User"] == User.json_schema("serialization")


def test_what_was_read_in_part_is_written_in_part() -> None:
    User.from_dict(JANE, mode="json").save()
    (part,) = User.find(projection=[User.email, User.born], scans="allow")
    assert Envelope(user=part).model_dump_json(include={"user"}) == (
        '{"user":{"email":"jane@example.com","born":"1990-05-01"}}'
    )


def test_model_that_overrides_from_dict_is_built_by_it() -> None:
    class Shouting(User):
        @classmethod
        def from_dict(cls, values: Any, **options: Any) -> Any:
            return super().from_dict({**values, "role": values.get("role", "guest").upper()}, **options)

    assert pydantic.TypeAdapter(Shouting).validate_python(JANE).role == "GUEST"


app = FastAPI()


@app.post("/users")
async def create(user: Annotated[User, Body()]) -> User:
    return await User.aio.create_one(user)


@app.get("/users")
def list_users() -> list[User]:
    return User.get_many([JANE["email"]])


def test_model_is_a_body_and_a_response() -> None:
    client = TestClient(app)
    created = client.post("/users", json=JANE)
    whole = {**JANE, "address": None, "rows": [], "role": "guest", "version": 1}
    assert (created.status_code, created.json()) == (200, whole)
    assert client.get("/users").json() == [whole]
    refused = client.post("/users", json={**JANE, "rows": [{"n": -1}]})
    assert refused.status_code == 422
    assert refused.json()["detail"] == [
        {
            "type": "dynamongo_value",
            "loc": ["body", "rows", 0, "n"],
            "msg": "User.rows[0].n must be an int >= 0; got -1",
            "input": -1,
        }
    ]
    schemas = app.openapi()["components"]["schemas"]
    assert schemas["User-Input"]["properties"]["balance"]["anyOf"][0] == {"type": "number", "minimum": 1}
    assert schemas["User-Output"]["required"] == list(User.__mapper__.fields)


def test_pydantic_is_imported_by_nobody_else() -> None:
    program = (
        "import sys; from dynamongo import Model, StringField\n"
        "class User(Model):\n    __table__ = 't'\n    __hash_key__ = 'id'\n    id = StringField()\n"
        "User.from_json(User(id='a').to_json()).to_dynamodb_json(); User.json_schema()\n"
        "print('pydantic' in sys.modules, 'pydantic_core' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False False\n"
