"""Benchmarks: each starts, says what it measures, and is on the list in bench/README.md."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bench.beat_accuracy import score_beats
from bench.chain_audition import choose_stem, level_sound, measure_sound
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


def test_the_figures_of_a_sound_are_those_that_it_was_made_with() -> None:
    rate, frames = 44_100, 4 * 44_100
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(frames))
    frequencies = np.fft.rfftfreq(frames, 1 / rate)
    power = 1 / np.maximum(frequencies, 20.0)
    pink = np.fft.irfft(spectrum * np.sqrt(power))
    quiet_right = np.stack([pink, 0.5 * pink])
    sound = level_sound(np.asarray(quiet_right, np.float32), rate, -18.0)
    found = measure_sound(sound, rate)
    assert 10 * np.log10(np.mean(np.square(sound))) == pytest.approx(-18.0, abs=0.1)
    assert found.tilt_db == pytest.approx(0.0, abs=0.2)
    assert found.side_db == pytest.approx(20 * np.log10(0.5 / 1.5), abs=0.01)
    share = power[(frequencies >= 20) & (frequencies < 120)].sum() / power.sum()
    assert found.low_db == pytest.approx(10 * np.log10(share), abs=0.5)
    half = measure_sound(np.asarray(0.5 * sound, np.float32), rate)
    assert found.loudness_lufs - half.loudness_lufs == pytest.approx(6.02, abs=0.01)
    assert half.crest_db == pytest.approx(found.crest_db, abs=0.01)
    loud = level_sound(sound, rate, 6.0)
    assert measure_sound(loud, rate).true_peak_dbtp == pytest.approx(-3.0, abs=0.1)


@pytest.mark.parametrize(
    ("chain", "stem"), [("vocal-bus", "vocals"), ("drum-glue", "drums"), ("zam-master", "mix"), ("pad-amsynth", "")]
)
def test_a_chain_is_played_on_what_it_is_for(chain: str, stem: str) -> None:
    assert choose_stem(chain) == stem
