"""Table names that are known at run time: prefixes of blocks, callables, and ARNs of other accounts' tables."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import boto3
import botocore.credentials
import pytest
from botocore.awsrequest import AWSResponse

from dynamongo import ConfigurationError, Connection, ExpressionError, IntField, Model, SchemaError, StringField
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.dynamodb.requests import Request, build_request
from dynamongo.backends.dynamodb.transport.account_endpoints import find_account, names_other_account
from dynamongo.backends.dynamodb.transport.boto_transport import BotoTransport
from dynamongo.backends.dynamodb.transport.direct_transport import DirectTransport
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet, CreateTable, Get, TransactGet
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
from dynamongo.verbs.metaclass import ModelMeta

TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
ARN = "arn:aws:dynamodb:us-east-2:123456789012:table/orders"


class Numbered(Model):
    __abstract__ = True
    __hash_key__ = "number"
    number = IntField()
    city = StringField()


class Order(Numbered):
    __table__ = "orders"


@pytest.fixture(autouse=True)
def _default_connection() -> Iterator[None]:
    Connection.set_config(backend=MemoryBackend(), table_prefix="own-", region="us-east-2")
    yield
    Connection.set_config()


class TestPrefixOfABlock:
    def test_replaces_that_of_every_connection(self) -> None:
        elsewhere = Order.on(Connection(table_prefix="else-", backend=MemoryBackend()))
        with Connection.using(table_prefix="jane-") as backend:
            names = [each.table_name() for each in (Order, elsewhere, Order.on_table("x"), Order.on_table(ARN))]
        assert (backend, names) == (None, ["jane-orders", "jane-orders", "jane-x", ARN])
        assert (Order.table_name(), elsewhere.table_name()) == ("own-orders", "else-orders")

    def test_the_innermost_block_that_sets_one_holds(self) -> None:
        with Connection.using(table_prefix="a-"):
            with Connection.using(MemoryBackend(), table_prefix="b-") as backend:
                Order.create_table()
                with Connection.using(MemoryBackend()):
                    assert Order.table_name() == "b-orders"
                    assert not Order.table_exists()
                assert backend.execute(Get("b-orders", {"number": 1})).item is None
            assert Order.table_name() == "a-orders"
        with Connection.using(table_prefix=""):
            assert Order.table_name() == "orders"

    def test_holds_for_its_thread_and_task_alone(self) -> None:
        names: dict[str, str] = {}

        async def work(tenant: str) -> None:
            with Connection.using(table_prefix=f"{tenant}-"):
                await asyncio.sleep(0)
                names[tenant] = Order.table_name()
                names[f"{tenant} in a task"] = await asyncio.create_task(ask())

        async def ask() -> str:
            return Order.table_name()

        async def run() -> None:
            await asyncio.gather(work("jane"), work("john"))

        asyncio.run(run())
        assert names == {
            "jane": "jane-orders",
            "john": "john-orders",
            "jane in a task": "jane-orders",
            "john in a task": "john-orders",
        }
        with Connection.using(table_prefix="here-"), concurrent.futures.ThreadPoolExecutor(1) as pool:
            assert pool.submit(Order.table_name).result() == "own-orders"
            with Connection.using(table_prefix="everywhere-", everywhere=True):
                assert pool.submit(Order.table_name).result() == "everywhere-orders"
                assert Order.table_name() == "everywhere-orders"

    def test_what_was_prepared_inside_stays_there(self) -> None:
        with Connection.using(table_prefix="jane-"):
            Order.create_table()
            Order(number=1).save()
            found = Order.find(None, scans="allow")
        assert [each.number for each in found] == [1]

    @pytest.mark.parametrize("prefix", ["a b", "a/", 3, "x" * 255])
    def test_prefixes_that_no_table_can_have_are_refused_at_once(self, prefix: Any) -> None:
        for set_prefix in (Connection, Connection.set_config, lambda **given: Connection.using(**given).__enter__()):
            with pytest.raises(ConfigurationError, match="table_prefix must be up to 254 letters"):
                set_prefix(table_prefix=prefix)
        assert Order.table_name() == "own-orders"

    def test_prefix_of_the_environment_is_checked_when_it_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_TABLE_PREFIX", "a b")
        Connection.set_config(backend="memory")
        with pytest.raises(ConfigurationError, match="AWS_TABLE_PREFIX must be up to 254 letters"):
            Order.table_name()

    def test_prefix_that_is_set_later_holds_from_then_on(self) -> None:
        Connection.set_config(backend="memory", table_prefix="later-")
        assert (Order.table_name(), Order.explain(1).operations[0].table) == ("later-orders", "later-orders")

    def test_full_names_that_are_too_long_name_the_model(self) -> None:
        with (
            Connection.using(table_prefix="x" * 250),
            pytest.raises(SchemaError, match=r"Order\.__table__: .* has 256"),
        ):
            Order.table_name()

    def test_names_are_forgotten_before_they_fill_the_memory(self) -> None:
        with Connection.using(table_prefix="p-"):
            names = [Order.on_table(f"t{number}").table_name() for number in range(2500)]
        assert names == [f"p-t{number}" for number in range(2500)]


class TestCallable:
    def test_is_asked_for_each_request(self) -> None:
        month = contextvars.ContextVar("month", default="10")

        class Monthly(Numbered):
            __table__ = staticmethod(lambda: f"orders-{month.get()}")

        Monthly.create_table()
        Monthly(number=1).save()
        month.set("11")
        assert (Monthly.table_name(), Monthly.table_exists()) == ("own-orders-11", False)
        assert Monthly.explain(1).operations[0].table == "own-orders-11"
        month.set("10")
        assert Monthly.get_one(1) == Monthly(number=1)
        assert Monthly.on_table("orders-12").table_name() == "own-orders-12"
        assert Monthly.on(Connection(table_prefix="p-")).table_name() == "p-orders-10"

    def test_may_know_its_class_or_be_an_ordinary_function(self) -> None:
        class Named(Numbered):
            @classmethod
            def __table__(cls) -> str:
                return f"{cls.__name__.lower()}s"

        class Lambda(Numbered):
            __table__ = lambda: ARN  # noqa: E731 - as users write it

        class Static(Numbered):
            @staticmethod
            def __table__() -> str:
                return "static"

        names = [each.table_name() for each in (Named, Lambda, Static)]
        assert names == ["own-nameds", ARN, "own-static"]

    def test_errors_name_the_model(self) -> None:
        class Wrong(Numbered):
            __table__ = staticmethod(lambda: "a b")

        class Failing(Numbered):
            __table__ = staticmethod(lambda: str(contextvars.copy_context()[TENANT]))

        with pytest.raises(SchemaError, match=r"Wrong.__table__\(\) must be 1 to 255 letters"):
            Wrong.get_one(1)
        with pytest.raises(LookupError) as raised:
            Failing.get_one(1)
        if sys.version_info >= (3, 11):
            assert raised.value.__notes__ == ["raised by Failing.__table__(), which returns the name of the table"]

    def test_can_be_assigned_later(self) -> None:
        class Late(Numbered):
            __table__: ClassVar[str | Callable[[], str]] = "early"

        Late.__table__ = lambda: "late"
        assert Late.table_name() == "own-late"
        Late.__table__ = "fixed"
        assert Late.table_name() == "own-fixed"


class TestArn:
    @pytest.mark.parametrize(
        "arn",
        [
            ARN,
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a-b_c.d",
            "arn:aws-us-gov:dynamodb:us-gov-west-1:000000000000:table/orders",
        ],
    )
    def test_goes_through_without_a_prefix(self, arn: str) -> None:
        class Foreign(Order):
            __table__ = arn
            __connection__ = Connection(table_prefix="own-", region=arn.split(":")[3], backend=MemoryBackend())

        assert (Foreign.table_name(), Foreign.on_table("x").on_table(arn).table_name()) == (arn, arn)

    @pytest.mark.parametrize("arn", [f"{ARN}/index/by_city", f"{ARN}/stream/2024", "arn:aws:s3:::bucket", ARN[:-5]])
    def test_of_something_else_is_refused(self, arn: str) -> None:
        with pytest.raises(
            SchemaError, match=r"Foreign.__table__ must be a name, or the ARN of a table \(not of an ind"
        ):
            ModelMeta("Foreign", (Order,), {"__table__": arn})

    def test_of_another_region_is_refused(self) -> None:
        foreign = Order.on_table(ARN.replace("us-east-2", "eu-west-1"))
        with pytest.raises(ConfigurationError, match=r"eu-west-1, but its connection is one to us-east-2: use a Conn"):
            foreign.get_one(1)
        assert foreign.on(Connection(region="eu-west-1")).table_name().endswith(":table/orders")
        # Only boto3 knows the region of a profile, and only the server that of an endpoint.
        for connection in (Connection(profile="x"), Connection(region="us-east-2", endpoint_url="http://localhost:1")):
            assert foreign.on(connection).table_name().endswith(":table/orders")

    @pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"])
    def test_a_server_of_ones_own_has_any_region(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        foreign = Order.on_table(ARN.replace("us-east-2", "ddblocal"))
        monkeypatch.setenv(name, "http://localhost:8000")
        assert foreign.table_name() == ARN.replace("us-east-2", "ddblocal")
        Connection.set_config(region="us-east-2")
        monkeypatch.setenv(name, "https://dynamodb.us-east-2.amazonaws.com")
        with pytest.raises(ConfigurationError, match="ddblocal, but its connection is one to us-east-2"):
            foreign.table_name()

    def test_transactions_take_one_account(self) -> None:
        ours, theirs = (Order.on_table(f"arn:aws:dynamodb:us-east-2:{n * 12}:table/orders") for n in "12")
        with pytest.raises(ExpressionError, match="one account; got those of 111111111111, 222222222222"):
            Connection.transact_get([(ours, 1), (theirs, 1)])

        def write_both() -> None:
            with Connection.transaction() as tx:
                tx.save(ours(number=1))
                tx.save(theirs(number=1))

        with pytest.raises(ExpressionError, match="one account"):
            write_both()
        for model in (ours, Order):
            model.create_table()
        assert Connection.transact_get([(ours, 1), (Order, 1)]) == [None, None]

    def test_in_memory_is_a_table_of_its_own(self) -> None:
        foreign = Order.on_table(ARN)
        for model in (Order.on_table("orders"), foreign):
            model.create_table()
        foreign.save_many([{"number": 1}, {"number": 2}])
        with Connection.transaction() as tx:
            tx.update(foreign, 1, Order.city.set("Oslo"))
            tx.create(Order.on_table("orders")(number=1))
        assert foreign.get_many([1, 2, 3]) == [foreign(number=1, city="Oslo"), foreign(number=2)]
        assert (foreign.describe().schema.name, foreign.compare_table()) == ("orders", ())
        foreign.delete_table()
        assert (foreign.table_exists(), Order.on_table("orders").table_exists()) == (False, True)


@pytest.fixture
def renaming_client(server_url: str) -> Any:
    """A client of boto3 that finds the tables of ARNs by their names, as AWS does, and the emulator does not."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=server_url,
        region_name="us-east-2",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    name = f"orders-{threading.get_ident()}"

    def replace(value: Any, old: str, new: str) -> Any:
        if isinstance(value, dict):
            return {new if each == old else each: replace(member, old, new) for each, member in value.items()}
        if isinstance(value, list):
            return [replace(each, old, new) for each in value]
        return new if value == old else value

    def rename(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        assert ARN in str(params)
        return dict(replace(params, ARN, name))

    def restore(parsed: dict[str, Any], **_: Any) -> None:
        parsed.update(replace(dict(parsed), name, ARN))

    client.meta.events.register("provide-client-params.dynamodb", rename)
    client.meta.events.register("after-call.dynamodb", restore)
    return client


def test_every_verb_takes_an_arn(renaming_client: Any) -> None:
    foreign = Order.on(Connection(client=renaming_client, scans="allow")).on_table(ARN)
    foreign.create_table()
    try:
        foreign.save_many([{"number": n} for n in range(3)])
        foreign.update_one(1, Order.city.set("Oslo"))
        foreign.delete_many([0])
        with Connection.transaction() as tx:
            tx.update(foreign, 2, Order.city.set("Bergen"))
        found = [foreign(number=1, city="Oslo"), foreign(number=2, city="Bergen")]
        assert foreign.get_many([1, 2]) == foreign.get_many(None) == found
        assert Connection.transact_get([(foreign, 1), (foreign, 2)]) == found
        assert [foreign.get_one(1), foreign.find(Order.number == 2).one()] == found
        assert (foreign.compare_table(), foreign.update_table(), foreign.describe().item_count) == ((), (), 2)
    finally:
        foreign.delete_table()


def _session_of(account: str | None) -> Any:
    session: Any = boto3.Session(region_name="us-east-2")
    session._session._credentials = botocore.credentials.Credentials("x", "x", account_id=account)
    return session


def _host_of_boto3(account: str | None, call: Callable[[Any], object]) -> str:
    """Return the host to which boto3 would send a request, with credentials of an account."""
    client, hosts = _session_of(account).client("dynamodb"), []

    def answer(request: Any, **_: Any) -> AWSResponse:
        hosts.append(request.url.split("/")[2])
        headers: Any = {}
        return AWSResponse(request.url, 400, headers, _Nothing())

    client.meta.events.register("before-send", answer)
    with pytest.raises(client.exceptions.ClientError):
        call(client)
    return str(hosts[0])


def _call(method: str, arguments: dict[str, Any], client: Any) -> object:
    return getattr(client, method)(**arguments)


class _Nothing:
    def stream(self) -> list[bytes]:
        return [b"{}"]


@pytest.mark.parametrize("account", [None, "123456789012", "111111111111"])
def test_boto3_sends_what_goes_to_the_host_of_another_account(account: str | None) -> None:
    usual = _host_of_boto3(account, lambda client: client.list_tables())
    assert find_account(usual) == account
    schema = TableSchema(ARN, KeySchema(KeyAttribute("number", "N")))
    item: Item = {"number": 1}
    for operation in (Get(ARN, item), BatchGet(ARN, (item,)), TransactGet((Get(ARN, item),)), CreateTable(schema)):
        request = build_request(operation)
        other = _host_of_boto3(account, functools.partial(_call, request.method, request.arguments))
        if account is not None:
            assert names_other_account(request.body, account) is (other != usual), operation
    assert not names_other_account(build_request(Get("orders", {"number": ARN})).body, "111111111111")


def test_a_request_for_another_account_is_left_to_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    backend = DynamoDBBackend(session=_session_of("111111111111"))

    def note(self: object, request: Request, seconds: float | None = None) -> dict[str, Any]:
        del seconds
        sent.append(type(self).__name__)
        assert request.action == "GetItem"
        return {}

    for kind in (BotoTransport, DirectTransport):
        monkeypatch.setattr(kind, "send", note)
    for table in (ARN, "orders", ARN.replace("123456789012", "111111111111"), ARN):
        backend.execute(Get(table, {"number": 1}))
    assert sent == ["BotoTransport", "DirectTransport", "DirectTransport", "BotoTransport"]
    backend.close()
