"""Both synths as engines: to the frame, at the pitch asked for, never too loud, nothing left hanging."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge.core.engine import block_for
from bridge.core.time import BlockTime
from bridge.errors import EngineError
from bridge.runtime.resampled_engine import ResampledEngine
from engines.synth import fonts
from engines.synth import synth_engine as engines
from engines.synth.limiter import CEILING_DB, LATENCY_FRAMES
from engines.synth.synth_engine import GAIN, HOP, INPUT, OUTPUT, Synth
from tests.engines.synth.playing import (
    RATE,
    both,
    estimate_pitch,
    events,
    find_start,
    loudness,
    make_synth,
    needs_fluid,
    note,
    play,
)

Make = Callable[[], Synth]
KICK, CLOSED, OPEN = 36, 42, 46


@both
@pytest.mark.parametrize(("pitch", "channel"), [(KICK, 9), (60, 0)])
def test_a_note_begins_to_the_frame_after_the_declared_latency(make: Make, pitch: int, channel: int) -> None:
    alone = find_start(play(make_synth(make), note(0, 4000, pitch, channel=channel), 0.3))
    assert 0 <= alone < 64  # a sound may itself begin with a zero or two
    for frame in (1, 63, 64, 255, 256, 1000, 5003):
        assert find_start(play(make_synth(make), note(frame, 4000, pitch, channel=channel), 0.3)) == frame + alone


@both
def test_notes_that_follow_one_another_closely_each_begin_to_the_frame(make: Make) -> None:
    apart = [0, 37, 301, 333, 500, 777, 1003, 1024]
    drums = [36, 38, 42, 49, 51, 45, 39, 37]
    strokes = [note(frame, 500, drum, 60, channel=9) for frame, drum in zip(apart, drums, strict=True)]
    together = play(make_synth(make), [event for stroke in strokes for event in stroke], 0.5)
    alone = sum(
        np.pad(play(make_synth(make), note(0, 500, drum, 60, channel=9), 0.5), ((0, 0), (frame, 0)))[
            :, : together.shape[1]
        ]
        for frame, drum in zip(apart, drums, strict=True)
    )
    assert np.abs(alone).max() < 0.89  # else the limiter is at work
    np.testing.assert_allclose(together[:, : RATE // 4], np.asarray(alone)[:, : RATE // 4], atol=2e-4)


@both
@pytest.mark.parametrize(("program", "pitch"), [(0, 60), (33, 40), (48, 55), (25, 64)])
def test_a_note_has_the_pitch_asked_for(make: Make, program: int, pitch: int) -> None:
    said = events((0, 0xC0, program)) + note(100, RATE, pitch)
    output = play(make_synth(make), said, 1.0)
    assert estimate_pitch(output[:, RATE // 4 : RATE // 2]) == pytest.approx(pitch, abs=0.3)


@both
def test_a_note_that_is_let_go_of_fades_away_entirely(make: Make) -> None:
    said = events((0, 0xC0, 48)) + note(0, RATE // 2, 60)
    output = play(make_synth(make), said, 8.0)
    assert loudness(output[:, RATE // 4 : RATE // 2]) > 1e-3
    assert not output[:, -RATE:].any()


@both
def test_louder_strokes_are_louder_and_a_channels_volume_counts(make: Make) -> None:
    levels = [loudness(play(make_synth(make), note(0, 9000, 60, velocity), 0.3)) for velocity in (20, 50, 80, 127)]
    assert all(a < 0.8 * b for a, b in pairwise(levels))
    quiet = loudness(play(make_synth(make), events((0, 0xB0, 7, 50)) + note(0, 9000, 60, 80), 0.3))
    assert quiet == pytest.approx(levels[2] * (50 / 100) ** 2, rel=0.05)


@both
def test_the_output_stays_below_full_scale_whatever_is_played(make: Make) -> None:
    said = [event for pitch in range(30, 90, 2) for event in note(pitch, RATE, pitch, 127)]
    said += [event for i in range(20) for event in note(2000 * i, 100, KICK, 127, 9)]
    output = play(make_synth(make), said, 1.0, values={GAIN.name: 12.0})
    assert 0.8 < np.abs(output).max() <= 10 ** (CEILING_DB / 20) * (1 + 1e-6)


@both
def test_an_open_hi_hat_is_stopped_by_a_closed_one(make: Make) -> None:
    rings = play(make_synth(make), note(0, 100, OPEN, channel=9), 0.5)
    stopped = play(make_synth(make), note(0, 100, OPEN, channel=9) + note(9001, 100, CLOSED, 1, channel=9), 0.5)
    late = slice(9001 + RATE // 10, 9001 + RATE // 5)
    assert loudness(rings[:, late]) > 1e-4
    assert loudness(stopped[:, late]) < 0.3 * loudness(rings[:, late])


@both
def test_where_the_stream_jumps_all_notes_are_let_go_of_and_what_was_due_is_dropped(make: Make) -> None:
    held = events((0, 0xC0, 48), (0, 0x90, 60, 100), (0, 0xB0, 64, 127), (0, 0x90, 64, 100), (0, 0x80, 64, 0))
    last = int(0.5 * RATE) // HOP * HOP + HOP
    output = []
    for due in (note(last + 30_000, 4000, 72), []):
        synth = make_synth(make)
        play(synth, held, 0.5)
        block, out = block_for(synth.spec.inputs, HOP, synth.spec.controls), block_for(synth.spec.outputs, HOP)
        block.events[INPUT] += due
        synth.process(block, BlockTime(last, RATE), out)
        output.append(play(synth, [], 6.0, first=last + 90_000))
    after, without = output
    assert not after[:, -RATE:].any()
    assert loudness(after[:, RATE:]) < loudness(after[:, : RATE // 4])
    np.testing.assert_array_equal(after, without)


@both
def test_reset_is_silence_at_once(make: Make) -> None:
    synth = make_synth(make)
    play(synth, events((0, 0xC0, 48), (0, 0x90, 60, 100), (0, 0x99, KICK, 127)), 0.3)
    synth.reset()
    assert not play(synth, [], 0.3).any()


@both
def test_a_message_ahead_of_its_block_waits_and_a_late_one_sounds_at_once(make: Make) -> None:
    synth = make_synth(make)
    block, out = block_for(synth.spec.inputs, HOP, synth.spec.controls), block_for(synth.spec.outputs, HOP)
    block.events[INPUT] += note(2000, 500, KICK, channel=9)
    output = []
    for first in range(0, 16 * HOP, HOP):
        synth.process(block, BlockTime(first, RATE), out)
        output.append(out.audio[OUTPUT].copy())
        block.events[INPUT].clear()
    alone = find_start(play(make_synth(make), note(0, 500, KICK, channel=9), 0.2))
    assert find_start(np.concatenate(output, axis=1)) == 2000 + alone
    late = make_synth(make)
    block.events[INPUT] += note(0, 500, KICK, channel=9)
    late.process(block, BlockTime(5 * HOP, RATE), out)
    assert find_start(out.audio[OUTPUT]) == alone


@both
def test_the_gain_follows_its_control_without_a_step(make: Make) -> None:
    synth = make_synth(make)
    loud = play(synth, events((0, 0xC0, 16), (0, 0x90, 60, 60)), 0.5)
    first = loud.shape[1]
    fading = play(synth, [], 0.2, first, {GAIN.name: -60.0})
    steady = np.abs(np.diff(loud[:, -2000:])).max()
    assert np.abs(np.diff(np.concatenate([loud[:, -2000:], fading], axis=1))).max() < 1.5 * steady
    assert not fading[:, HOP + LATENCY_FRAMES :].any()


@both
def test_an_impossible_rate_is_refused(make: Make) -> None:
    for rate in (0, 4000, 400_000):
        with pytest.raises(EngineError, match="Hz"):
            make().prepare(rate, HOP)


def test_without_a_font_the_plain_sounds_take_its_place_and_the_fix_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "FONT_FOLDERS", ())
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    assert fonts.VARIABLE in str(engines.find_missing()) or "FluidSynth" in str(engines.find_missing())
    with caplog.at_level(logging.WARNING):
        synth = make_synth(engines.fluid)
        assert engines.choose_synth() is engines.plain
    said = note(0, 4000, 60)
    np.testing.assert_array_equal(play(synth, said, 0.3), play(make_synth(engines.plain), said, 0.3))
    assert "install" in caplog.text and "synth.plain" in caplog.text


@needs_fluid
def test_at_a_rate_that_fluidsynth_does_not_know_it_is_resampled_and_notes_go_on() -> None:
    synth = ResampledEngine(engines.fluid(), 22050)
    synth.prepare(22050, synth.spec.hop)
    block, output = block_for(synth.spec.inputs, synth.spec.hop, synth.spec.controls), []
    for first in range(0, 22050, synth.spec.hop):
        block.events[INPUT] = events((0, 0xC0, 48), (0, 0x90, 57, 100)) if first == 0 else []
        out = block_for(synth.spec.outputs, synth.spec.hop)
        synth.process(block, BlockTime(first, 22050), out)
        output.append(out.audio[OUTPUT].copy())
    audio = np.concatenate(output, axis=1)
    assert loudness(audio[:, -5000:]) > 0.5 * loudness(audio[:, 5000:10_000]) > 1e-3
    assert estimate_pitch(audio[:, 5000:15_000]) == pytest.approx(57 + 12, abs=0.3)  # it counts frames as at 44.1 kHz
