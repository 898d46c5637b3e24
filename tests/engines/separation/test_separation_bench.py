"""The bench of separation measures every separator there is, and says so of one that cannot be measured."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest

from bridge.printing import Printer
from engines.separation.dsp import DspSeparation
from engines.separation.models.store import open_user_store
from engines.separation.separation_bench import (
    HopCost,
    bench_separation,
    make_table,
    make_test_mix,
    measure_all,
    measure_live,
)
from tests.engines.separation.models import graphs

HOP = 512


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path


def add_streaming_model(folder: Path) -> None:
    """A model of the user's that takes HOP frames at a time."""
    path = graphs.write_delaying_graph(folder / "mine.onnx", HOP, HOP, (0.1, 0.2, 0.3, 0.4))
    manifest = graphs.manifest_for(
        path, "streaming", ("drums", "bass", "vocals", "other"), name="mine", synthesis=2 * HOP
    )
    with open_user_store().open_draft("mine") as draft:
        (draft.folder / "mine.onnx").write_bytes(path.read_bytes())
        draft.publish(manifest)


def test_a_hop_costs_something_and_the_share_is_of_the_time_that_it_lasts() -> None:
    costs = measure_live(DspSeparation(), 1.0, 44100)
    assert costs.hop == 256
    assert 0 < costs.p50_ms <= costs.p99_ms <= costs.max_ms
    assert 0 < costs.share < 20
    assert costs.times_real > 0
    assert math.isnan(costs.network_ms)


def test_every_profile_the_engine_by_rule_and_every_added_model_is_measured(home: Path) -> None:
    add_streaming_model(home)
    costs = {cost.name: cost for cost in measure_all(0.5, 44100)}
    assert list(costs) == [*(f"separation.{name}" for name in ("standard", "low", "ultra", "dsp")), "mine"]
    assert costs["separation.low"].network_ms > 0
    assert costs["mine"].hop == HOP
    assert not any(cost.problem for cost in costs.values())


def test_a_model_that_does_not_load_is_named_with_its_problem_and_the_others_are_measured(home: Path) -> None:
    add_streaming_model(home)
    (home / "models" / "mine" / "mine.onnx").write_bytes(b"broken")
    costs = list(measure_all(0.5, 44100))
    assert costs[-1].problem
    assert costs[-2].p50_ms > 0


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    bench_separation(seconds=0.5, json_=True)
    rows = json.loads(capsys.readouterr().out)
    assert rows[-1]["name"] == "separation.dsp"
    assert rows[-1]["network_ms"] is None


def test_the_table_has_a_row_for_each_even_without_figures() -> None:
    nothing = float("nan")
    rows = [
        HopCost("a", 512, 1, 2, 3, 0.5, 0.1, 10),
        HopCost("b", 0, nothing, nothing, nothing, nothing, nothing, nothing, "broken"),
    ]
    page = io.StringIO()
    Printer(file=page, width=80).print(make_table(rows, 44100))
    assert "…" not in page.getvalue()
    _title, _heads, figures, refused = page.getvalue().splitlines()
    assert figures.split() == ["a", "512", "11.61", "1.00", "2.00", "3.00", "0.50", "10.0%", "10.0"]
    assert refused.strip() == "b: broken"


def test_music_is_stereo_and_neither_silent_nor_over_full_scale() -> None:
    made = make_test_mix(1.0, 48000)
    assert made.shape == (2, 48000)
    assert 0.1 < abs(made).max() < 2.0
