"""The bench of the band measures every style."""

from __future__ import annotations

import json

import pytest

from engines.accompaniment.accompaniment_bench import bench_accompaniment, time_hops
from engines.accompaniment.arranger import arrange
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.style_lookup import SHIPPED_STYLES


def test_every_style_has_a_row_whose_figures_are_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_accompaniment(rounds=1, json_=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert tuple(row["style"] for row in rows) == SHIPPED_STYLES
    for row in rows:
        assert 0 < row["bar_p50_ms"] <= row["bar_p99_ms"] < row["song_max_ms"]
        assert 0 < row["hop_p50_ms"] <= row["hop_p99_ms"] <= row["hop_max_ms"]


def test_a_beat_costs_more_than_a_hop_that_only_listens() -> None:
    took = sorted(time_hops(0, arrange(read_sheet("| C | F | G | Am |")), 8))
    assert len(took) == 8 * 24000 // 256
    assert took[-4] > 5 * took[len(took) // 2]
