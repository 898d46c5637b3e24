"""Insert output of the callback: audio of a worker on the sample, its input where that is missing, and no click."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import PATHS
from bridge.runtime.callback.context import PEAK
from bridge.runtime.callback.metering import BEFORE_FADERS
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY
from bridge.runtime.shared.slots import FADE_FRAMES
from tests.runtime.callback_driver import (
    RATE,
    SEPARATION,
    Callback,
    make_noise,
    open_callback,
)
from tests.runtime.insert_worker import BLOCK, InsertWorker, get_words, run_cycles, set_inserts
from tests.runtime.stem_worker import DEADLINE, DELAY, LATENCY, MIX, OTHER, make_stems

FRAMES = 6 * 1024
PERIODS = (64, 128, 480, 512, 1024)
DRUMS, BASS = 0, 1
IN_TIME = InsertTiming(BLOCK, 1, 0)


def delay_output(output: Audio, frames: int) -> Audio:
    """``output``, shape (paths, channels, frames), later by ``frames``; silence before."""
    return np.pad(output, ((0, 0), (0, 0), (frames, 0)))[:, :, : output.shape[2]]


def run_reference(audio: Audio, stems: Audio, period: int) -> Audio:
    """What the same input gives without an insert."""
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        return run_cycles(callback, audio, stems, period)


def make_sine(frames: int = FRAMES, hz: float = 200.0) -> Audio:
    wave = np.sin(2 * np.pi * hz * np.arange(frames) / RATE).astype(np.float32)
    return np.stack([wave, wave])


def find_largest_step(wave: Audio) -> float:
    return float(np.abs(np.diff(wave.astype(np.float64))).max())


@pytest.fixture(scope="module")
def noise() -> Iterator[tuple[Audio, Audio]]:
    audio = make_noise(FRAMES)
    yield audio, make_stems(make_noise(FRAMES, 1))


@pytest.mark.parametrize("period", PERIODS)
def test_chains_of_0_256_and_480_frames_leave_all_stems_and_the_mix_on_one_sample(
    callback: Callback, noise: tuple[Audio, Audio], period: int
) -> None:
    latencies = {"drums": 0, "bass": 256, "vocals": 480}
    timings = {stem: InsertTiming(BLOCK, 1, latency) for stem, latency in latencies.items()}
    delay = set_inserts(callback, timings, period)["other"]
    workers = [InsertWorker(callback.inserts, stem, latency) for stem, latency in latencies.items()]
    out = run_cycles(callback, *noise, period, workers)
    wanted = delay_output(run_reference(*noise, period), delay)
    assert np.abs(out - wanted).max() < 1e-6
    wet = delay + 480 + 2 * FADE_FRAMES  # behind the fade-in, identity is bit by bit
    assert np.array_equal(out[:, :, wet:], wanted[:, :, wet:])
    assert not callback.inserts.words[:, w.INSERT_LATE].any()


@pytest.mark.parametrize("period", PERIODS)
def test_a_chain_changes_its_stem_and_the_mix_alone(
    callback: Callback, noise: tuple[Audio, Audio], period: int
) -> None:
    delay = set_inserts(callback, {"bass": InsertTiming(BLOCK, 1, 100)}, period)["bass"]
    out = run_cycles(callback, *noise, period, [InsertWorker(callback.inserts, "bass", 100, gain=-0.5)])
    wanted = delay_output(run_reference(*noise, period), delay)
    wanted[MIX] -= 1.5 * wanted[BASS]
    wanted[BASS] *= -0.5
    start = delay + 100 + DELAY + 2 * FADE_FRAMES
    assert np.abs(out - wanted)[:, :, start:].max() < 1e-6


def test_in_other_a_chain_processes_the_mix_minus_the_rest(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    delay = set_inserts(callback, {"other": IN_TIME}, 128)["other"]
    out = run_cycles(callback, *noise, 128, [InsertWorker(callback.inserts, "other", gain=2.0)])
    wanted = delay_output(run_reference(*noise, 128), delay)
    wanted[MIX] += wanted[OTHER]
    wanted[OTHER] *= 2.0
    assert np.abs(out - wanted)[:, :, 1000:].max() < 1e-6


@pytest.mark.parametrize("missing", [(10,), (10, 11, 12, 20), tuple(range(10, 99))], ids=["one", "some", "dead"])
@pytest.mark.parametrize("period", [64, 480])
def test_what_is_missing_is_the_input_of_the_point_delayed_and_counts(
    callback: Callback, missing: tuple[int, ...], period: int
) -> None:
    audio = make_sine()
    stems = make_stems(audio)
    delay = set_inserts(callback, {"drums": InsertTiming(BLOCK, 1, 256)}, period)["drums"]
    worker = InsertWorker(callback.inserts, "drums", 256, gain=-1.0, missing=missing)
    out = run_cycles(callback, audio, stems, period, [worker])
    dry = delay_output(run_reference(audio, stems, period), delay)[DRUMS]
    late = np.zeros(out.shape[2], bool)
    for block in missing:
        late[max(block * BLOCK - 256, 0) + delay :][:BLOCK] = True
    assert get_words(callback.inserts, "drums")[w.INSERT_LATE] == late.sum()
    for i in np.flatnonzero(late)[::BLOCK]:
        assert np.abs(out[DRUMS] - dry)[:, i + FADE_FRAMES : i + BLOCK].max(initial=0.0) < 1e-6
    settled = ~(late | np.roll(late, FADE_FRAMES))
    settled[: delay + 256 + FADE_FRAMES] = False
    assert np.abs(out[DRUMS] + dry)[:, settled].max(initial=0.0) < 1e-6
    # a crossfade from one to its opposite moves by two in 64 frames beside the waves' own slopes
    own = find_largest_step(dry)
    assert find_largest_step(out[DRUMS][:, delay + DELAY + FADE_FRAMES :]) <= own + 2 * 0.5 / FADE_FRAMES + 1e-3


def test_blocks_of_an_older_epoch_are_not_played(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    delay = set_inserts(callback, {"drums": IN_TIME}, 128)["drums"]
    words, worker = get_words(callback.inserts, "drums"), InsertWorker(callback.inserts, "drums", gain=0.0)

    def act(frame: int) -> None:
        if frame == 2048:
            words[w.INSERT_RESTART] += 1
            worker.sees_epochs = False

    out = run_cycles(callback, *noise, 128, [worker], act)
    dry = delay_output(run_reference(*noise, 128), delay)
    assert words[w.INSERT_EPOCH] >= 2
    assert not out[DRUMS][:, 1000:2000].any()
    assert np.array_equal(out[DRUMS][:, 3000:], dry[DRUMS][:, 3000:])


@pytest.mark.parametrize("before", [0, 480])
def test_a_latency_that_changes_while_it_runs_never_puts_audio_on_another_sample(
    callback: Callback, noise: tuple[Audio, Audio], before: int
) -> None:
    delay = set_inserts(callback, {"drums": InsertTiming(BLOCK, 1, 480)}, 128)["drums"]
    worker = InsertWorker(callback.inserts, "drums", before)

    def act(frame: int) -> None:
        worker.latency = before if frame < 3000 else 256

    out = run_cycles(callback, *noise, 128, [worker], act)
    wanted = delay_output(run_reference(*noise, 128), delay)
    changed = np.abs(out - wanted).max(axis=(0, 1)) > 1e-6
    # what the processor itself lost when its delay line was emptied, and the fade beside it
    assert changed.sum() <= 256 + FADE_FRAMES, changed.sum()
    assert not changed[-1024:].any()


@pytest.mark.parametrize("period", [64, 480])
def test_routing_is_a_crossfade_without_a_step(callback: Callback, period: int) -> None:
    audio = make_sine()
    stems = make_stems(audio)
    delays = set_inserts(callback, {"drums": IN_TIME}, period)
    words = get_words(callback.inserts, "drums")

    def act(frame: int) -> None:
        words[w.INSERT_ROUTED] = 1000 < frame < 2500 or frame > 4000

    out = run_cycles(callback, audio, stems, period, [InsertWorker(callback.inserts, "drums", gain=-1.0)], act)
    dry = delay_output(run_reference(audio, stems, period), delays["drums"])[DRUMS]
    assert np.abs(out[DRUMS] + dry)[:, -500:].max() < 1e-6
    settled = delays["drums"] + DELAY + FADE_FRAMES
    assert find_largest_step(out[DRUMS][:, settled:]) <= find_largest_step(dry[:, settled:]) + 1.0 / FADE_FRAMES + 1e-3
    assert words[w.INSERT_LATE] == 0


@pytest.mark.parametrize("period", [64, 480])
@pytest.mark.parametrize(
    "latencies", [(0, 700), (700, 0), (None, 700), (700, None)], ids=["longer", "shorter", "on", "off"]
)
def test_a_new_delay_applies_after_a_fade_to_silence_and_all_stems_stay_together(
    callback: Callback, period: int, latencies: tuple[int | None, int | None]
) -> None:
    audio = make_sine()
    stems = make_stems(audio)
    timings = [{} if latency is None else {"drums": InsertTiming(BLOCK, 1, latency)} for latency in latencies]
    set_inserts(callback, timings[0], period)
    reached: dict[str, int] = {}

    def act(frame: int) -> None:
        if frame > 2000 and not reached:
            reached.update(set_inserts(callback, timings[1], period))

    out = run_cycles(callback, audio, stems, period, act=act)
    wanted = delay_output(run_reference(audio, stems, period), reached["drums"])
    assert np.abs(out - wanted)[:, :, -1000:].max() < 1e-6
    assert find_largest_step(out[MIX][:, 1500:]) <= find_largest_step(audio) + 1.0 / FADE_FRAMES + 1e-3
    silent = np.abs(out[MIX][0, 2000:]) < 1e-9
    assert 1 <= silent.sum() < 3 * FADE_FRAMES + period  # no longer than the fades, whatever the delay


def test_a_chain_of_the_mix_delays_the_mix_and_no_stem(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    delays = set_inserts(callback, {"drums": IN_TIME, "mix": InsertTiming(BLOCK, 1, 30)}, 128)
    workers = [InsertWorker(callback.inserts, "drums"), InsertWorker(callback.inserts, "mix", 30, gain=0.5)]
    out = run_cycles(callback, *noise, 128, workers)
    wanted = delay_output(run_reference(*noise, 128), delays["drums"])
    assert delays["mix"] == 128 + 30
    assert np.abs(out - wanted)[:MIX, :, 1000:].max() < 1e-6
    assert np.abs(out[MIX] - 0.5 * delay_output(wanted, delays["mix"])[MIX])[:, 1000:].max() < 1e-6


def test_a_chain_of_the_mix_is_behind_its_faders(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    set_inserts(callback, {"mix": IN_TIME}, 128)
    callback.context.gains[len(STEMS) :] = 0.0
    worker = InsertWorker(callback.inserts, "mix")
    out = run_cycles(callback, *noise, 128, [worker])
    assert not out[MIX][:, 1000:].any()


def test_a_chain_of_a_stem_is_before_its_fader_and_its_meter(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    delay = set_inserts(callback, {"drums": IN_TIME}, 128)["drums"]
    callback.context.gains[DRUMS] = 0.0
    meters = callback.context.meters[0, BEFORE_FADERS:, PEAK]

    def act(frame: int) -> None:
        if frame == 2048:
            meters[:] = 0.0

    out = run_cycles(callback, *noise, 128, [InsertWorker(callback.inserts, "drums", gain=0.0)], act)
    assert not meters[DRUMS * CHANNELS : BASS * CHANNELS].any()
    assert meters[BASS * CHANNELS :][:CHANNELS].all()
    wanted = delay_output(run_reference(*noise, 128), delay)
    assert not out[DRUMS][:, 1000:].any()
    assert np.abs(out[MIX] - wanted[MIX] + wanted[DRUMS])[:, 1000:].max() < 1e-6


def test_the_dry_mix_and_a_ping_come_at_the_declared_delay_of_each_path(
    callback: Callback, noise: tuple[Audio, Audio]
) -> None:
    delays = set_inserts(callback, {"drums": IN_TIME, "mix": InsertTiming(BLOCK, 1, 30)}, 128)
    audio, stems = noise
    callback.set_gains({}, is_dry=True)
    callback.run_control(128)
    callback.state[w.DRY] = 1
    callback.state[w.PING] = 1 << PATHS.index("vocals")
    out = run_cycles(callback, audio, stems, 128)
    stems_delay = DELAY + delays["drums"]
    for path, delay in (("other", stems_delay), ("vocals", stems_delay), ("mix", stems_delay + delays["mix"])):
        start = delay + FADE_FRAMES
        assert np.array_equal(out[PATHS.index(path)][:, start:], audio[:, FADE_FRAMES : out.shape[2] - delay]), path


def test_skipped_cycles_leave_no_hole_in_what_a_processor_gets_and_all_is_on_its_sample_after(
    callback: Callback, noise: tuple[Audio, Audio]
) -> None:
    delay = set_inserts(callback, {"drums": InsertTiming(BLOCK, 1, 256)}, 128)["drums"]
    audio = make_noise(FRAMES)
    worker = InsertWorker(callback.inserts, "drums", 256)
    gap = 3 * 128
    parts = []
    for frame in range(0, FRAMES, 128):
        if frame == 2048:
            callback.raw += gap
        callback.read_inputs(audio[:, frame : frame + 128])
        parts.append(callback.write_audio(128))
        worker.work()
    out = np.concatenate(parts, axis=2)
    words = get_words(callback.inserts, "drums")
    assert words[w.INSERT_HEAD] == FRAMES
    assert words[w.INSERT_EPOCH] == 1
    assert words[w.INSERT_LATE] == 0
    late = 2048 + DELAY + delay + gap + 1000  # nobody separates in this test: all is in ``other``
    assert np.array_equal(out[OTHER][:, late:], audio[:, late - DELAY - delay : FRAMES - DELAY - delay])


def test_a_new_delay_of_the_separation_is_faded_on_both_sides_of_a_chain(callback: Callback) -> None:
    audio = make_sine()
    stems = make_stems(audio)
    delays = set_inserts(callback, {"drums": InsertTiming(BLOCK, 1, 480), "mix": IN_TIME}, 128)
    workers = [InsertWorker(callback.inserts, "drums", 480), InsertWorker(callback.inserts, "mix")]

    def act(frame: int) -> None:
        callback.worker(SEPARATION)[w.DEADLINE] = DEADLINE + (300 if frame > 2000 else 0)

    out = run_cycles(callback, audio, stems, 128, workers, act)
    wanted = delay_output(run_reference(audio, stems, 128), 300 + delays["drums"])
    assert np.abs(out - wanted)[:MIX, :, -1000:].max() < 1e-6
    assert np.abs(out[MIX] - delay_output(wanted, delays["mix"])[MIX])[:, -1000:].max() < 1e-6
    for path in (DRUMS, MIX):
        assert find_largest_step(out[path][:, 1500:]) <= find_largest_step(audio) + 1.0 / FADE_FRAMES + 1e-3
    assert not callback.inserts.words[:, w.INSERT_LATE].any()


def test_a_server_that_restarts_its_clock_costs_no_frame(callback: Callback, noise: tuple[Audio, Audio]) -> None:
    delay = set_inserts(callback, {"drums": IN_TIME}, 128)["drums"]
    worker = InsertWorker(callback.inserts, "drums", gain=-1.0)

    def act(frame: int) -> None:
        if frame == 2048:
            callback.raw += CAPACITY

    out = run_cycles(callback, *noise, 128, [worker], act)
    after = delay_output(run_reference(*noise, 128), delay)
    assert np.abs(out[MIX] - after[MIX] + 2 * after[DRUMS])[:, 1000:2000].max() < 1e-6
    assert get_words(callback.inserts, "drums")[w.INSERT_HEAD] == out.shape[2]
    assert get_words(callback.inserts, "drums")[w.INSERT_LATE] == 0


def test_a_restart_begins_new_epochs_for_every_point_and_a_request_for_its_own(callback: Callback) -> None:
    set_inserts(callback, dict.fromkeys(INSERT_POINTS, IN_TIME), 128)
    callback.run_audio(make_noise(128))
    epochs = callback.inserts.words[:, w.INSERT_EPOCH]
    assert epochs.tolist() == [1] * len(INSERT_POINTS)
    get_words(callback.inserts, "bass")[w.INSERT_RESTART] += 1
    callback.run_audio(make_noise(128))
    assert epochs.tolist() == [1, 2, 1, 1, 1, 1]
    callback.state[w.RESTART] += 1
    callback.run_audio(make_noise(128))
    assert epochs.tolist() == [2, 3, 2, 2, 2, 2]
    assert callback.inserts.words[:, w.INSERT_ORIGIN].tolist() == [256] * len(INSERT_POINTS)
