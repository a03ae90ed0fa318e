"""The scan policy: warned of, forbidden or allowed, by the connection, the model or the call."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any, cast

import pytest

from dynamongo import Connection, GlobalIndex, IntField, Model, ScanForbidden, ScanWarning, StringField
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import ConfigurationError
from dynamongo.expressions.conditions import EQ, And, Comparison, Exists, Or, Path
from dynamongo.operations import Scan
from dynamongo.planning.plan import Plan
from dynamongo.planning.scan_policy import ScanPolicy, apply_policy, check_policy

A_IS_1 = Comparison(Path("a"), EQ, 1)


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField()
    name = StringField()
    year = IntField()


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        User.create_table()
        User.save_one({"email": "jane", "year": 1990})
        yield
    Connection.set_config()


VERBS: list[Callable[..., object]] = [User.get_many, User.delete_many]


class TestPolicy:
    @pytest.mark.parametrize("verb", VERBS)
    def test_scan_warns_where_nothing_is_set_and_is_done(self, verb: Callable[..., Any]) -> None:
        with pytest.warns(ScanWarning, match="^User: no key serves a condition on `year`"):
            assert verb(User.year == 1990)

    @pytest.mark.parametrize("verb", VERBS)
    def test_call_may_allow_it(self, verb: Callable[..., Any]) -> None:
        assert verb(User.year == 1990, scans="allow")

    @pytest.mark.parametrize("verb", VERBS)
    def test_call_may_forbid_it_and_nothing_is_done(self, verb: Callable[..., Any]) -> None:
        with pytest.raises(ScanForbidden, match=r"Scans are forbidden here; pass scans='allow' to do it once$"):
            verb(User.year == 1990, scans="forbid")
        assert User.get_one("jane") == User(email="jane", year=1990)

    @pytest.mark.parametrize("verb", VERBS)
    def test_unknown_policy_is_refused(self, verb: Callable[..., Any]) -> None:
        with pytest.raises(ConfigurationError, match="scans must be one of warn, forbid, allow; got 'never'"):
            verb(User.year == 1990, scans="never")

    @pytest.mark.parametrize("policy", ["warn", "forbid", "allow"])
    @pytest.mark.parametrize(
        ("strategy", "found"),
        [
            (["jane"], ["jane"]),
            (User.email == "jane", ["jane"]),
            (User.email.in_(["jane", "joe"]), ["jane"]),
            (User.year.in_([]), []),
        ],
        ids=str,
    )
    def test_plan_without_a_scan_passes_under_every_policy(
        self, strategy: Any, found: list[str], policy: ScanPolicy
    ) -> None:
        assert [user.email for user in User.get_many(strategy, scans=policy)] == found
        assert User.delete_many(strategy, scans=policy).failures == []
        assert len(User.get_many(scans="allow")) == 1 - len(found)

    def test_connection_sets_it_for_all_its_models(self) -> None:
        Connection.set_config(scans="forbid")
        with pytest.raises(ScanForbidden):
            User.get_many(User.year == 1990)
        Connection.set_config(scans="allow")
        assert User.get_many(User.year == 1990)

    def test_model_wins_over_the_connection_and_the_call_over_the_model(self) -> None:
        class Careful(User):
            __scans__ = "forbid"

        Connection.set_config(scans="allow")
        with pytest.raises(ScanForbidden, match=r"^Careful: "):
            Careful.get_many(Careful.year == 1990)
        assert Careful.get_many(Careful.year == 1990, scans="allow")

    @pytest.mark.parametrize("policy", ["", "WARN", None, True, ["warn"]], ids=repr)
    def test_anything_else_is_no_policy(self, policy: Any) -> None:
        with pytest.raises(ConfigurationError, match="scans must be one of warn, forbid, allow; got "):
            check_policy(policy)


class TestMessage:
    @staticmethod
    def message(scan: Scan) -> str:
        with pytest.raises(ScanForbidden) as caught:
            apply_policy(Plan((scan,)), "forbid", "User", scan.filter)
        return str(caught.value).removesuffix(". Scans are forbidden here; pass scans='allow' to do it once")

    def test_it_names_what_is_read_and_that_it_is_billed(self) -> None:
        assert self.message(Scan("app-users")) == (
            "User: this reads the whole table app-users, and every item read is billed"
        )

    def test_it_names_the_paths_and_the_missing_index_but_no_values(self) -> None:
        assert self.message(Scan("users", And(Exists(Path("b")), A_IS_1))) == (
            "User: no key serves a condition on `b`, `a`, so this reads the whole table users, and every item read is"
            " billed; an index with the hash key `a` would serve it"
        )

    @pytest.mark.parametrize(
        ("condition", "paths"), [(Exists(Path("a")), "`a`"), (Or(A_IS_1, Exists(Path("b"))), "`a`, `b`")]
    )
    def test_it_names_no_index_where_none_would_serve(self, condition: Any, paths: str) -> None:
        expected = f"condition on {paths}, so this reads the whole table users, and every item read is billed"
        assert self.message(Scan("users", condition)) == f"User: no key serves a {expected}"

    def test_warning_says_how_to_allow_it(self) -> None:
        with pytest.warns(ScanWarning, match=r"is billed\. Pass scans='allow' if that is intended$"):
            User.get_many()


class TestCallSite:
    def test_one_call_site_warns_once_whatever_the_values(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for year in (1990, 1991):
                User.get_many(User.year == year)
        assert len(caught) == 1

    def test_warning_points_at_the_line_that_asked(self) -> None:
        with pytest.warns(ScanWarning) as caught:
            User.get_many(User.year == 1990)
        assert [FilePath(warning.filename).name for warning in caught] == ["test_scan_policy.py"]
        line = FilePath(__file__).read_text().splitlines()[caught[0].lineno - 1]
        assert line.strip() == "User.get_many(User.year == 1990)"

    def test_caller_whose_package_begins_with_the_same_name_is_a_caller(self, tmp_path: FilePath) -> None:
        import dynamongo  # noqa: PLC0415 - where it lies is what is tested

        path = str(FilePath(cast("str", dynamongo.__file__)).parent) + "_shop/views.py"
        code = compile("User.get_many(User.year == 1990)", path, "exec")
        with pytest.warns(ScanWarning) as caught:
            exec(code, {"User": User})
        assert caught[0].filename == path

    def test_one_call_site_warns_once_and_each_call_site_warns(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for _ in range(3):
                User.get_many(User.year == 1990)
            User.get_many(User.year == 1990)
        assert len(caught) == 2

    def test_warning_is_seen_by_who_runs_a_script(self, tmp_path: FilePath) -> None:
        script = tmp_path / "shop.py"
        script.write_text(
            "from dynamongo import Connection, Model, StringField\n"
            "class User(Model):\n"
            "    __table__ = 'users'\n"
            "    __hash_key__ = 'email'\n"
            "    email = StringField()\n"
            "Connection.set_config(backend='memory')\n"
            "User.create_table()\n"
            "User.get_many()\n"
        )
        finished = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
        assert f"{script}:8: ScanWarning: User: this reads the whole table users" in finished.stderr


class Shared(Model):
    __table__ = "shared"
    __hash_key__ = "pk"
    pk = StringField(required=True)
    kind = StringField()
    by_kind = GlobalIndex(hash_key=kind, range_key="year")
    year = IntField()


def test_index_that_lacks_a_part_of_its_hash_key_is_named() -> None:
    class Sent(Model):
        __table__ = "sent"
        __hash_key__ = "pk"
        pk = StringField(required=True)
        tenant = StringField(required=True, stored_as="GSI1PK")
        region = StringField(required=True, stored_as="GSI1PK2")
        by_tenant = GlobalIndex(hash_key=(tenant, region))

    with Connection.using(MemoryBackend()):
        Sent.create_table()
        near = "the index by_tenant would serve it, but no condition compares `region` of its hash key by =="
        with pytest.warns(ScanWarning, match=near):
            Sent.get_many(Sent.tenant == "a")


def test_rejected_index_says_what_makes_it_usable() -> None:
    condition = Shared.kind == "a"
    advice = r"`year` are not in it: declare the field required=True, force the index with index="
    assert re.search(advice, str(Shared.explain(condition)))
    with Connection.using(MemoryBackend()):
        Shared.create_table()
        with pytest.warns(ScanWarning, match=rf"the index by_kind would serve it, but items without {advice}"):
            Shared.get_many(condition)
        assert Shared.get_many(condition, index=Shared.by_kind) == []
