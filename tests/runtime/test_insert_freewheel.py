"""Inserts while JACK freewheels: the callback waits for the workers, so that a bounce is exact."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, Audio
from bridge.drivers.offline_callback import OfflineCallback
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.slots import FADE_FRAMES
from tests.runtime.callback_driver import NO_ENGINES, Callback, make_noise, open_callback
from tests.runtime.insert_worker import BLOCK, InsertWorker, get_words, set_inserts
from tests.runtime.stem_worker import MIX, OTHER

IN_TIME = InsertTiming(BLOCK, 1, 0)


@contextmanager
def working(*workers: InsertWorker) -> Iterator[None]:
    """The workers run beside the callback inside, at their own pace."""
    leave = threading.Event()

    def work() -> None:
        while not leave.wait(1e-4):
            for worker in workers:
                worker.work()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        leave.set()
        thread.join()


def bounce(callback: Callback, audio: Audio, period: int) -> Audio:
    compiled, context = OfflineCallback(callback.context, callback.control, callback.inserts), callback.context
    parts = []
    for frame in range(0, audio.shape[1] - period + 1, period):
        context.work_in[:, :period] = audio[:, frame : frame + period]
        compiled.run(period, frame)
        parts.append(context.work_out[:, :period].reshape(-1, CHANNELS, period).copy())
    return np.concatenate(parts, axis=2)


@pytest.mark.parametrize("period", [64, 480, 1024])
def test_in_freewheel_the_callback_waits_so_that_a_bounce_is_exact(period: int) -> None:
    audio = make_noise(20 * 1024)
    timings = {"other": InsertTiming(BLOCK, 0, 100), "mix": InsertTiming(BLOCK, 0, 7)}
    with open_callback(NO_ENGINES) as callback:
        callback.state[w.FREEWHEEL] = 1
        delays = set_inserts(callback, timings, period)
        callback.inserts.words[:, w.INSERT_ALIVE] = 1
        workers = InsertWorker(callback.inserts, "other", 100, -1.0), InsertWorker(callback.inserts, "mix", 7, 0.5)
        with working(*workers):
            out = bounce(callback, audio, period)
        assert not callback.inserts.words[:, w.INSERT_LATE].any()
    audio = audio[:, : out.shape[2]]
    wet = 1 + FADE_FRAMES
    start = delays["other"] + wet
    assert np.array_equal(out[OTHER][:, start:], -audio[:, wet : audio.shape[1] - delays["other"]])
    start = delays["other"] + delays["mix"] + 2 * wet + BLOCK
    assert np.array_equal(
        out[MIX][:, start:], -0.5 * audio[:, start - sum(delays[p] for p in timings) :][:, : out.shape[2] - start]
    )


def test_freewheel_waits_for_no_dead_worker_and_begins_epochs_so_that_bounces_repeat(callback: Callback) -> None:
    set_inserts(callback, {"drums": IN_TIME}, 128)
    callback.run_audio(make_noise(128))
    callback.state[w.FREEWHEEL] = 1
    out = bounce(callback, make_noise(2048), 128)  # it would wait for five seconds in each cycle
    words = get_words(callback.inserts, "drums")
    assert words[w.INSERT_EPOCH] == 2
    assert words[w.INSERT_LATE] > 0
    assert out[MIX].any()
