"""FluidSynth played by several: more at once than there are, and the past that stands for a state."""

from __future__ import annotations

import numpy as np
import pytest

from engines.synth import fluidsynth_pool as pool
from engines.synth import synth_engine as engines
from engines.synth.fluidsynth import GRID_FRAMES
from engines.synth.fluidsynth_pool import POOL_SIZE, from_rows, to_rows
from engines.synth.synth_engine import HOP
from tests.engines.synth.playing import RATE, events, loudness, make_synth, needs_fluid, note, play

pytestmark = needs_fluid


def test_with_all_members_at_work_a_note_begins_within_a_block_of_fluidsynths_and_is_never_lost() -> None:
    every = [(frame, pitch) for frame, pitch in zip(range(0, 40 * 3, 3), range(40, 80), strict=True)]
    assert len(every) > POOL_SIZE
    said = events((0, 0xC0, 16)) + [event for frame, pitch in every for event in note(frame, RATE // 2, pitch, 30)]
    output = play(make_synth(engines.fluid), said, 0.5)
    spectrum = np.abs(np.fft.rfft(output[0, 4000:20000] * np.hanning(16000)))
    hz = np.fft.rfftfreq(16000, 1 / RATE)
    floor = np.median(spectrum)
    for _, pitch in every:
        at = np.abs(hz - 440 * 2 ** ((pitch - 69) / 12)) < 4
        assert spectrum[at].max() > 5 * floor, pitch
    assert GRID_FRAMES < HOP


def test_a_struck_note_that_sounds_already_does_not_sound_twice() -> None:
    organ = events((0, 0xC0, 16))
    again = events((0, 0x90, 60, 100), (10_007, 0x90, 60, 100), (30_000, 0x80, 60, 0))
    output = play(make_synth(engines.fluid), organ + again, 3.0)
    assert not output[:, -RATE:].any()
    once = play(make_synth(engines.fluid), organ + note(0, 30_000, 60), 1.0)
    assert loudness(output[:, 20_000:29_000]) < 1.3 * loudness(once[:, 20_000:29_000])


def test_programs_and_controllers_outlive_the_silence_in_a_state() -> None:
    first, second = make_synth(engines.fluid), make_synth(engines.fluid)
    play(first, events((0, 0xC0, 33), (0, 0xB0, 7, 60)) + note(0, 4000, 40), 3.0)
    at = -(-3 * RATE // HOP) * HOP
    second.restore(first.state())
    assert first.state()["instrument.history"].size == 0
    later = note(at + 777, 9000, 43)
    np.testing.assert_array_equal(play(first, later, 0.5, at), play(second, later, 0.5, at))


def test_what_lasts_longer_than_the_memory_is_struck_anew_and_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "HISTORY_S", 0.25)
    first, second = make_synth(engines.fluid), make_synth(engines.fluid)
    play(first, events((0, 0xC0, 48), (0, 0x90, 60, 100)), 2.0)
    at = -(-2 * RATE // HOP) * HOP
    state = first.state()
    assert state["instrument.history"].shape[0] == 1
    assert state["instrument.history"][0, 0] >= at - 2 * 0.25 * RATE - HOP
    second.restore(state)
    output = play(second, events((at + RATE, 0x80, 60, 0)), 6.0, at)
    assert loudness(output[:, : RATE // 2]) > 1e-3
    assert not output[:, -RATE:].any()


def test_events_are_numbers_and_back() -> None:
    some = [(0, bytes((0xC0, 5))), (70_000, bytes((0x99, 36, 127)))]
    assert from_rows(to_rows(some)) == some
