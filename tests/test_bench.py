"""Benchmarks: each starts, says what it measures, and is on the list in bench/README.md."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bench.beat_accuracy import score_beats
from bench.drums_on_bass import share_coinciding
from bridge.bench.callback import PythonDriver
from bridge.drivers.jack_driver import JackDriver

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if "__main__" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_starts_and_says_what_it_measures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(f"bench.{name}")
    with pytest.raises(SystemExit) as end:
        module.main(["--help"])
    assert end.value.code == 0
    assert f"python -m bench.{name}" in capsys.readouterr().out
    assert re.search(r"\btakes? ", module.__doc__ or "", re.IGNORECASE)


def test_the_python_callback_takes_the_place_of_the_native_one() -> None:
    own = {name for name in vars(PythonDriver) if not name.startswith("__")}
    assert own == {"_set_process_callback"} <= vars(JackDriver).keys()


def test_the_page_lists_each() -> None:
    page = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == COMMANDS


def test_engines_are_timed_on_made_up_music(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("bench.engine_cost").main(["1.5"])
    rows = capsys.readouterr().out.splitlines()[1:]
    assert {row.split()[0] for row in rows} >= {"separation.standard", "mir.standard", "synth.plain"}


def test_a_few_hostile_datagrams_are_survived(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("bench.hostile_datagrams").main(["500"])
    assert "ping answered" in capsys.readouterr().out


def test_songs_in_parts_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("bench.song_parts").main(["--list"])
    *names, count = capsys.readouterr().out.splitlines()
    assert count == f"{len(names)} songs"
    assert len(set(names)) == len(names) > 100


def test_beats_are_scored_by_hits_within_70_ms() -> None:
    truth = np.arange(10) / 2
    assert score_beats(truth + 0.01, truth) == pytest.approx((1.0, 0.0))
    assert score_beats(truth[::2], truth)[0] == pytest.approx(2 / 3)
    assert score_beats(truth + 0.2, truth)[0] == 0.0


def test_onsets_coincide_within_40_ms() -> None:
    kicks, bass = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.05, 1.0, 2.5])
    assert share_coinciding(kicks, bass, 120.0) == 0.5
    assert share_coinciding(kicks, bass[:0], 120.0) == 0.0
