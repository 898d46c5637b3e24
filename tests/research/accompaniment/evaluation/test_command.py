"""`python -m research.accompaniment.evaluation` as a user types it, and the tables it makes."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from research.accompaniment.evaluation.__main__ import app
from research.accompaniment.evaluation.run import FIGURES, WHERE, PerformanceResult
from research.accompaniment.evaluation.table import make_rows, make_table
from research.common.evaluation_tables import to_data
from tests.research.accompaniment.evaluation.made import symbolic

RESULTS = [
    PerformanceResult("written", "band", "a", {"in_chord": 1.0, "silent": 0.0}),
    PerformanceResult("written", "pianist", "a", {"in_chord": 0.8}),
    PerformanceResult("written", "band", "b", {"in_chord": 0.5, "silent": math.nan}),
    PerformanceResult("rendered", "band", "c", {"bass": 0.25}),
]


def test_a_line_for_each_collection_and_player_with_the_figures_that_they_have() -> None:
    lines = make_table(make_rows(RESULTS), FIGURES).to_markdown().splitlines()
    assert lines[0] == "| collection | player | songs | in chord | silent bars |"
    assert lines[2:] == [
        "| written | band | 2 | 0.75 [0.50, 1.00] | 0.00 of 1 |",
        "| written | pianist | 1 | 0.80 | – |",
    ]
    assert make_table(make_rows(RESULTS), WHERE).to_markdown().splitlines()[2:] == ["| rendered | band | 1 | 0.25 |"]


def test_the_data_is_json_without_nan() -> None:
    data = json.loads(json.dumps(to_data(make_rows(RESULTS), RESULTS), allow_nan=False))
    assert data["results"][2]["figures"] == {"in_chord": 0.5, "silent": None}


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    arguments = [str(word) for word in words]
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    app(arguments, result_action="return_value", exit_on_error=False)


def test_the_band_is_measured_beside_people_and_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- played: begin -->\nstale\n<!-- played: end -->\nafter\n")
    folder = symbolic(tmp_path / "symbolic", ("005", "010"), bars=16)
    run(monkeypatch, "--symbolic", folder, "--songs", 1, "--into", page, "--json")
    table = {(row["collection"], row["player"]): row["means"] for row in json.loads(capsys.readouterr().out)["table"]}

    def figure(player: str, name: str, collection: str = "written") -> float:
        return float(table[collection, player][name]["mean"])

    known, late = "given as a chord begins, 1 beat ahead", "given 0.59 s late, 1 beat ahead"
    assert figure("pianist", "in_chord") == 1.0
    assert "onsets" not in table["written", "pianist"]  # there is no other pianist to compare it with
    assert figure("chance", "in_chord") < figure("chance in the key", "in_chord") < 0.55
    assert figure("chance", "clash") > 0.35
    assert figure("band; from the song's chord sheet", "in_chord") > 0.95
    assert figure(f"band; {known}", "in_chord") > 0.8  # a loop of four chords, four times
    assert figure(f"band; {known}", "roots") > 0.5 > figure(f"holds the last chord; {late}", "roots")
    assert figure(f"band; {known}", "silent") == 0.0
    assert 0.0 < figure(f"band; {known}", "groove") <= 1.0
    assert figure("drummers", "steady", "Groove MIDI Dataset") == 1.0
    assert set(table["written, a whole tone up from its middle", f"band; {late}"]) == {"after", "passed", "right"}
    text = page.read_text()
    assert "`python -m research.accompaniment.evaluation --symbolic DIR --songs 1`" in text
    assert "stale" not in text
    assert str(tmp_path) not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_an_unknown_style_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="polka"):
        run(monkeypatch, "--symbolic", tmp_path, "--style", "polka")
