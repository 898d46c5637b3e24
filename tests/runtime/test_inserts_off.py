"""Insert points that are off: the callback tests one word and does nothing; on, off and panic leave no trace."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import CHANNELS, Audio
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.slots import FADE_FRAMES
from tests.runtime.callback_driver import Callback, make_noise, open_callback
from tests.runtime.insert_worker import BLOCK, InsertWorker, get_words, run_cycles, set_inserts
from tests.runtime.stem_worker import DEADLINE, DELAY, LATENCY, MIX, OTHER, delay_audio, make_stems

FRAMES = 6 * 1024
IN_TIME = InsertTiming(BLOCK, 1, 0)


@pytest.fixture(scope="module")
def noise() -> tuple[Audio, Audio]:
    return make_noise(FRAMES), make_stems(make_noise(FRAMES, 1))


def run_reference(audio: Audio, stems: Audio, period: int) -> Audio:
    """What the same input gives without an insert."""
    with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
        return run_cycles(callback, audio, stems, period)


def is_in_use(callback: Callback) -> bool:
    return bool(callback.context.callback_state[w.POINTS_IN_USE])


def test_points_that_are_off_change_no_bit_also_after_they_were_on(
    callback: Callback, noise: tuple[Audio, Audio]
) -> None:
    wanted = run_reference(*noise, 128)

    def act(frame: int) -> None:
        timings = {"drums": InsertTiming(BLOCK, 1, 50), "mix": IN_TIME} if 1000 < frame < 3000 else {}
        set_inserts(callback, timings, 128)

    out = run_cycles(callback, *noise, 128, [InsertWorker(callback.inserts, "drums", 50)], act)
    assert np.array_equal(out[:, :, :1024], wanted[:, :, :1024])
    assert not np.array_equal(out[:, :, 2000:3000], wanted[:, :, 2000:3000])
    assert np.array_equal(out[:, :, 4000:], wanted[:, :, 4000:])


def test_nothing_is_written_for_points_that_are_off(callback: Callback) -> None:
    callback.run_audio(make_noise(1024))
    assert not callback.inserts.sends.any()
    assert not callback.inserts.words.any()
    assert callback.inserts.words.shape == (len(INSERT_POINTS), w.INSERT_WORDS)
    assert callback.inserts.sends.shape[1] == CHANNELS


def test_while_no_insert_is_on_no_other_word_of_a_point_is_looked_at(
    callback: Callback, noise: tuple[Audio, Audio]
) -> None:
    set_inserts(callback, dict.fromkeys(INSERT_POINTS, IN_TIME), 128)
    callback.state[w.INSERTS_ON] = 0
    assert np.array_equal(run_cycles(callback, *noise, 128), run_reference(*noise, 128))
    assert not is_in_use(callback)
    assert not callback.inserts.words[:, w.INSERT_HEAD].any()


@pytest.mark.parametrize("frame_off", [1024, 2048], ids=["while it fades in", "while it plays"])
@pytest.mark.parametrize("point", ["drums", "mix", "band"])
def test_a_point_that_is_switched_off_is_in_use_until_its_last_fade_ends_and_no_longer(
    callback: Callback, noise: tuple[Audio, Audio], point: str, frame_off: int
) -> None:
    used: list[bool] = []

    def act(frame: int) -> None:
        used.append(is_in_use(callback))
        set_inserts(callback, {point: InsertTiming(BLOCK, 1, 50)} if 960 <= frame < frame_off else {}, 64)

    out = run_cycles(callback, *noise, 64, [InsertWorker(callback.inserts, point, 50)], act)
    changes = np.flatnonzero(np.diff(used)) + 1  # cycles, counted from 0, before which the word was another
    assert changes[0] == 960 // 64 + 1
    assert len(changes) == 2
    assert frame_off // 64 + 1 < changes[1] <= frame_off // 64 + 6  # fade out, change of delay, fade in
    after = changes[1] * 64
    assert np.array_equal(out[:, :, after:], run_reference(*noise, 64)[:, :, after:])


def test_a_restart_that_is_asked_while_all_is_off_begins_an_epoch_with_the_first_use(callback: Callback) -> None:
    words = get_words(callback.inserts, "bass")
    set_inserts(callback, {"bass": IN_TIME}, 128)
    callback.run_audio(make_noise(128))
    set_inserts(callback, {}, 128)
    for _ in range(10):
        callback.run_audio(make_noise(128))
    words[w.INSERT_RESTART] += 1
    callback.run_audio(make_noise(128))
    assert words[w.INSERT_EPOCH] == 1
    begun = words[w.INSERT_HEAD]
    set_inserts(callback, {"bass": IN_TIME}, 128)
    callback.run_audio(make_noise(128))
    assert words[w.INSERT_EPOCH] == 2
    assert words[w.INSERT_ORIGIN] == begun
    assert words[w.INSERT_RESTARTED] == words[w.INSERT_RESTART]


@pytest.mark.parametrize("missing", [(), tuple(range(99))], ids=["runs", "dead"])
def test_panic_with_dry_puts_out_the_input_whatever_chains_do_and_they_run_on_beneath(
    noise: tuple[Audio, Audio], missing: tuple[int, ...]
) -> None:
    timings = {"drums": InsertTiming(BLOCK, 1, 256), "mix": InsertTiming(BLOCK, 1, 30)}

    def run(panics: bool) -> tuple[Audio, dict[str, int]]:
        with open_callback(latency=LATENCY, slack=DEADLINE) as callback:
            delays = set_inserts(callback, timings, 128)
            workers = [
                InsertWorker(callback.inserts, "drums", 256, 100.0, missing),  # a chain that howls
                InsertWorker(callback.inserts, "mix", 30, 0.0, missing),
            ]

            def act(frame: int) -> None:
                if panics:
                    callback.state[w.DRY] = 2560 <= frame < 4096
                    callback.state[w.RELEASE] += frame == 2560

            out = run_cycles(callback, *noise, 128, workers, act)
            assert callback.inserts.words[:5, w.INSERT_EPOCH].max() == 1
            assert not callback.inserts.words[:, w.INSERT_DROPPED].any()
            return out, delays

    wet, delays = run(False)
    out, _ = run(True)
    delayed = {OTHER: DELAY + delays["drums"], MIX: DELAY + delays["drums"] + delays["mix"]}
    begun, ended = 2560 + FADE_FRAMES, 4096 + FADE_FRAMES
    for path, delay in delayed.items():
        assert np.array_equal(out[path][:, begun:4096], delay_audio(noise[0], delay)[:, begun:4096])
    assert not out[:OTHER, :, begun:4096].any()
    assert np.array_equal(out[:, :, :2560], wet[:, :, :2560])
    assert np.array_equal(out[:, :, ended:], wet[:, :, ended:])
