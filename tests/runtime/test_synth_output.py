"""The band's sound in a callback: at the frames of its notes, silent without a click where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.runtime.callback.cycle import STALL_FRAMES
from bridge.runtime.callback.synth_output import BAND
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY
from tests.runtime.callback_driver import (
    ACCOMPANIMENT,
    AHEAD,
    HOP,
    NO_ENGINES,
    RATE,
    SYNTH,
    WITH_SYNTH,
    Callback,
    make_noise,
    open_callback,
)

PERIOD = 48
FADE = w.FADE_FRAMES


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(WITH_SYNTH) as opened:
        yield opened


class SynthWorker:
    """A synth's worker by hand: gives ``sound``, shape (channels, frames), by the frames at which it is to sound.

    ``missing``: hops, by the frame of their input, that never come.
    """

    def __init__(self, callback: Callback, sound: Audio, missing: frozenset[int] = frozenset()) -> None:
        self._callback, self._sound, self._missing = callback, sound, missing
        self._epoch = self._start = 0

    def work(self) -> None:
        words = self._callback.worker(SYNTH)
        if self._epoch != words[w.EPOCH]:
            self._epoch, self._start = int(words[w.EPOCH]), int(words[w.ORIGIN])
        while self._start + HOP <= self._callback.state[w.HEAD]:
            frames = (self._start + AHEAD + np.arange(HOP)) % self._sound.shape[1]
            if self._start not in self._missing:
                self._callback.write_band(self._start, self._sound[:, frames])
            self._start += HOP


def run(callback: Callback, synth: SynthWorker, frames: int, period: int = PERIOD) -> Audio:
    """What the next ``frames`` sound like, shape (channels, frames); whole periods."""
    parts = []
    for _ in range(frames // period):
        callback.read_inputs(period)
        synth.work()
        parts.append(callback.write_audio(period)[BAND])
    return np.concatenate(parts, axis=1)


def ones(frames: int = 64) -> Audio:
    return np.ones((CHANNELS, frames), np.float32)


def max_slope(signal: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(signal.astype(np.float64))).max())


@given(period=st.integers(1, 300))
def test_sound_is_output_at_the_frames_of_its_notes_whatever_the_period(period: int) -> None:
    sound = make_noise(4096)
    with open_callback(WITH_SYNTH) as callback:
        output = run(callback, SynthWorker(callback, sound), 2000, period)
        assert callback.state[w.BAND_LATE] == 0
    settled = AHEAD + FADE
    assert np.array_equal(output[:, settled:], sound[:, settled : output.shape[1]])
    assert not output[:, :AHEAD].any()


@pytest.mark.parametrize("period", [100, 1000])
def test_the_ring_goes_on_over_its_end_without_a_seam(callback: Callback, period: int) -> None:
    for _ in range(CAPACITY // 8192):
        callback.read_inputs(8192)
        callback.write_audio(64)
    callback.read_inputs(8192 - 1111)
    callback.state[w.RESTART] += 1
    first = CAPACITY + 8192 - 1111
    sound = make_noise(8192)
    output = run(callback, SynthWorker(callback, sound), 2 * CAPACITY // period * period, period)
    frames = np.arange(first + AHEAD + FADE, first + output.shape[1])
    assert np.array_equal(output[:, AHEAD + FADE :], sound[:, frames % sound.shape[1]])


def test_a_missing_hop_fades_out_and_in_and_is_counted(callback: Callback) -> None:
    lost = 20 * HOP
    output = run(callback, SynthWorker(callback, ones(), frozenset({lost, lost + HOP, lost + 2 * HOP})), 3000)[0]
    first = lost + AHEAD
    assert np.all(output[first - FADE : first] == 1.0)
    assert np.allclose(output[first : first + FADE], np.arange(FADE - 1, -1, -1) / FADE)
    assert not output[first + FADE : first + 3 * HOP].any()
    assert np.allclose(output[first + 3 * HOP :][:FADE], np.arange(1, FADE + 1) / FADE)
    assert callback.state[w.BAND_LATE] == 3 * HOP
    assert callback.state[w.LATE_FRAMES] > 0  # no stems are written here: the two are counted apart
    assert callback.state[w.LATE_FRAMES] != callback.state[w.BAND_LATE]


@given(
    missing=st.frozensets(st.integers(0, 40).map(lambda i: i * HOP)), period=st.integers(1, 500), hz=st.floats(50, 2000)
)
def test_no_border_of_the_sound_is_a_step(missing: frozenset[int], period: int, hz: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(8192) / RATE).astype(np.float32)
    with open_callback(WITH_SYNTH) as callback:
        output = run(callback, SynthWorker(callback, np.stack([wave, wave]), missing), 3000, period)[0]
    assert max_slope(output) <= max_slope(wave) + 1 / FADE + 1e-6


BREAKS: dict[str, Callable[[Callback], int]] = {
    "a start of the host": lambda callback: callback.read_inputs(PERIOD, [(17, b"\xfa")]),
    "a stop of the host": lambda callback: callback.read_inputs(PERIOD, [(17, b"\xfc")]),
    "panic": lambda callback: request(callback.state, w.RELEASE, callback),
    "a reset": lambda callback: request(callback.state, w.RESTART, callback),
    "a player that died": lambda callback: request(callback.worker(ACCOMPANIMENT), w.RESTART_ONE, callback),
    "a synth that died": lambda callback: request(callback.worker(SYNTH), w.RESTART_ONE, callback),
}


def request(words: NDArray[np.int64], word: int, callback: Callback) -> int:
    """Raise a request, and take the cycle that serves it."""
    words[word] += 1
    return callback.read_inputs(PERIOD)


@pytest.mark.parametrize("offset", [0, 70])
@pytest.mark.parametrize("what", BREAKS)
def test_at_a_break_the_old_sound_fades_and_the_new_comes_when_it_can(
    callback: Callback, what: str, offset: int
) -> None:
    callback.worker(SYNTH)[w.DEADLINE] += offset
    synth = SynthWorker(callback, ones())
    before = run(callback, synth, 20 * PERIOD)
    BREAKS[what](callback)
    border = int(callback.worker(SYNTH)[w.ORIGIN]) - callback.now
    assert border == (17 if "host" in what else 0)
    synth.work()
    output = np.concatenate([before, callback.write_audio(PERIOD)[BAND], run(callback, synth, 20 * PERIOD)], axis=1)[0]
    at = 20 * PERIOD + border
    assert np.all(output[at - FADE : at] == 1.0)
    assert np.allclose(output[at : at + FADE], np.arange(FADE - 1, -1, -1) / FADE)
    new = at + AHEAD + offset
    assert not output[at + FADE : new].any()
    assert np.allclose(output[new:][:FADE], np.arange(1, FADE + 1) / FADE)
    assert np.all(output[new + FADE :] == 1.0)
    assert callback.state[w.BAND_LATE] == 0


def test_the_output_of_an_older_epoch_after_a_break_is_dropped(callback: Callback) -> None:
    run(callback, SynthWorker(callback, ones()), 20 * PERIOD)
    callback.state[w.RELEASE] += 1
    now = callback.read_inputs(PERIOD)
    for start in range(now - now % HOP - 4 * HOP, now + 8 * HOP, HOP):
        callback.write_band(start, ones(), epoch=1)
    output = np.concatenate([callback.write_audio(PERIOD)[BAND], *(cycle(callback) for _ in range(10))], axis=1)
    assert not output[:, FADE:].any()


def cycle(callback: Callback) -> Audio:
    """A cycle to which nobody gives anything."""
    callback.read_inputs(PERIOD)
    output: Audio = callback.write_audio(PERIOD)[BAND]
    return output


def test_a_break_of_the_player_alone_ends_its_sound_and_the_synths_does_not_touch_the_player(
    callback: Callback,
) -> None:
    callback.read_inputs(PERIOD)
    request(callback.worker(ACCOMPANIMENT), w.RESTART_ONE, callback)
    epochs = [int(callback.worker(index)[w.EPOCH]) for index in (ACCOMPANIMENT, SYNTH)]
    assert epochs == [2, 2]
    request(callback.worker(SYNTH), w.RESTART_ONE, callback)
    request(callback.state, w.RELEASE, callback)
    epochs = [int(callback.worker(index)[w.EPOCH]) for index in (ACCOMPANIMENT, SYNTH)]
    assert epochs == [2, 4]


def test_a_player_that_stalls_has_its_sound_ended_once(callback: Callback) -> None:
    epochs = []
    for _ in range(STALL_FRAMES // 8192 + 5):
        callback.read_inputs(8192)
        callback.worker(SYNTH)[w.PROGRESS] = callback.state[w.HEAD]
        callback.write_midi(8192)
        epochs.append(int(callback.worker(SYNTH)[w.EPOCH]))
    assert epochs[STALL_FRAMES // 8192 - 1] == 1
    assert epochs[-3:] == [2, 2, 2]


def test_muting_fades_the_sound_and_is_not_late(callback: Callback) -> None:
    synth = SynthWorker(callback, ones())
    run(callback, synth, 20 * PERIOD)
    callback.state[w.MIDI_MUTED] = 1
    output = run(callback, synth, 4 * PERIOD)[0]
    assert np.allclose(output[:FADE], np.arange(FADE - 1, -1, -1) / FADE)
    assert not output[FADE:].any()
    assert callback.state[w.BAND_LATE] == 0


def test_a_new_delay_comes_into_force_in_silence_and_to_the_frame(callback: Callback) -> None:
    sound = np.tile(np.linspace(0.5, 1.0, 8192, dtype=np.float32), (CHANNELS, 1))  # that jumps where frames do
    synth = SynthWorker(callback, sound)
    before = run(callback, synth, 20 * PERIOD)
    callback.worker(SYNTH)[w.DEADLINE] += 500
    first = int(callback.state[w.HEAD])
    output = run(callback, synth, 20 * PERIOD)
    assert max_slope(np.concatenate([before[:, -PERIOD:], output], axis=1)[0]) <= 1 / FADE + 1e-3
    assert callback.context.callback_state[w.BAND_DELAY] == 500
    settled = first + 3 * PERIOD + FADE
    assert np.array_equal(output[:, settled - first :], sound[:, settled - 500 : first - 500 + output.shape[1]])
    assert callback.state[w.BAND_LATE] == 0


def test_in_ping_mode_the_band_is_the_input_at_its_declared_delay(callback: Callback) -> None:
    callback.worker(SYNTH)[w.DEADLINE] += 70
    callback.state[w.PING] = 1 << BAND
    audio = make_noise(1000)
    parts = []
    for part in np.split(audio, 10, axis=1):
        callback.read_inputs(part)
        parts.append(callback.write_audio(100))
    out = np.concatenate(parts, axis=2)
    assert np.array_equal(out[BAND, :, 70:], audio[:, :-70])
    assert not out[BAND, :, :70].any()


def test_without_a_synth_the_band_is_silent() -> None:
    with open_callback(NO_ENGINES) as callback:
        callback.read_inputs(make_noise(100))
        out = callback.write_audio(100)
    assert not out[BAND].any()
    assert out[BAND - 1].any()
