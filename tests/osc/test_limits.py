"""How often something may be done."""

from __future__ import annotations

from bridge.osc.limits import Allowance, Allowances


def test_a_burst_is_granted_and_then_the_rate() -> None:
    allowance = Allowance(per_s=2.0, burst=3)
    assert [allowance.take(0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [allowance.take(0.5), allowance.take(0.6)] == [True, False]
    assert [allowance.take(100.0) for _ in range(5)] == [True, True, True, False, False]


def test_a_clock_that_steps_back_grants_nothing() -> None:
    allowance = Allowance(per_s=1.0, burst=1)
    assert allowance.take(100.0)
    assert not allowance.take(50.0)


def test_each_key_has_its_own_and_all_share_one() -> None:
    allowances = Allowances(each=(1.0, 2), overall=(1.0, 5))
    assert [allowances.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert [allowances.take(key, 0.0) for key in "bcde"] == [True, True, True, False]


def test_keys_are_forgotten_when_there_are_too_many() -> None:
    allowances = Allowances(each=(1.0, 1), overall=(1000.0, 1000), keys=2)
    assert allowances.take("a", 0.0)
    assert not allowances.take("a", 0.0)
    assert allowances.take("b", 0.0)
    assert allowances.take("c", 0.0)
    assert allowances.take("a", 0.0)
