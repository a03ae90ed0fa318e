"""Every verb that performs requests has its awaited form, with the same parameters; no verb has one alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from dynamongo import AsyncResultSet, Connection, Model, ResultSet
from dynamongo.aio import AsyncInstanceVerbs, AsyncVerbs
from dynamongo.aio.batch import AsyncBatch
from dynamongo.connection.async_verbs import AsyncConnectionVerbs
from dynamongo.connection.transactions import AsyncTransaction, Transaction
from dynamongo.model.batch import Batch
from dynamongo.model.instance_verbs import InstanceVerbs
from dynamongo.model.many_verbs import ManyVerbs
from dynamongo.model.read_verbs import ReadVerbs
from dynamongo.model.table_verbs import TableVerbs
from dynamongo.verbs.instance import Instance

OF_MODELS = {
    "aio": "it is the facet",
    "explain": "it makes no request, and returns the same plan for both colours",
    "from_dict": "it makes an instance",
    **dict.fromkeys(("from_dynamodb_json", "from_item", "from_json"), "the same"),
    "keys_in": "it makes a condition",
    "on": "it makes a class",
    "on_table": "the same",
    "size": "it makes no request",
    "table_name": "it is a name",
    "to_dict": "it makes a dict",
    **dict.fromkeys(("to_dynamodb_json", "to_item", "to_json", "json_schema"), "the same"),
    "attribute": "it makes a field",
    "undeclared": "it makes a dict",
}
OF_CONNECTIONS = {
    "aio": "it is the facet",
    "backend": "it makes no request",
    "check_blocking": "it is about blocking verbs alone",
    "close_async": "it is what `aio.close` calls",
    "cursor_rules": "it is a setting",
    "execute": "`execute_async` stands beside it: facades call it, and users do not",
    "execute_async": "the same",
    "limits": "it is a setting",
    "own_backend": "it makes no request",
    "reconfigure": "it closes no more than `close` of a backend, and is for the start of a program",
    "record": "a `with` block, for tasks as well",
    "run": "`run_async` stands beside it",
    "run_async": "the same",
    "item_size_warning": "it is a setting",
    "notable_units": "it is a setting",
    "region": "it is a setting",
    "scans": "it is a setting",
    "set_config": "as `reconfigure`",
    "table_names": "it is a setting",
    "table_prefix": "it is a setting",
    "using": "a `with` block, for tasks as well",
}
OF_READS = {
    "aio": "it is the awaited form",
    "cursor": "it is known when the iteration is left",
    "explain": "it makes no request",
}
OF_BATCHES = {
    "pending": "they are known",
    "result": "it is known",
}
STREAMS = {"batch", "delete_iter", "find", "save_iter", "update_iter"}
"""The verbs whose result is iterated over, or is a block, and not awaited."""
PROTOCOLS = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
}


def public_names(*owners: type) -> set[str]:
    return {name for owner in owners for name in dir(owner) if not name.startswith("_")}


def verbs_of_instances() -> set[str]:
    """Return what takes an instance: functions, where the verbs of models are bound to the class."""
    members = {name: inspect.getattr_static(Model, name) for name in public_names(Model)}
    return {name for name, member in members.items() if inspect.isfunction(member)}


def verbs_of_models() -> set[str]:
    return public_names(Model) - verbs_of_instances()


def parameters_of(verb: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """Return names, kinds and defaults, without what the verb is bound to."""
    parameters = inspect.signature(verb).parameters.values()
    return [(each.name, each.kind, each.default) for each in parameters if each.name not in {"self", "cls"}]


def verb_of(owner: type, name: str) -> Any:
    """Return a verb, or what is called where it is an object."""
    verb = getattr(owner, name)
    return verb if inspect.isroutine(verb) else verb.__call__


def test_lists_are_complete() -> None:
    assert public_names(Model) == public_names(ReadVerbs, InstanceVerbs, ManyVerbs, TableVerbs, Instance) | {"aio"}
    assert {"get_one", "find", "save_many", "batch", "create_table"} <= verbs_of_models()
    assert {"save", "create", "delete", "update", "upsert", "reload"} <= verbs_of_instances()


@pytest.mark.parametrize(
    ("blocking", "awaited", "without"),
    [
        (verbs_of_models(), public_names(AsyncVerbs) - {"model"}, OF_MODELS),
        (verbs_of_instances(), public_names(AsyncInstanceVerbs) - {"instance"}, OF_MODELS),
        (public_names(ResultSet), public_names(AsyncResultSet) - {"cursor", "explain"}, OF_READS),
        (public_names(Batch), public_names(AsyncBatch) - OF_BATCHES.keys(), OF_BATCHES),
        (public_names(Transaction), public_names(AsyncTransaction), {}),
        (public_names(Connection), public_names(AsyncConnectionVerbs), OF_CONNECTIONS),
    ],
    ids=["models", "instances", "result sets", "batches", "transactions", "connections"],
)
def test_every_verb_has_its_awaited_form_or_a_reason(
    blocking: set[str], awaited: set[str], without: dict[str, str]
) -> None:
    assert blocking - without.keys() == awaited
    assert not awaited & without.keys()


@pytest.mark.parametrize(
    ("blocking", "awaited", "name"),
    [
        *((Model, AsyncVerbs, name) for name in sorted(verbs_of_models() - OF_MODELS.keys())),
        *((Model, AsyncInstanceVerbs, name) for name in sorted(verbs_of_instances() - OF_MODELS.keys())),
        *((ResultSet, AsyncResultSet, name) for name in sorted(public_names(ResultSet) - OF_READS.keys())),
        *((Batch, AsyncBatch, name) for name in sorted(public_names(Batch) - OF_BATCHES.keys())),
        *((Transaction, AsyncTransaction, name) for name in sorted(public_names(Transaction))),
        *(
            (Connection, AsyncConnectionVerbs, name)
            for name in sorted(public_names(Connection) - OF_CONNECTIONS.keys())
        ),
    ],
)
def test_parameters_are_the_same(blocking: type, awaited: type, name: str) -> None:
    assert parameters_of(verb_of(awaited, name)) == parameters_of(verb_of(blocking, name))


@pytest.mark.parametrize(
    ("blocking", "awaited"), [(ResultSet, AsyncResultSet), (Batch, AsyncBatch), (Transaction, AsyncTransaction)]
)
def test_protocols_are_the_same(blocking: type, awaited: type) -> None:
    found = {name for name in PROTOCOLS if name in vars(awaited)}
    assert {PROTOCOLS[name] for name in found} == {name for name in PROTOCOLS.values() if name in vars(blocking)}
    for name in found:
        assert parameters_of(getattr(awaited, name)) == parameters_of(getattr(blocking, PROTOCOLS[name]))


@pytest.mark.parametrize("owner", [AsyncVerbs, AsyncInstanceVerbs, AsyncResultSet])
def test_verbs_that_perform_are_coroutines_or_asynchronous_generators(owner: type) -> None:
    others = {
        name
        for name, verb in inspect.getmembers(owner, inspect.isroutine)
        if not name.startswith("_") and not inspect.iscoroutinefunction(verb) and not inspect.isasyncgenfunction(verb)
    }
    assert others == {AsyncVerbs: STREAMS, AsyncResultSet: {"explain"}}.get(owner, set())
