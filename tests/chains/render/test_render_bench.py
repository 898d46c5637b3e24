"""Benchmark of renders: both ways give the same samples, and the table says whether the goal is met."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from chains.commands.render_bench import CHAINS, RenderCost, make_sound, make_table, measure
from tests.chains.plugins import require_hosts


def test_both_ways_give_the_same_samples() -> None:
    require_hosts()
    with make_sound(2.0) as (source, sinks):
        cost = measure("heavy", CHAINS["heavy"], source, sinks, 1)
    assert cost.difference_db <= -120
    assert cost.plain_s > 0
    assert cost.isolated_s > cost.plain_s


@pytest.mark.parametrize(("isolated_s", "within"), [(1.27, "yes"), (1.29, "no")])
def test_the_goal_is_a_start_and_three_percent(isolated_s: float, within: str) -> None:
    text = StringIO()
    Console(file=text, width=120).print(make_table([RenderCost("light", 180.0, 1.0, isolated_s, 90.0, -240.0)]))
    assert within in text.getvalue().splitlines()[-1].split()
