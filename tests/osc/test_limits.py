"""Rate limits, budgets and the LRU cache."""

from __future__ import annotations

import pytest

from bridge.errors import ControlError
from bridge.osc.limits import Budget, LruCache, RateLimit, RateLimits


def test_a_burst_is_granted_and_then_the_rate() -> None:
    allowance = RateLimit(per_s=2.0, burst=3)
    assert [allowance.try_acquire(0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [allowance.try_acquire(0.5), allowance.try_acquire(0.6)] == [True, False]
    assert [allowance.try_acquire(100.0) for _ in range(5)] == [True, True, True, False, False]


def test_a_clock_that_steps_back_grants_nothing() -> None:
    allowance = RateLimit(per_s=1.0, burst=1)
    assert allowance.try_acquire(100.0)
    assert not allowance.try_acquire(50.0)


def test_each_key_has_its_own_and_all_share_one() -> None:
    allowances = RateLimits(each=(1.0, 2), overall=(1.0, 5))
    assert [allowances.try_acquire("a", 0.0) for _ in range(3)] == [True, True, False]
    assert [allowances.try_acquire(key, 0.0) for key in "bcde"] == [True, True, True, False]


def test_keys_are_forgotten_when_there_are_too_many() -> None:
    allowances = RateLimits(each=(1.0, 1), overall=(1000.0, 1000), keys=2)
    assert allowances.try_acquire("a", 0.0)
    assert not allowances.try_acquire("a", 0.0)
    assert allowances.try_acquire("b", 0.0)
    assert allowances.try_acquire("c", 0.0)
    assert allowances.try_acquire("a", 0.0)


def test_what_is_charged_beyond_the_allowance_is_a_debt_that_time_pays() -> None:
    use = RateLimit(per_s=0.5, burst=0.1)
    use.charge(0.1, 0.0)
    assert use.compute_debt_s(0.0) == 0.0
    use.charge(1.0, 0.0)
    assert use.compute_debt_s(0.0) == pytest.approx(2.0)
    assert use.compute_debt_s(1.5) == pytest.approx(0.5)
    assert use.compute_debt_s(3.0) == 0.0


def test_asking_whether_one_would_be_granted_takes_none() -> None:
    allowances = RateLimits(each=(1.0, 1), overall=(1.0, 2))
    assert all(allowances.is_available("a", 0.0) for _ in range(5))
    assert allowances.try_acquire("a", 0.0)
    assert not allowances.is_available("a", 0.0)
    assert allowances.is_available("b", 0.0)
    assert allowances.try_acquire("b", 0.0)
    assert not allowances.is_available("c", 0.0)


def test_a_budget_is_spent_and_then_refuses_without_spending() -> None:
    budget = Budget(100)
    budget.spend(60)
    with pytest.raises(ControlError, match="exceeds its work limit"):
        budget.spend(50)
    assert (budget.left, budget.refused) == (40, 1)
    assert not budget.try_spend(41)
    budget.spend(40)
    assert (budget.left, budget.refused) == (0, 1)


def test_a_table_forgets_what_was_not_used_for_the_longest_time() -> None:
    table: LruCache[str, int] = LruCache(2)
    table.put("a", 1)
    table.put("b", 2)
    assert table.touch("a") == 1
    table.put("c", 3)
    assert [table.touch(key) for key in "abc"] == [1, None, 3]
