"""The planner: the plan of every strategy, and that a plan finds what a look at every item would find."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    LT,
    NE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    Or,
    Path,
    Size,
)
from dynamongo.expressions.values import Item
from dynamongo.operations import BatchGet, Get, KeyCondition, Query, Scan
from dynamongo.planning.key_lookup import checks_by_key
from dynamongo.planning.plan import Plan
from dynamongo.planning.planner import plan_read
from dynamongo.planning.read import Read
from dynamongo.planning.rechecks import recheck
from dynamongo.planning.strategies import ResolvedStrategy, Target
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

TABLE = "visits"
HASH_ONLY = KeySchema(KeyAttribute("h", "S"))
BOTH = KeySchema(KeyAttribute("h", "S"), KeyAttribute("r", "N"))
TEXTS = KeySchema(KeyAttribute("h", "S"), KeyAttribute("r", "S"))

H, R, A, B = Path("h"), Path("r"), Path("a"), Path("b")


def eq(path: Path, value: Any) -> Comparison:
    return Comparison(path, EQ, value)


def plan(keys: KeySchema, source: ResolvedStrategy, **options: Any) -> Plan:
    return plan_read(Read(TableSchema(TABLE, keys), source, **options))


def query(hash_value: Any, range_key: Any = None, **rest: Any) -> Query:
    return Query(TABLE, KeyCondition(eq(H, hash_value), *([] if range_key is None else [range_key])), **rest)


def batch(*keys: Item) -> BatchGet:
    return BatchGet(TABLE, keys)


def batch_plan(*keys: Item, order_by: tuple[str, ...], **rest: Any) -> Plan:
    return Plan((batch(*keys),), order_by=order_by, **rest)


class TestWholeKeys:
    def test_hash_key_without_range_key_is_a_get(self) -> None:
        assert plan(HASH_ONLY, eq(H, "x")) == Plan((Get(TABLE, {"h": "x"}),))

    def test_both_keys_in_any_order_are_a_get(self) -> None:
        expected = Plan((Get(TABLE, {"h": "x", "r": 1}),))
        assert plan(BOTH, eq(H, "x") & eq(R, 1)) == expected
        assert plan(BOTH, eq(R, 1) & eq(H, "x")) == expected

    def test_key_of_a_get_has_the_hash_key_first(self) -> None:
        (operation,) = plan(BOTH, eq(R, 1) & eq(H, "x")).operations
        assert isinstance(operation, Get)
        assert list(operation.key) == ["h", "r"]

    def test_other_conjuncts_of_a_get_are_the_residual(self) -> None:
        check = Comparison(A, LT, 5)
        assert plan(HASH_ONLY, eq(H, "x") & check) == Plan((Get(TABLE, {"h": "x"}),), check)

    def test_second_condition_on_the_key_is_a_residual_and_never_dropped(self) -> None:
        found = plan(HASH_ONLY, eq(H, "x") & Comparison(H, GT, "a"))
        assert found == Plan((Get(TABLE, {"h": "x"}),), Comparison(H, GT, "a"))

    def test_two_values_of_one_key_are_none(self) -> None:
        assert plan(HASH_ONLY, eq(H, "x") & eq(H, "y")) == Plan(())

    def test_one_target_is_a_get(self) -> None:
        assert plan(BOTH, (Target({"h": "x", "r": 1}),)) == Plan((Get(TABLE, {"h": "x", "r": 1}),))

    def test_check_of_one_target_is_the_residual(self) -> None:
        target = Target({"h": "x"}, Exists(A))
        assert plan(HASH_ONLY, (target,)) == Plan((Get(TABLE, {"h": "x"}),), Exists(A))

    def test_targets_are_a_batch_get_sorted_by_key(self) -> None:
        targets = (Target({"h": "y"}), Target({"h": "x"}))
        assert plan(HASH_ONLY, targets) == batch_plan({"h": "y"}, {"h": "x"}, order_by=("h",))

    def test_duplicate_targets_are_read_once(self) -> None:
        targets = (Target({"h": "y"}), Target({"h": "x"}), Target({"h": "y"}))
        assert plan(HASH_ONLY, targets) == batch_plan({"h": "y"}, {"h": "x"}, order_by=("h",))

    def test_targets_that_are_all_the_same_are_one_get(self) -> None:
        assert plan(HASH_ONLY, (Target({"h": "x"}),) * 3) == Plan((Get(TABLE, {"h": "x"}),))

    def test_numbers_that_are_equal_are_duplicates(self) -> None:
        targets = (Target({"h": "x", "r": 1}), Target({"h": "x", "r": Decimal("1.0")}))
        assert plan(BOTH, targets) == Plan((Get(TABLE, {"h": "x", "r": 1}),))

    def test_each_check_of_several_targets_holds_for_its_own_key_alone(self) -> None:
        targets = (Target({"h": "x"}, Exists(A)), Target({"h": "y"}))
        assert plan(HASH_ONLY, targets) == batch_plan(
            {"h": "x"}, {"h": "y"}, order_by=("h",), residual=Or(And(eq(H, "x"), Exists(A)), eq(H, "y"))
        )

    def test_residual_says_what_holds_for_each_key(self) -> None:
        """Or the reading of n items would ask each of them n conditions."""
        named = [Target({"h": "x"}, Exists(A)), Target({"h": "y"}), Target({"h": "z"}, eq(A, 1))]
        again = [Target({"h": "y"}, Exists(A)), Target({"h": "z"}, eq(A, 2))]
        residual = plan(HASH_ONLY, (*named, *again)).residual
        assert residual is not None
        assert checks_by_key(residual, {"h": "x"}) == {
            ("x",): Exists(A),
            ("y",): None,
            ("z",): Or(eq(A, 1), eq(A, 2)),
        }

    def test_residual_that_treats_all_keys_alike_has_no_checks_for_each(self) -> None:
        assert checks_by_key(Exists(A), {"h": "x"}) is None
        assert checks_by_key(Or(Exists(A), Exists(B)), {"h": "x"}) is None

    def test_no_targets_make_no_request(self) -> None:
        assert plan(HASH_ONLY, ()) == Plan(())

    def test_in_on_a_hash_key_without_range_key_is_a_batch_get(self) -> None:
        expected = batch_plan({"h": "x"}, {"h": "y"}, order_by=("h",))
        assert plan(HASH_ONLY, In(H, ("x", "y", "x"))) == expected

    def test_in_with_one_value_is_a_get(self) -> None:
        assert plan(HASH_ONLY, In(H, ("x",))) == Plan((Get(TABLE, {"h": "x"}),))

    def test_in_beside_other_conjuncts_leaves_them_as_residual(self) -> None:
        assert plan(HASH_ONLY, In(H, ("x", "y")) & Exists(A)) == batch_plan(
            {"h": "x"}, {"h": "y"}, order_by=("h",), residual=Exists(A)
        )

    def test_ored_hash_keys_are_a_batch_get(self) -> None:
        expected = batch_plan({"h": "x"}, {"h": "y"}, order_by=("h",))
        assert plan(HASH_ONLY, eq(H, "x") | eq(H, "y")) == expected

    def test_ored_hash_key_and_in_are_combined(self) -> None:
        expected = batch_plan({"h": "x"}, {"h": "y"}, {"h": "z"}, order_by=("h",))
        assert plan(HASH_ONLY, eq(H, "x") | In(H, ("y", "z"))) == expected

    def test_ored_whole_keys_are_a_batch_get(self) -> None:
        source = (eq(H, "x") & eq(R, 1)) | (eq(R, 2) & eq(H, "y"))
        assert plan(BOTH, source) == batch_plan({"h": "x", "r": 1}, {"h": "y", "r": 2}, order_by=("h", "r"))

    def test_ored_whole_keys_beside_other_conjuncts_leave_them_as_residual(self) -> None:
        source = ((eq(H, "x") & eq(R, 1)) | (eq(H, "y") & eq(R, 2))) & Exists(A)
        assert plan(BOTH, source) == batch_plan(
            {"h": "x", "r": 1}, {"h": "y", "r": 2}, order_by=("h", "r"), residual=Exists(A)
        )

    def test_hash_key_and_in_on_the_range_key_are_a_product(self) -> None:
        assert plan(BOTH, eq(H, "x") & In(R, (1, 2))) == batch_plan(
            {"h": "x", "r": 1}, {"h": "x", "r": 2}, order_by=("h", "r")
        )

    def test_in_on_both_keys_is_their_product(self) -> None:
        assert plan(BOTH, In(H, ("x", "y")) & In(R, (1, 2))) == batch_plan(
            {"h": "x", "r": 1}, {"h": "x", "r": 2}, {"h": "y", "r": 1}, {"h": "y", "r": 2}, order_by=("h", "r")
        )

    def test_conjunct_with_the_fewest_values_supplies_the_key(self) -> None:
        assert plan(HASH_ONLY, In(H, ("x", "y")) & eq(H, "x")) == Plan((Get(TABLE, {"h": "x"}),), In(H, ("x", "y")))

    def test_descending_batch_get_is_sorted_in_reverse_and_limited_after(self) -> None:
        assert plan(HASH_ONLY, In(H, ("x", "y")), descending=True, limit=1) == batch_plan(
            {"h": "x"}, {"h": "y"}, order_by=("h",), descending=True, limit=1
        )

    def test_consistent_is_asked_of_get_and_batch_get(self) -> None:
        assert plan(HASH_ONLY, eq(H, "x"), consistent=True).operations == (Get(TABLE, {"h": "x"}, consistent=True),)
        assert plan(HASH_ONLY, In(H, ("x", "y")), consistent=True).operations == (
            BatchGet(TABLE, ({"h": "x"}, {"h": "y"}), consistent=True),
        )


class TestQueries:
    def test_hash_key_alone_is_a_query(self) -> None:
        assert plan(BOTH, eq(H, "x")) == Plan((query("x"),))

    @pytest.mark.parametrize("operator", [LT, LE, GT, GE])
    def test_bound_on_the_range_key_is_in_the_key_condition(self, operator: Any) -> None:
        bound = Comparison(R, operator, 5)
        assert plan(BOTH, eq(H, "x") & bound) == Plan((query("x", bound),))

    def test_between_on_the_range_key_is_in_the_key_condition(self) -> None:
        assert plan(BOTH, eq(H, "x") & Between(R, 1, 5)) == Plan((query("x", Between(R, 1, 5)),))

    def test_begins_with_on_the_range_key_is_in_the_key_condition(self) -> None:
        assert plan(TEXTS, BeginsWith(R, "p") & eq(H, "x")) == Plan((query("x", BeginsWith(R, "p")),))

    def test_conjuncts_on_other_attributes_are_the_filter(self) -> None:
        source = And(eq(H, "x"), Comparison(R, GT, 1), Exists(A), eq(B, 2))
        assert plan(BOTH, source) == Plan((query("x", Comparison(R, GT, 1), filter=And(Exists(A), eq(B, 2))),))

    def test_ored_conditions_on_other_attributes_are_a_filter(self) -> None:
        either = eq(A, 1) | eq(B, 2)
        assert plan(BOTH, eq(H, "x") & either) == Plan((query("x", filter=either),))

    @pytest.mark.parametrize(
        "part",
        [
            Comparison(R, NE, 1),
            Not(eq(R, 1)),
            Exists(R),
            IsType(H, "S"),
            Comparison(R, LT, A),
            Comparison(A, LT, R),
            Comparison(Size(H), GT, 1),
            Or(eq(A, 1), Comparison(R, GT, 1)),
        ],
        ids=str,
    )
    def test_other_conditions_on_key_attributes_are_residual(self, part: AnyCondition) -> None:
        assert plan(BOTH, eq(H, "x") & part & Exists(B)) == Plan((query("x", filter=Exists(B)),), part)

    def test_value_on_the_left_is_residual(self) -> None:
        part = Comparison(1, LT, R)
        assert plan(BOTH, eq(H, "x") & part) == Plan((query("x"),), part)

    def test_in_on_the_hash_key_is_a_query_for_each_value_in_order(self) -> None:
        assert plan(BOTH, In(H, ("y", "x", "y"))) == Plan((query("x"), query("y")))

    def test_ored_hash_keys_are_a_query_for_each(self) -> None:
        assert plan(BOTH, eq(H, "y") | eq(H, "x")) == Plan((query("x"), query("y")))

    def test_queries_share_range_condition_filter_and_residual(self) -> None:
        bound = Comparison(R, GE, 2)
        source = And(In(H, ("x", "y")), bound, Exists(A), Comparison(R, NE, 3))
        assert plan(BOTH, source) == Plan(
            (query("x", bound, filter=Exists(A)), query("y", bound, filter=Exists(A))), Comparison(R, NE, 3)
        )

    def test_descending_queries_go_from_the_last_hash_key_to_the_first(self) -> None:
        assert plan(BOTH, In(H, ("x", "y")), descending=True) == Plan(
            (query("y", descending=True), query("x", descending=True)), descending=True
        )

    def test_limit_is_sent_where_every_item_read_is_returned(self) -> None:
        assert plan(BOTH, eq(H, "x"), limit=3) == Plan((query("x", limit=3),), limit=3)

    def test_limit_is_not_sent_beside_a_filter_which_would_come_after_it(self) -> None:
        assert plan(BOTH, eq(H, "x") & Exists(A), limit=3) == Plan((query("x", filter=Exists(A)),), limit=3)

    def test_limit_is_not_sent_beside_a_residual(self) -> None:
        part = Comparison(R, NE, 1)
        assert plan(BOTH, eq(H, "x") & part, limit=3) == Plan((query("x"),), part, limit=3)

    def test_consistent_is_asked_of_queries(self) -> None:
        assert plan(BOTH, eq(H, "x"), consistent=True) == Plan((query("x", consistent=True),))


class TestFolding:
    def check(self, *parts: AnyCondition, key: Any = None, residual: AnyCondition | None = None) -> None:
        assert plan(BOTH, And(eq(H, "x"), *parts)) == Plan((query("x", key),), residual)

    def test_inclusive_bounds_become_between(self) -> None:
        self.check(Comparison(R, GE, 1), Comparison(R, LE, 5), key=Between(R, 1, 5))

    def test_bounds_fold_in_any_order(self) -> None:
        self.check(Comparison(R, LE, 5), Comparison(R, GE, 1), key=Between(R, 1, 5))

    def test_lower_bound_that_excludes_its_value_is_checked_again(self) -> None:
        strict = Comparison(R, GT, 1)
        self.check(strict, Comparison(R, LE, 5), key=Between(R, 1, 5), residual=strict)

    def test_upper_bound_that_excludes_its_value_is_checked_again(self) -> None:
        strict = Comparison(R, LT, 5)
        self.check(Comparison(R, GE, 1), strict, key=Between(R, 1, 5), residual=strict)

    def test_two_bounds_that_exclude_their_values_are_both_checked_again(self) -> None:
        above, below = Comparison(R, GT, 1), Comparison(R, LT, 5)
        self.check(below, above, key=Between(R, 1, 5), residual=And(above, below))

    def test_strictest_lower_bound_wins(self) -> None:
        self.check(Comparison(R, GT, 1), Comparison(R, GE, 3), Comparison(R, GT, 2), key=Comparison(R, GE, 3))

    def test_strictest_upper_bound_wins(self) -> None:
        self.check(Comparison(R, LT, 9), Comparison(R, LE, 3), Comparison(R, LT, 5), key=Comparison(R, LE, 3))

    def test_of_two_bounds_at_one_value_the_one_that_excludes_it_wins(self) -> None:
        self.check(Comparison(R, GE, 3), Comparison(R, GT, 3), key=Comparison(R, GT, 3))
        self.check(Comparison(R, LT, 3), Comparison(R, LE, 3), key=Comparison(R, LT, 3))

    def test_between_folds_with_bounds(self) -> None:
        self.check(Between(R, 1, 9), Comparison(R, GE, 4), key=Between(R, 4, 9))
        self.check(Between(R, 1, 9), Between(R, 4, 12), key=Between(R, 4, 9))

    def test_bounds_that_meet_in_one_value_equal_it(self) -> None:
        self.check(Comparison(R, GE, 3), Comparison(R, LE, 3), key=eq(R, 3))

    @pytest.mark.parametrize(
        "parts",
        [
            (Comparison(R, GT, 5), Comparison(R, LT, 1)),
            (Comparison(R, GE, 5), Comparison(R, LE, 4)),
            (Comparison(R, GT, 3), Comparison(R, LE, 3)),
            (Comparison(R, GE, 3), Comparison(R, LT, 3)),
            (Comparison(R, GT, 3), Comparison(R, LT, 3)),
            (Between(R, 1, 2), Between(R, 3, 4)),
        ],
        ids=lambda parts: str(And(*parts)),
    )
    def test_bounds_that_contradict_each_other_make_no_request(self, parts: tuple[AnyCondition, ...]) -> None:
        assert plan(BOTH, And(eq(H, "x"), *parts)) == Plan(())

    def test_begins_with_leaves_bounds_as_residual(self) -> None:
        prefix, low = BeginsWith(R, "p"), Comparison(R, GE, "pa")
        assert plan(TEXTS, And(eq(H, "x"), low, prefix)) == Plan((query("x", prefix),), low)

    def test_second_begins_with_is_residual(self) -> None:
        first, second = BeginsWith(R, "p"), BeginsWith(R, "pa")
        assert plan(TEXTS, And(eq(H, "x"), first, second)) == Plan((query("x", first),), second)

    def test_bound_of_another_type_than_the_key_is_residual(self) -> None:
        part = Comparison(R, GT, "5")
        self.check(part, residual=part)


class TestEmptyValues:
    """No key attribute holds an empty value, and DynamoDB refuses a key condition that asks for one."""

    def test_empty_hash_key_value_makes_no_request(self) -> None:
        assert plan(HASH_ONLY, eq(H, "")) == Plan(())
        assert plan(TEXTS, eq(H, "")) == Plan(())
        assert plan(TEXTS, eq(H, "x") & eq(R, "")) == Plan(())

    def test_empty_values_among_others_are_left_out(self) -> None:
        assert plan(HASH_ONLY, In(H, ("", "x"))) == Plan((Get(TABLE, {"h": "x"}),))
        assert plan(TEXTS, In(H, ("", "x"))) == Plan((query("x"),))

    @pytest.mark.parametrize("part", [Comparison(R, GT, ""), Comparison(R, LE, ""), Between(R, "", "z")], ids=str)
    def test_empty_bound_of_the_range_key_is_residual(self, part: AnyCondition) -> None:
        assert plan(TEXTS, eq(H, "x") & part) == Plan((query("x"),), part)

    def test_empty_prefix_of_the_range_key_is_residual(self) -> None:
        assert plan(TEXTS, eq(H, "x") & BeginsWith(R, "")) == Plan((query("x"),), BeginsWith(R, ""))


class TestScans:
    def test_read_without_a_condition_is_a_scan_sorted_by_key(self) -> None:
        assert plan(BOTH, None) == Plan((Scan(TABLE),), order_by=("h", "r"))

    @pytest.mark.parametrize(
        "condition",
        [
            eq(A, 1),
            Comparison(H, GT, "x"),
            Comparison(H, NE, "x"),
            eq(H, A),
            eq(R, 1),
            BeginsWith(H, "x"),
            Between(H, "a", "b"),
            Not(eq(H, "x")),
            eq(H, 1),
            In(H, ("x", A)),
            Or(eq(H, "x"), eq(A, 1)),
            Or(And(eq(H, "x"), eq(R, 1)), Exists(A)),
            Contains(A, "x"),
        ],
        ids=str,
    )
    def test_what_does_not_fix_the_hash_key_is_a_scan_with_a_filter(self, condition: AnyCondition) -> None:
        assert plan(BOTH, condition) == Plan((Scan(TABLE, condition),), order_by=("h", "r"))

    def test_one_branch_of_an_or_supplies_no_key(self) -> None:
        condition = And(eq(H, "x"), eq(A, 1)) | eq(B, "y")
        assert plan(HASH_ONLY, condition) == Plan((Scan(TABLE, condition),), order_by=("h",))

    def test_all_branches_of_an_or_together_supply_keys_and_leave_what_else_they_say(self) -> None:
        condition = And(eq(H, "x"), eq(A, 1)) | eq(H, "y")
        assert plan(HASH_ONLY, condition) == batch_plan({"h": "x"}, {"h": "y"}, order_by=("h",), residual=condition)
        ranges = And(eq(H, "x"), Comparison(R, LT, 1)) | And(eq(H, "x"), Comparison(R, GT, 5))
        assert plan(BOTH, ranges) == Plan((query("x"),), ranges)

    def test_limit_of_a_scan_applies_after_sorting(self) -> None:
        assert plan(HASH_ONLY, None, limit=2, descending=True) == Plan(
            (Scan(TABLE),), order_by=("h",), descending=True, limit=2
        )

    def test_consistent_is_asked_of_a_scan(self) -> None:
        assert plan(HASH_ONLY, None, consistent=True).operations == (Scan(TABLE, consistent=True),)

    def test_plan_says_whether_it_scans(self) -> None:
        assert plan(HASH_ONLY, eq(A, 1)).scan == Scan(TABLE, eq(A, 1))
        assert plan(HASH_ONLY, eq(H, "x")).scan is None
        assert plan(HASH_ONLY, In(H, ())).scan is None


class TestNothing:
    @pytest.mark.parametrize("source", [In(H, ()), In(A, ()), And(eq(H, "x"), In(A, ()))], ids=str)
    def test_empty_in_makes_no_request(self, source: AnyCondition) -> None:
        assert plan(HASH_ONLY, source) == Plan(())

    def test_empty_in_below_an_or_is_no_reason_to_find_nothing(self) -> None:
        source = In(A, ()) | eq(A, 1)
        assert plan(HASH_ONLY, source) == Plan((Scan(TABLE, source),), order_by=("h",))

    @pytest.mark.parametrize("source", [None, eq(H, "x"), eq(A, 1), (Target({"h": "x"}),)], ids=str)
    def test_limit_of_0_makes_no_request(self, source: ResolvedStrategy) -> None:
        assert plan(HASH_ONLY, source, limit=0) == Plan((), limit=0)


class TestLimitsOfExpressions:
    LONG = In(A, tuple(range(101)))

    def test_in_of_more_than_100_values_is_residual(self) -> None:
        source = And(eq(H, "x"), self.LONG, Exists(B))
        assert plan(BOTH, source) == Plan((query("x", filter=Exists(B)),), self.LONG)

    def test_in_of_100_values_is_a_filter(self) -> None:
        most = In(A, tuple(range(100)))
        assert plan(BOTH, eq(H, "x") & most) == Plan((query("x", filter=most),))

    def test_in_of_more_than_100_values_inside_another_condition_is_residual(self) -> None:
        part = Not(self.LONG) | Exists(B)
        assert plan(HASH_ONLY, part) == Plan((Scan(TABLE),), part, order_by=("h",))

    def test_in_of_more_than_100_values_on_the_hash_key_is_a_batch_get(self) -> None:
        values = tuple(f"{number:03}" for number in range(250))
        expected: list[Item] = [{"h": value} for value in values]
        assert plan(HASH_ONLY, In(H, values)) == batch_plan(*expected, order_by=("h",))

    def test_what_goes_beyond_300_operators_is_residual(self) -> None:
        parts = tuple(eq(Path(f"a{number}"), number) for number in range(200))
        found = plan(HASH_ONLY, And(*parts))
        assert found == Plan((Scan(TABLE, And(*parts[:150])),), And(*parts[150:]), order_by=("h",))

    def test_what_goes_beyond_4096_bytes_is_residual(self) -> None:
        parts = tuple(In(A, tuple(range(number, number + 100))) for number in range(6))
        assert plan(HASH_ONLY, And(*parts)) == Plan((Scan(TABLE, And(*parts[:4])),), And(*parts[4:]), order_by=("h",))

    def test_smaller_conjuncts_after_one_that_is_too_large_stay_in_the_filter(self) -> None:
        large = Or(*(eq(A, number) for number in range(151)))
        assert plan(HASH_ONLY, large & Exists(B)) == Plan((Scan(TABLE, Exists(B)),), large, order_by=("h",))


class TestKeysOfAPlan:
    def test_keys_are_known_without_reading(self) -> None:
        assert plan(HASH_ONLY, eq(H, "x")).keys == ({"h": "x"},)
        assert plan(HASH_ONLY, In(H, ("x", "y"))).keys == ({"h": "x"}, {"h": "y"})
        assert plan(HASH_ONLY, In(H, ())).keys == ()

    @pytest.mark.parametrize("source", [None, eq(H, "x") & Exists(A), In(H, ("x", "y")) & Exists(A)], ids=str)
    def test_keys_are_not_known_where_items_must_be_read(self, source: ResolvedStrategy) -> None:
        assert plan(HASH_ONLY, source).keys is None

    def test_keys_are_not_known_of_a_query(self) -> None:
        assert plan(BOTH, eq(H, "x")).keys is None


class TestRecheck:
    def test_conditions_on_the_key_alone_need_no_recheck(self) -> None:
        assert recheck(eq(H, "x") & Comparison(R, GT, 1), {"h": "x", "r": 2}) is None

    def test_conditions_on_other_attributes_are_rechecked(self) -> None:
        mixed = Comparison(R, LT, A)
        assert recheck(And(eq(H, "x"), mixed, Exists(B)), {"h": "x", "r": 2}) == And(mixed, Exists(B))

    def test_no_condition_needs_no_recheck(self) -> None:
        assert recheck(None, {"h": "x"}) is None

    def test_of_ored_keys_only_the_branches_of_the_item_are_checked(self) -> None:
        branches = [eq(H, name) & eq(A, number) for number, name in enumerate("xyx")]
        assert recheck(Or(*branches), {"h": "x"}) == Or(eq(A, 0), eq(A, 2))
        assert recheck(Or(*branches), {"h": "y"}) == Or(eq(A, 1))
        assert recheck(In(H, ("x", "y")) & Or(*branches), {"h": "y"}) == Or(eq(A, 1))

    def test_branch_that_the_key_satisfies_alone_leaves_nothing_to_check(self) -> None:
        either = Comparison(R, GT, 1) | Exists(A)
        assert recheck(either, {"h": "x", "r": 2}) is None
        assert recheck(either, {"h": "x", "r": 1}) == Or(Exists(A))

    def test_condition_on_many_keys_is_small_for_each(self) -> None:
        branches = [eq(H, f"{number}") & Comparison(A, LT, 2000) for number in range(500)]
        assert recheck(Or(*branches), {"h": "7"}) == Or(Comparison(A, LT, 2000))
