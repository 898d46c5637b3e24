"""The beat tracker on probabilities with known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.core.time import TempoChange, TempoMap
from engines.mir.learned.beat_tracker import BeatPhase, BeatTracker
from engines.mir.learned.features import STEPS_PER_SECOND

MILLI = 1000
"""A tempo map in thousandths of a second in place of frames."""


def beat_probability(beat: float, beat_s: float, loud: float = 0.8) -> float:
    """The output of a network that detects a beat within 30 ms."""
    away_s = abs((beat + 0.5) % 1.0 - 0.5) * beat_s
    return max(0.02, loud * (1.0 - away_s / 0.03))


def run_tracker(
    tracker: BeatTracker, beat_of: Callable[[float], float], seconds: float, loud: float = 0.8, since: float = 0.0
) -> list[tuple[float, BeatPhase | None]]:
    """The phase at each step from ``since`` on, with its time."""
    phases = []
    for step in range(round(seconds * STEPS_PER_SECOND)):
        at = since + step / STEPS_PER_SECOND
        beat_s = 0.02 / max(beat_of(at + 0.01) - beat_of(at - 0.01), 1e-9)
        phases.append((at, tracker.update(beat_probability(beat_of(at), beat_s, loud))))
    return phases


def phase_errors_s(phases: list[tuple[float, BeatPhase | None]], beat_of: Callable[[float], float]) -> np.ndarray:
    """How far each phase's last beat is from the nearest true one, in seconds."""
    errors = []
    for at, phase in phases:
        if phase is not None:
            beat = beat_of(at - phase.since_beat_s)
            errors.append((beat - round(beat)) * phase.period_s)
    return np.array(errors)


@pytest.mark.parametrize("bpm", [43.0, 60.0, 93.3, 123.45, 174.0, 228.0])
def test_a_steady_beat_is_found_with_its_tempo_and_phase(bpm: float) -> None:
    tracker = BeatTracker()
    tracker.set_prior(bpm)
    phases = run_tracker(tracker, lambda t: t * bpm / 60, 12.0)[300:]
    assert all(phase is not None for _, phase in phases)
    periods = [phase.period_s for _, phase in phases if phase is not None]
    assert np.median(periods) == pytest.approx(60 / bpm, rel=0.015)
    errors = np.abs(phase_errors_s(phases, lambda t: t * bpm / 60))
    assert np.median(errors) < 0.015
    assert errors.max() < 0.03


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(85.0, 150.0), min_size=2, max_size=4), st.floats(0.0, 1.0))
@example([140.5, 98.0, 96.0], 0.25)  # without a beat for 24 % of that time, the worst that was drawn so far
def test_a_tempo_that_steps_is_followed_within_four_beats(tempi: list[float], offset: float) -> None:
    changes = [TempoChange(16.0 * i, tempo) for i, tempo in enumerate(tempi)]
    song = TempoMap(changes, MILLI)
    seconds = song.frame_at(16.0 * len(tempi)) / MILLI

    def beat_of(at: float) -> float:
        return song.beat_at(max(at, 0.0) * MILLI) + offset

    tracker = BeatTracker()
    tracker.set_prior(tempi[0])
    phases = run_tracker(tracker, beat_of, seconds)
    late = [(at, phase) for at, phase in phases if beat_of(at) % 16 > 10]
    errors = np.abs(phase_errors_s(late, beat_of))
    assert len(errors) > 0.7 * len(late)
    assert np.median(errors) < 0.03


def test_a_song_whose_hits_thin_out_goes_on_at_its_tempo() -> None:
    """Where every second beat is hardly audible any more, 152 is not 76."""
    bpm = 152.0
    tracker = BeatTracker()
    run_tracker(tracker, lambda t: t * bpm / 60, 10.0)
    phases = []
    for step in range(1000):
        beat = (10.0 + step / STEPS_PER_SECOND) * bpm / 60
        phases.append(tracker.update(beat_probability(beat, 60 / bpm, 0.4 if round(beat) % 2 else 0.12)))
    periods = [phase.period_s for phase in phases[500:] if phase is not None]
    assert len(periods) > 400
    assert np.median(periods) == pytest.approx(60 / bpm, rel=0.03)


def test_a_tempo_that_glides_by_eight_percent_in_half_a_minute_is_followed_within_20_ms() -> None:
    start, end, seconds = 120.0, 129.6, 30.0

    def beat_of(at: float) -> float:
        return (start * at + 0.5 * (end - start) / seconds * at * at) / 60

    phases = run_tracker(BeatTracker(), beat_of, seconds)[250:]
    errors = np.abs(phase_errors_s(phases, beat_of))
    assert len(errors) == len(phases)
    assert np.median(errors) < 0.02


def test_a_jump_of_half_a_beat_is_recovered_within_two_bars() -> None:
    tracker = BeatTracker()
    run_tracker(tracker, lambda t: 2 * t, 10.0)

    def jump(at: float) -> float:
        return 2 * at + 0.5

    phases = run_tracker(tracker, jump, 6.0, since=10.0)[200:]  # from four seconds, two bars, on
    errors = np.abs(phase_errors_s(phases, jump))
    assert len(errors) > 0.9 * len(phases)
    assert errors.max() < 0.03


def test_silence_has_no_beat_and_what_comes_after_it_has_one() -> None:
    tracker = BeatTracker()
    run_tracker(tracker, lambda t: 2 * t, 8.0)
    silent = [tracker.update(0.0) for _ in range(10 * STEPS_PER_SECOND)]
    assert all(phase is None for phase in silent[3 * STEPS_PER_SECOND :])
    again = run_tracker(tracker, lambda t: 2.2 * t + 0.3, 5.0)
    assert again[-1][1] is not None
    assert abs(phase_errors_s(again[-50:], lambda t: 2.2 * t + 0.3)).max() < 0.03


def test_ten_seconds_of_silence_from_the_start_have_no_beat() -> None:
    tracker = BeatTracker()
    phases = [tracker.update(0.0) for _ in range(10 * STEPS_PER_SECOND)]
    assert phases[-1] is None


def test_steady_noise_has_no_beat() -> None:
    tracker, random = BeatTracker(), np.random.default_rng(1)
    phases = [tracker.update(float(probability)) for probability in random.uniform(0.05, 0.11, 20 * STEPS_PER_SECOND)]
    assert all(phase is None for phase in phases[5 * STEPS_PER_SECOND :])


@pytest.mark.parametrize("prior, expected", [(70.0, 80.0), (160.0, 160.0)])
def test_where_the_music_leaves_the_octave_open_the_prior_decides(prior: float, expected: float) -> None:
    tracker = BeatTracker()
    tracker.set_prior(prior)
    for step in range(15 * STEPS_PER_SECOND):
        at = step / STEPS_PER_SECOND
        strong = beat_probability(at * 80 / 60, 60 / 80, 0.8)
        weak = beat_probability(at * 160 / 60, 60 / 160, 0.45)
        phase = tracker.update(max(strong, weak))
    assert phase is not None
    assert 60 / phase.period_s == pytest.approx(expected, rel=0.03)


def test_restored_it_goes_on_bit_identically() -> None:
    one, other = BeatTracker(), BeatTracker()
    one.set_prior(90.0)
    run_tracker(one, lambda t: 1.7 * t, 5.0)
    other.restore(one.state())
    assert run_tracker(one, lambda t: 1.7 * t, 3.0) == run_tracker(other, lambda t: 1.7 * t, 3.0)


def test_what_was_never_loud_enough_is_no_beat() -> None:
    assert all(phase is None for _, phase in run_tracker(BeatTracker(), lambda t: 2 * t, 2.0, loud=0.1))


@pytest.mark.parametrize("bpm", [84.0, 120.0, 171.0])
def test_a_shifted_phase_is_half_a_beat_off_at_the_same_tempo(bpm: float) -> None:
    tracker = BeatTracker()
    run_tracker(tracker, lambda at: at * bpm / 60, 12.0)
    tracker.shift_half_beat()
    phases = run_tracker(tracker, lambda at: at * bpm / 60, 0.3, loud=0.0, since=12.0)
    errors = np.abs(phase_errors_s(phases, lambda at: at * bpm / 60 + 0.5))
    assert np.median(errors) < 0.025
    phase = phases[-1][1]
    assert phase is not None
    assert phase.period_s == pytest.approx(60 / bpm, rel=0.02)


def find_phases(tracker: BeatTracker, strengths: list[tuple[float, float]], bpm: float) -> list[float]:
    """The place in the beat, 0 to 1, of the beats at every step; beats and off-beats have these probabilities."""
    beats, found = 60.0 * STEPS_PER_SECOND / bpm, []
    for step in range(round(len(strengths) * beats)):
        at = step / beats
        on, off = strengths[min(int(at), len(strengths) - 1)]
        near = abs((at * 2 + 0.5) % 1.0 - 0.5) * beats / 2 < 1.0
        phase = tracker.update((on if round(at * 2) % 2 == 0 else off) if near else 0.02)
        if phase is not None:
            found.append((at - phase.since_beat_s * STEPS_PER_SECOND / beats) % 1.0)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_phase_stays_where_beats_and_off_beats_are_stronger_in_turn(seed: int) -> None:
    """From the start, so that both phases stay possible."""
    random, strengths = np.random.default_rng(seed), [(0.35, 0.25)] * 4
    while len(strengths) < 120:
        on, off = random.permutation([0.3, 0.24])
        strengths += [(float(on), float(off))] * int(random.integers(4, 13))
    found = np.array(find_phases(BeatTracker(), strengths, 104.0)[6 * STEPS_PER_SECOND :])
    on_beat = np.abs((found + 0.5) % 1.0 - 0.5) < 0.25
    assert np.count_nonzero(on_beat[1:] != on_beat[:-1]) <= 2


@pytest.mark.parametrize("bpm", [90.0, 120.0, 140.0])
def test_a_phase_that_is_half_a_beat_off_is_corrected_within_two_bars(bpm: float) -> None:
    tracker = BeatTracker()
    find_phases(tracker, [(0.7, 0.05)] * 32, bpm)
    found = find_phases(tracker, [(0.05, 0.7)] * 16, bpm)
    settled = np.array(found[round(8 * 60.0 * STEPS_PER_SECOND / bpm) :])
    assert np.mean(np.abs(settled - 0.5) < 0.15) > 0.95
