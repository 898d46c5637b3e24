"""Rendering of the demo song: each part on its stem, in tune, notes where they are written."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.core.time import TempoChange, TempoMap
from demo.rendering import SOUNDS, DemoNote, render_stems

RATE = 44100
TEMPO = TempoMap([TempoChange(0.0, 120.0)], RATE)
BEAT = 480
SNARE = 38


def stems_of(part: str, *notes: DemoNote, seconds: float = 1.0) -> dict[str, Audio]:
    empty: dict[str, list[DemoNote]] = {name: [] for name in SOUNDS}
    return render_stems(empty | {part: list(notes)}, TEMPO, int(seconds * RATE))


def peak_hz(wave: Audio) -> float:
    mono = wave.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 1 << 18))
    return float(np.fft.rfftfreq(1 << 18, 1 / RATE)[np.argmax(spectrum)])


@pytest.mark.parametrize("part", [part for part in SOUNDS if part != "drums"])
def test_a_part_is_in_tune_and_on_its_stem_alone(part: str) -> None:
    """To ten cents: strings are detuned by nine."""
    pitch = 43 if part == "bass" else 69
    stems = stems_of(part, DemoNote(0, BEAT, pitch, 100))
    assert peak_hz(stems[SOUNDS[part].stem]) == pytest.approx(
        440 * 2 ** ((pitch - 69) / 12), rel=0.006
    )  # strings are detuned by 9 cents
    assert [name for name in STEMS if stems[name].any()] == [SOUNDS[part].stem]


def test_a_note_begins_at_its_frame() -> None:
    drums = stems_of("drums", DemoNote(BEAT // 2, 10, SNARE, 100))["drums"]
    begin = RATE // 4
    assert not drums[:, :begin].any()
    assert np.abs(drums[:, begin : begin + 200]).max() > 0.3


def test_one_part_as_loud_as_can_be_peaks_at_minus_one_and_a_half_dbfs() -> None:
    drums = stems_of("drums", DemoNote(0, 10, SNARE, 127))["drums"]
    assert 20 * np.log10(np.abs(drums).max()) == pytest.approx(-1.5, abs=0.01)


def test_notes_past_the_end_are_cut_and_silence_stays_silence() -> None:
    assert not any(stem.any() for stem in stems_of("keys").values())
    assert not any(stem.any() for stem in stems_of("drums", DemoNote(10 * BEAT, 10, SNARE, 100)).values())


def test_a_repeated_key_sounds_again() -> None:
    once = stems_of("keys", DemoNote(0, BEAT, 60, 100), seconds=2.0)["other"]
    twice = stems_of("keys", DemoNote(0, BEAT, 60, 100), DemoNote(BEAT, BEAT, 60, 100), seconds=2.0)["other"]
    again = slice(int(0.85 * RATE), int(0.95 * RATE))
    assert np.abs(twice[:, again]).max() > 3 * np.abs(once[:, again]).max()
