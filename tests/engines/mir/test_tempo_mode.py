"""Tempo mode: the host's beats, the host's moved onto the detected ones, or the detected ones."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from bridge.core.clock import ASSIST, FOLLOW, HOST
from bridge.core.events import Beat, Tempo, TimedEvent
from engines.mir.chroma.chroma_mir import HOP, PRIOR, ChromaMir
from engines.mir.tempo_mode import MAX_TEMPO_DEVIATION, MODE, TempoArbiter, TempoPrior, choose_prior
from tests.engines.driving import RATE, BlockTimeAt, clicks, find_beats, find_tempi, no_host, rolling_host, run_engine

SECONDS = 16
LATE = 0.3
"""Beats by which the clicks lie behind the host's beats."""


def track_clicks(
    mode: int, at: BlockTimeAt, bpm: float, first: int, prior_bpm: float = 120.0
) -> list[tuple[int, Beat]]:
    """The beats that mir.chroma reports for clicks at ``bpm`` from frame ``first`` on, in ``mode``."""
    engine = ChromaMir()
    engine.prepare(RATE, HOP)
    mix, _ = clicks(bpm, SECONDS, first)
    values = {MODE.name: float(mode), PRIOR.name: prior_bpm}
    return find_beats(run_engine(engine, mix.shape[1], at, mix, values=values))


def phases(found: list[tuple[int, Beat]], bpm: float, first: int, after_s: float = 10.0) -> list[float]:
    """Beats by which each found beat after ``after_s`` lies behind the nearest click."""
    step = 60 * RATE / bpm
    beats = [(frame - first) / step for frame, _ in found if frame > after_s * RATE]
    return [beat - round(beat) for beat in beats]


def test_in_host_mode_the_beats_are_the_hosts_whatever_is_detected() -> None:
    first = round(LATE * 60 * RATE / 120)
    found = track_clicks(HOST, rolling_host(120.0), 120.0, first)
    assert phases(found, 120.0, 0) == pytest.approx([0.0] * 11, abs=1e-3)


def test_in_assist_mode_the_hosts_beats_move_onto_those_detected_and_keep_count_and_tempo() -> None:
    first = round(LATE * 60 * RATE / 120)
    found = track_clicks(ASSIST, rolling_host(120.0), 120.0, first)
    assert max(map(abs, phases(found, 120.0, first))) < 0.05
    assert [beat.index for _, beat in found] == list(range(found[0][1].index, found[0][1].index + len(found)))
    assert {beat.tempo for _, beat in found} == {120.0}
    gaps = np.diff([frame for frame, _ in found])
    assert 0.75 < gaps.min() / (RATE / 2) <= gaps.max() / (RATE / 2) < 1.25


def test_in_assist_mode_silence_leaves_the_hosts_beats_where_they_are() -> None:
    engine = ChromaMir()
    engine.prepare(RATE, HOP)
    found = find_beats(run_engine(engine, 6 * RATE, rolling_host(120.0), values={MODE.name: float(ASSIST)}))
    assert [frame for frame, _ in found] == [round(i * RATE / 2) for i in range(12)]


def test_in_assist_mode_half_the_hosts_tempo_is_not_detected_as_the_tempo() -> None:
    found = track_clicks(ASSIST, rolling_host(160.0), 80.0, 3000)
    assert np.diff([frame for frame, _ in track_clicks(FOLLOW, no_host, 80.0, 3000, prior_bpm=160.0)])[
        -4:
    ] == pytest.approx(60 * RATE / 160.0, rel=0.05)
    step = 60 * RATE / 160.0
    assert np.diff([frame for frame, _ in found])[20:] == pytest.approx(step, rel=0.05)


def test_in_follow_mode_the_beats_are_those_detected_and_a_host_is_none() -> None:
    found = track_clicks(FOLLOW, rolling_host(133.0), 124.0, 3000)
    assert len(phases(found, 124.0, 3000)) >= 11
    assert max(map(abs, phases(found, 124.0, 3000))) < 0.05
    assert found == track_clicks(FOLLOW, no_host, 124.0, 3000)


@pytest.mark.parametrize("bpm", [96.0, 150.0])
def test_in_follow_mode_a_tempo_beyond_the_clamp_is_never_reported(bpm: float) -> None:
    found = track_clicks(FOLLOW, no_host, bpm, 3000)
    assert all(abs(beat.tempo - 120.0) <= (MAX_TEMPO_DEVIATION + 0.01) * 120.0 for _, beat in found)
    assert track_clicks(FOLLOW, no_host, bpm, 3000, prior_bpm=bpm)


def test_without_a_host_assist_is_what_host_is() -> None:
    assert track_clicks(ASSIST, no_host, 110.0, 3000) == track_clicks(HOST, no_host, 110.0, 3000)


@pytest.mark.parametrize(
    ("mode", "at", "prior"),
    [
        (HOST, rolling_host(90.0), TempoPrior(120.0)),
        (HOST, no_host, TempoPrior(120.0)),
        (ASSIST, rolling_host(90.0), TempoPrior(90.0, MAX_TEMPO_DEVIATION)),
        (ASSIST, no_host, TempoPrior(120.0)),
        (FOLLOW, rolling_host(90.0), TempoPrior(120.0, MAX_TEMPO_DEVIATION)),
        (FOLLOW, no_host, TempoPrior(120.0, MAX_TEMPO_DEVIATION)),
    ],
)
def test_each_mode_has_its_prior(mode: int, at: BlockTimeAt, prior: TempoPrior) -> None:
    assert choose_prior(mode, at(0), 120.0) == prior


def pass_gate(arbiter: TempoArbiter, *confidences: float, bpm: float = 120.0) -> list[float]:
    """The confidences of the beats that pass the gate in follow mode."""
    tracked = [TimedEvent(i, Beat(0, 4, bpm, confidence, i)) for i, confidence in enumerate(confidences)]
    reported = arbiter.process(FOLLOW, no_host(0), tracked, TempoPrior(120.0, MAX_TEMPO_DEVIATION))
    return [event.payload.confidence for event in reported if isinstance(event.payload, Beat)]


def test_the_gate_opens_at_its_confidence_and_closes_at_half_of_it() -> None:
    arbiter = TempoArbiter(HOP, 0.4)
    assert pass_gate(arbiter, 0.3, 0.39, 0.4, 0.3, 0.2, 0.19, 0.3, 0.5) == [0.4, 0.3, 0.2, 0.5]


def test_what_exceeds_the_clamp_does_not_come_through() -> None:
    arbiter = TempoArbiter(HOP, 0.4)
    assert pass_gate(arbiter, 0.9, bpm=126.0) == [0.9]
    assert pass_gate(arbiter, 0.9, bpm=127.0) == []
    reported = arbiter.process(
        FOLLOW, no_host(0), [TimedEvent(0, Tempo(130.0, 1.0))], TempoPrior(120.0, MAX_TEMPO_DEVIATION)
    )
    assert reported == []


def test_what_is_detected_meanwhile_does_not_matter_to_a_trusted_host() -> None:
    one, other = TempoArbiter(HOP, 0.4), TempoArbiter(HOP, 0.4)
    at = rolling_host(120.0)
    for start in range(0, 100 * HOP, HOP):
        tracked = [TimedEvent(start + 7, Beat(0, 4, 120.0, 1.0, 0))]
        assert one.process(HOST, at(start), tracked, TempoPrior(120.0, inf)) == other.process(
            HOST, at(start), [], TempoPrior(120.0, inf)
        )


def test_tempi_that_are_followed_are_reported() -> None:
    engine = ChromaMir()
    engine.prepare(RATE, HOP)
    mix, _ = clicks(124.0, 8)
    reported = find_tempi(run_engine(engine, mix.shape[1], no_host, mix, values={MODE.name: float(FOLLOW)}))
    assert reported
    assert all(abs(bpm - 124.0) < 0.04 * 124.0 for bpm in reported)
