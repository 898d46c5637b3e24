"""Meters: every sample is in exactly one reading, before and behind the faders, however the reader and cycles meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, STEMS, Audio
from bridge.drivers.offline_callback import OfflineCallback
from bridge.runtime.callback.context import METERED_FRAMES, PEAK, SQUARES
from bridge.runtime.callback.cycle import write_outputs
from bridge.runtime.callback.metering import INPUT
from bridge.runtime.graph import Graph
from bridge.runtime.meter_reader import LOUDEST_DB, METER_NAMES, SILENCE_DB, Level, MeterReader, to_db
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import CAPACITY
from bridge.runtime.wiring import wire
from tests.runtime.callback_driver import HOP, WITH_SYNTH, Callback, make_noise, open_callback, read_cycle_control
from tests.waiting import until


@pytest.fixture
def callback() -> Iterator[Callback]:
    with open_callback(WITH_SYNTH) as opened:
        yield opened


def run(callback: Callback, audio: Audio) -> Audio:
    """A whole cycle; its output, shape (paths, channels, frames)."""
    now, frames = callback.read_inputs(audio), audio.shape[1]
    read_cycle_control(callback.control, now)
    write_outputs(callback.context, callback.inserts, now, frames)
    return callback.context.work_out[:, :frames].reshape(-1, CHANNELS, frames).copy()


def expect(audio: Audio) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Peak and RMS in dB by channel of ``audio``, shape (channels, frames)."""
    exact = audio.astype(np.float64)
    return tuple(map(to_db, np.abs(exact).max(1))), tuple(map(to_db, np.sqrt(np.square(exact).mean(1))))


def check(name: str, audio: Audio, levels: Mapping[str, Level]) -> None:
    """The meter ``name`` has the levels of ``audio``, shape (channels, frames)."""
    peaks, rms = expect(audio)
    assert levels[name].peaks_db == pytest.approx(peaks, abs=1e-4), name
    assert levels[name].rms_db == pytest.approx(rms, abs=1e-4), name


def test_each_channel_has_what_passes_it(callback: Callback) -> None:
    reader = MeterReader(callback.context)
    gains = (0.5, 0.25, 2.0, 1.0)
    callback.set_gains(dict(enumerate(gains)))
    for _ in range(20):
        run(callback, make_noise(HOP))  # until the faders have moved
    reader.request()
    outputs, inputs = [], []
    for hop in range(4):
        audio, start = make_noise(HOP, seed=hop), int(callback.state[w.HEAD])
        stem = make_noise(HOP, seed=10 + hop)
        callback.write_stems(start, np.concatenate([stem, 0.5 * stem, 0.25 * stem]))
        callback.write_band(start, make_noise(HOP, seed=20 + hop))
        outputs.append(run(callback, audio))
        inputs.append(audio)
    reader.read()
    reader.request()
    run(callback, make_noise(HOP))
    levels, got = reader.read(), np.concatenate(outputs, axis=-1)
    assert levels is not None
    assert tuple(levels) == METER_NAMES
    check("in", np.concatenate(inputs, axis=-1), levels)
    for index, (stem_name, gain) in enumerate(zip(STEMS, gains, strict=True)):
        check(f"{stem_name}.out", got[index], levels)
        check(stem_name, got[index] / np.float32(gain), levels)
    for index, name in ((-2, "mix"), (-1, "band")):
        check(name, got[index], levels)
    assert np.abs(got).max(axis=(1, 2)).min() > 0.1  # all of them sound


def test_all_cycles_between_two_requests_are_in_one_reading(callback: Callback) -> None:
    reader = MeterReader(callback.context)
    run(callback, make_noise(HOP))
    for round_ in range(5):
        reader.request()
        parts = [make_noise(frames, seed=round_ + frames) for frames in (1, HOP, 700)]
        outputs = [run(callback, part) for part in parts]
        reader.read()
        reader.request()
        run(callback, np.zeros((CHANNELS, HOP), np.float32))
        levels = reader.read()
        assert levels is not None
        got, sent = np.concatenate(outputs, axis=-1), np.concatenate(parts, axis=-1)
        for name, audio in (("in", sent), ("other", got[3]), ("other.out", got[3]), ("mix", got[4])):
            check(name, audio, levels)
        assert levels["drums"].is_silent
        assert levels["band"].is_silent


def test_a_stem_is_measured_before_its_fader_and_behind_it(callback: Callback) -> None:
    reader = MeterReader(callback.context)
    callback.set_gains(dict(enumerate((0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25))))
    for _ in range(20):
        run(callback, make_noise(HOP))
    reader.request()
    audio = make_noise(HOP, seed=3)
    run(callback, audio)
    reader.read()
    reader.request()
    run(callback, audio)
    levels = reader.read() or {}
    for name, gain in (("in", 1.0), ("other", 1.0), ("other.out", 0.5), ("mix", 0.25)):
        check(name, np.float32(gain) * audio, levels)


def test_no_cycle_no_reading(callback: Callback) -> None:
    reader = MeterReader(callback.context)
    assert reader.read() is None
    reader.request()
    assert reader.read() is None
    run(callback, make_noise(HOP))
    assert reader.read() is None  # nothing came before the request
    reader.request()
    reader.request()
    run(callback, make_noise(HOP))
    assert reader.read() is not None
    assert reader.read() is None


def test_the_input_is_measured_over_the_end_of_its_ring(callback: Callback) -> None:
    reader = MeterReader(callback.context)
    run(callback, np.zeros((CHANNELS, 8192), np.float32))
    while callback.state[w.HEAD] % CAPACITY != CAPACITY - 8192:
        run(callback, np.zeros((CHANNELS, 8192), np.float32))
    run(callback, np.zeros((CHANNELS, 8000), np.float32))
    reader.request()
    audio = make_noise(1000)
    run(callback, audio)
    reader.read()
    reader.request()
    run(callback, np.zeros((CHANNELS, HOP), np.float32))
    check("in", audio, reader.read() or {})


def test_nothing_is_lost_while_the_callback_runs_at_full_speed() -> None:
    """The callback runs free of Python's lock; every cycle adds the same energy, and a higher peak."""
    frames, readings = 64, 200
    with Graph(wire({}, 44100, {}), frames, {}, {}) as graph:
        callback, context = OfflineCallback(graph.context, graph.control_context, graph.insert_context), graph.context
        reader, leave, cycles = MeterReader(context), threading.Event(), 0

        def play() -> None:
            nonlocal cycles
            context.work_in[:, :frames] = 0.5
            while not leave.is_set():
                context.work_in[1, 0] = 0.5 + cycles * 2.0**-24
                callback.run(frames, cycles * frames)
                cycles += 1

        total, peaks = np.zeros(3), []
        thread = threading.Thread(target=play)
        thread.start()
        for _ in range(readings):
            bank = context.meters[reader._bank]
            reader.request()
            until("another bank", lambda: context.callback_state[w.METERED_BANK] != reader._bank)
            total += bank[INPUT]
            peaks.append(int(bank[INPUT + 1, PEAK]))
            reader.read()
        leave.set()
        thread.join()
        total += context.meters[:, INPUT].sum(0)
        assert total[METERED_FRAMES] == cycles * frames
        assert total[SQUARES] == cycles * frames * 0.25
        assert peaks[1:] == sorted(peaks[1:]), "a peak came twice, or too late"
        assert peaks[-1] > peaks[1]


def test_levels_in_db_have_a_floor_and_a_ceiling() -> None:
    assert to_db(1.0) == 0.0
    assert to_db(0.0) == to_db(1e-9) == to_db(float("nan")) == SILENCE_DB
    assert to_db(float("inf")) == LOUDEST_DB
    assert np.isclose(to_db(0.1), -20.0)
