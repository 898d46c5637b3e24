"""Benchmark of renders: both ways give the same samples, and the table says whether the goal is met."""

from __future__ import annotations

import math
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from bridge.errors import ConfigError
from chains.commands.render_bench import CHAINS, RenderCost, bench_render, make_sound, make_table, measure
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": math.nan}, "--seconds nan: out of range; give 1 to 3600 s"),
        ({"seconds": 0.0}, "--seconds 0: out of range; give 1 to 3600 s"),
        ({"runs": 0}, "--runs 0: out of range; give 1 to 100"),
    ],
)
def test_a_duration_or_a_number_of_runs_that_cannot_be_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bench_render(**options)
    assert str(caught.value) == message
