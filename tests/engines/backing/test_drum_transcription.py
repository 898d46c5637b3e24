"""Drum transcription of hits at known places, played by the synth's own kit."""

from __future__ import annotations

import numpy as np
import pytest

from engines.accompaniment.groove_matching import Groove
from engines.backing.drum_transcription import measure_swing, transcribe_grooves
from tests.engines.backing.songs import make_drums, measure_strength

ROCK = {"kick": "9.....9.9.9.....", "snare": "....9.......9..5", "closed": "9.7.9.7.9.7.9.7."}
BUSY = {"kick": "9..7..9...9..8..", "snare": "....9..4.4..9...", "closed": "9797979797979797"}
DANCE = {"kick": "9...9...9...9...", "clap": "....9.......9...", "closed": "..9...9...9...9."}
FOUR = {"kick": "9...9...9...9...", "open": "..9...9...9...9."}


def second_of(beat: float) -> float:
    return 0.25 + beat * 60 / 105


def transcribe(bars: list[dict[str, str]], swing: float = 0.0) -> list[Groove]:
    beats = [second_of(beat) for beat in range(4 * len(bars) + 1)]
    strength = measure_strength(make_drums(bars, second_of, swing))
    return transcribe_grooves(strength, beats, [4] * len(bars), swing)


def steps(line: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[int]:
    return np.flatnonzero(line).tolist()


def parse_steps(line: str) -> list[int]:
    return [step for step, letter in enumerate(line) if letter != "."]


@pytest.mark.parametrize("lines", [ROCK, BUSY])
def test_kicks_snares_and_hats_are_found_where_they_are_struck(lines: dict[str, str]) -> None:
    for groove in transcribe([lines] * 4):
        assert steps(groove.strengths[0]) == parse_steps(lines["kick"])
        assert steps(groove.strengths[1]) == parse_steps(lines["snare"])
        hats = set(steps(groove.strengths[2]))
        assert hats <= set(parse_steps(lines["closed"]))
        assert len(hats) >= 0.8 * len(parse_steps(lines["closed"]))


def test_a_backbeat_upon_kicks_is_found() -> None:
    for groove in transcribe([DANCE] * 4):
        assert [steps(line) for line in groove.strengths] == [[0, 4, 8, 12], [4, 12], [2, 6, 10, 14]]


def test_where_no_snare_is_struck_none_is_found() -> None:
    for groove in transcribe([FOUR] * 4):
        assert steps(groove.strengths[0]) == [0, 4, 8, 12]
        assert steps(groove.strengths[1]) == []
        assert steps(groove.strengths[2]) == [2, 6, 10, 14]


def test_softer_strokes_are_weaker() -> None:
    groove = transcribe([{"kick": "9.......5.......", "snare": "....9.......6..."}] * 4)[1].strengths
    assert groove[0, 0] > 1.3 * groove[0, 8] > 0
    assert groove[1, 4] > 1.2 * groove[1, 12] > 0


def test_bars_differ_and_a_bar_without_drums_has_none() -> None:
    found = transcribe([ROCK, {}, FOUR, ROCK])
    assert not found[1].strengths.any()
    assert steps(found[2].strengths[0]) == [0, 4, 8, 12]
    assert steps(found[3].strengths[0]) == parse_steps(ROCK["kick"])


@pytest.mark.parametrize("swing", [0.0, 0.5, 1.0])
def test_swing_is_measured_and_swung_strokes_stay_on_their_steps(swing: float) -> None:
    beats = [second_of(beat) for beat in range(33)]
    audio = make_drums([ROCK] * 8, second_of, swing)
    found = measure_swing(measure_strength(audio), beats)
    assert found == pytest.approx(swing, abs=0.12)
    for groove in transcribe([ROCK] * 8, swing):
        assert steps(groove.strengths[0]) == parse_steps(ROCK["kick"])


def test_without_off_beats_there_is_no_swing() -> None:
    audio = make_drums([{"kick": "9.......9.......", "snare": "....9.......9..."}] * 8, second_of)
    assert measure_swing(measure_strength(audio), [second_of(beat) for beat in range(33)]) == 0.0
