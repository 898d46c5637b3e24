"""The learned analysis on music whose truth is known because we made it, and on what is no music."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.audio import Audio
from bridge.core.engine import block_for
from bridge.core.events import Beat, Chord, Key, Note, Onset, TimedEvent
from bridge.core.time import BlockTime, TempoChange, TempoMap
from engines.mir.learned.learned_mir import HOP, LearnedMir
from tests.engines.mir.signals import CADENCE, band, clicks, tones

RATE = 44100
SETTLED_S = 6.0


def run_engine(
    audio: Audio, rate: int = RATE, engine: LearnedMir | None = None, frame: Callable[[int], int] = lambda n: n
) -> list[TimedEvent]:
    """All events reported for ``audio``, shape (2, frames). ``frame``: the stream's frame for one of the audio."""
    if engine is None:
        engine = LearnedMir()
        engine.prepare(rate, HOP)
    block, out = block_for(engine.spec.inputs, HOP, engine.spec.controls), block_for(engine.spec.outputs, HOP)
    reported: list[TimedEvent] = []
    for first in range(0, audio.shape[1] - HOP + 1, HOP):
        for source in block.audio.values():
            source[:] = audio[:, first : first + HOP]
        for events in out.events.values():
            events.clear()
        engine.process(block, BlockTime(frame(first), rate), out)
        reported += [event for events in out.events.values() for event in events]
    return reported


def beats(events: list[TimedEvent], rate: int = RATE) -> list[tuple[float, Beat]]:
    return [(event.frame / rate, event.payload) for event in events if isinstance(event.payload, Beat)]


def errors_s(events: list[TimedEvent], tempo: TempoMap, since_s: float = SETTLED_S) -> list[float]:
    """How far each beat reported after ``since_s`` is from the nearest true one."""
    found = []
    for time_s, _ in beats(events, tempo.rate):
        if time_s > since_s:
            nearest = round(tempo.beat_at(time_s * tempo.rate))
            found.append(time_s - tempo.frame_at(nearest) / tempo.rate)
    return found


def steady(bpm: float, rate: int = RATE) -> TempoMap:
    return TempoMap([TempoChange(0.0, bpm)], rate)


def make_drift(bpm: float, share: float, seconds: float) -> TempoMap:
    """From ``share`` below ``bpm`` to as much above it, a little each beat."""
    count = int(seconds * bpm / 60)
    return TempoMap([TempoChange(float(i), bpm * (1 + share * (2 * i / count - 1))) for i in range(count)], RATE)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("bpm", [84.0, 120.0, 141.3])
def test_a_bands_beats_are_predicted_within_20_ms_with_their_tempo(bpm: float, rate: int) -> None:
    tempo = steady(bpm, rate)
    events = run_engine(band(tempo.frame_at, int(16 * bpm / 60), rate), rate)
    errors = errors_s(events, tempo)
    assert len(errors) == pytest.approx(10 * bpm / 60, abs=2)
    assert np.median(np.abs(errors)) < 0.02
    assert np.median([beat.tempo for time_s, beat in beats(events, rate) if time_s > SETTLED_S]) == pytest.approx(
        bpm, rel=0.02
    )


def test_a_tempo_that_drifts_by_8_percent_either_way_within_30_s_is_followed() -> None:
    tempo = make_drift(112.0, 0.08, 36.0)
    errors = errors_s(run_engine(band(tempo.frame_at, int(36 * 112 / 60) - 1)), tempo)
    assert len(errors) > 48
    assert np.median(np.abs(errors)) < 0.02
    assert np.max(np.abs(errors)) < 0.08


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(80, 150), st.lists(st.floats(-0.02, 0.02), min_size=5, max_size=5))
def test_any_tempo_that_wanders_a_little_is_followed(bpm: float, steps: list[float]) -> None:
    changes, now = [TempoChange(0.0, bpm)], bpm
    for i, step in enumerate(steps):
        now *= 1 + step
        changes.append(TempoChange(16.0 + 4.0 * i, now))
    tempo = TempoMap(changes, RATE)
    errors = np.abs(errors_s(run_engine(band(tempo.frame_at, 44)), tempo))
    assert np.mean(np.minimum(errors, 0.3) < 0.07) > 0.8


def test_after_a_stop_the_beats_stop_and_come_back_within_two_bars() -> None:
    tempo = steady(120.0)
    played = band(tempo.frame_at, 24)
    pause = np.zeros((2, 5 * RATE), np.float32)
    moved = round(0.2 * RATE)  # where it goes on is no multiple of a beat later
    events = run_engine(np.concatenate([played, pause, np.zeros((2, moved), np.float32), played], axis=1))
    start_s = (played.shape[1] + pause.shape[1] + moved) / RATE
    silent = [t for t, _ in beats(events) if played.shape[1] / RATE + 3.0 < t < start_s]
    assert not silent
    after = np.array([t - start_s for t, _ in beats(events) if t > start_s + 8 * 0.5])
    assert len(after) == pytest.approx(16, abs=2)
    assert np.median(np.abs(after - np.round(after / 0.5) * 0.5)) < 0.02


def test_after_a_gap_in_the_stream_the_beats_are_right_at_once() -> None:
    tempo = steady(120.0)
    audio = band(tempo.frame_at, 40)
    gap, before = 100 * HOP, 900 * HOP
    detected = np.concatenate([audio[:, :before], audio[:, before + gap :]], axis=1)
    events = run_engine(detected, frame=lambda n: n if n < before else n + gap)
    errors = errors_s(events, tempo, (before + gap) / RATE)
    assert len(errors) > 10
    assert np.max(np.abs(errors)) < 0.04


def test_after_a_jump_in_the_music_the_beats_are_right_within_two_bars() -> None:
    tempo = steady(120.0)
    audio = band(tempo.frame_at, 48)
    cut, skipped = round(11.9 * RATE), round(3.25 * RATE)  # to the middle of a beat
    events = run_engine(np.concatenate([audio[:, :cut], audio[:, cut + skipped :]], axis=1))
    late = [t + skipped / RATE for t, _ in beats(events) if t > cut / RATE + 8 * 0.5]
    assert len(late) >= 6
    assert np.median([abs(t / 0.5 - round(t / 0.5)) * 0.5 for t in late]) < 0.02


def test_bars_are_counted_from_the_chords_and_drums() -> None:
    tempo = steady(116.0)
    events = run_engine(band(tempo.frame_at, 72))
    late = [(round(tempo.beat_at(t * RATE)), beat) for t, beat in beats(events) if t > 20.0]
    assert len(late) > 20
    assert np.mean([beat.number == n % 4 and beat.bar_beats == 4 for n, beat in late]) > 0.8


def test_a_cadence_is_detected_with_its_chords_and_its_key() -> None:
    events = run_engine(tones(CADENCE * 4, 1.5))
    chords = [(event.frame / RATE, event.payload) for event in events if isinstance(event.payload, Chord)]
    times = np.arange(3.0, 22.0, 0.1)
    truth = [(0, 5, 7, 0)[int(t / 1.5) % 4] for t in times]
    detected = [[c for at, c in chords if at <= t][-1] for t in times]
    assert np.mean([c.root == root and c.quality in (0, 2, 3) for c, root in zip(detected, truth, strict=True)]) > 0.85
    assert [event.payload for event in events if isinstance(event.payload, Key)][-1].label == "C major"


def test_a_modulation_changes_the_key() -> None:
    up = [[pitch + 3 for pitch in chord] for chord in CADENCE]
    events = run_engine(tones([*CADENCE * 5, *up * 8], 1.2))
    assert [event.payload for event in events if isinstance(event.payload, Key)][-1].label == "Eb major"


def test_hits_are_onsets_at_their_frame() -> None:
    times = [1.0, 1.37, 2.05, 2.4, 3.3, 3.45, 4.2]
    events = run_engine(clicks(times, 5.0))
    onsets = [event.frame / RATE for event in events if isinstance(event.payload, Onset)]
    assert len(onsets) == len(times)
    assert np.abs(np.array(onsets) - times).max() < 0.02


def test_a_melody_is_detected_as_notes() -> None:
    pitches = (48, 55, 52, 60, 57)
    events = run_engine(tones([(pitch,) for pitch in pitches], 0.6))
    notes = [(event.frame / RATE, event.payload) for event in events if isinstance(event.payload, Note)]
    starts = [round(note.pitch) for _, note in notes if note.on]
    assert starts == list(pitches)


@pytest.mark.parametrize("sound", ["silence", "bias", "noise", "not numbers", "clipped"])
def test_what_is_no_music_gives_no_beats_and_no_harm(sound: str) -> None:
    """Ten seconds of it, and after it a band is detected as if nothing had been."""
    rng = np.random.default_rng(2)
    audio = {
        "silence": np.zeros((2, 10 * RATE), np.float32),
        "bias": np.full((2, 10 * RATE), 0.8, np.float32),
        "noise": rng.normal(0, 0.1, (2, 10 * RATE)).astype(np.float32),
        "not numbers": np.full((2, 10 * RATE), np.nan, np.float32),
        "clipped": np.sign(rng.normal(0, 1, (2, 10 * RATE))).astype(np.float32) * 4,
    }[sound]
    audio[:, ::1000] = np.inf if sound == "not numbers" else audio[:, ::1000]
    engine = LearnedMir()
    engine.prepare(RATE, HOP)
    events = run_engine(audio, engine=engine)
    assert not [
        t for t, _ in beats(events) if t > (0.0 if sound == "silence" else 3.5)
    ]  # its beginning may count as an onset
    tempo = steady(120.0)
    start = audio.shape[1] // HOP * HOP
    after = run_engine(band(tempo.frame_at, 32), engine=engine, frame=lambda n: n + start)
    late = [t - start / RATE for t, _ in beats(after) if t - start / RATE > SETTLED_S]
    assert len(late) > 16
    assert np.median([abs(t / 0.5 - round(t / 0.5)) * 0.5 for t in late]) < 0.02


def test_a_chord_begins_with_its_sound_and_ends_with_it() -> None:
    pause = np.zeros((2, 2 * RATE), np.float32)
    events = run_engine(np.concatenate([pause, tones(CADENCE, 1.5), pause, pause], axis=1))
    chords = [(event.frame / RATE, event.payload) for event in events if isinstance(event.payload, Chord)]
    assert (chords[0][1].label, chords[-1][1].label) == ("C", "N")
    assert 2.0 <= chords[0][0] < 2.3
    assert 8.0 <= chords[-1][0] < 8.8
