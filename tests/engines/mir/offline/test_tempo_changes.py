"""Tempo changes, and passages in which a causal engine lags behind them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from bridge.core.arrays import Float64Array
from engines.mir.engine_lookup import create_engine
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.offline.analysis_job import analyse_song
from engines.mir.offline.metrical_levels import OctaveAmbiguity
from engines.mir.offline.tempo_changes import TempoStep, describe_changes, describe_uncertain_beats, find_tempo_changes
from tests.engines.backing.songs import beat_activation, ignore_progress, wave
from tests.engines.mir.signals import RATE, band


def make_beats(*tempi: tuple[float, int], jitter_s: float = 0.006) -> Float64Array:
    """So many beats at each tempo."""
    gaps = np.concatenate([np.full(count, 60 / bpm) for bpm, count in tempi])
    return np.asarray(0.3 + np.cumsum(gaps) + np.random.default_rng(1).normal(0, jitter_s, len(gaps)))


def find_changes(beats: Float64Array) -> tuple[TempoStep, ...]:
    return find_tempo_changes(beats, beat_activation(beats.tolist(), float(beats[-1]) + 1))


@pytest.mark.parametrize(
    ("bpm", "then_bpm"), [(120, 80), (80, 120), (100, 140), (140, 100), (120, 126), (100, 90), (95, 180)]
)
def test_a_change_is_found_where_it_is(bpm: float, then_bpm: float) -> None:
    beats = make_beats((bpm, 48), (then_bpm, 40))
    (change,) = find_changes(beats)
    assert change.time_s == pytest.approx(beats[47], abs=1.01 * 60 / min(bpm, then_bpm))
    assert change.before == pytest.approx(bpm, rel=0.01)
    assert change.after == pytest.approx(then_bpm, rel=0.01)


def test_each_of_several_changes_is_found() -> None:
    found = find_changes(make_beats((120, 32), (80, 24), (120, 40), (140, 32)))
    assert [(round(change.before), round(change.after)) for change in found] == [(120, 80), (80, 120), (120, 140)]


def test_a_steady_or_free_beat_and_one_that_quickens_slowly_change_nothing() -> None:
    for beats in (
        make_beats((112, 200), jitter_s=0.02),
        np.cumsum(np.linspace(60 / 110, 60 / 130, 80)),
        np.cumsum(np.linspace(60 / 130, 60 / 100, 80)),
        make_beats((120, 48), (108, 2), (96, 2), (84, 2), (72, 2), (120, 48)),  # it is held for two bars
        make_beats((140, 24), (148, 15), (140, 60)),  # it slips to the off-beats in small steps
        make_beats((95, 40), (190, 40)),  # one tempo counted in two ways
        make_beats((120, 6), (80, 6)),
        np.zeros(0),
        np.array([1.0]),
    ):
        activation = beat_activation(beats.tolist(), 240)
        assert find_tempo_changes(beats, activation) == ()


def test_in_a_silence_there_is_no_tempo() -> None:
    first, gap, second = make_beats((120, 48), (97, 40), (120, 48)), slice(47, 88), 88
    activation = beat_activation([*first[:48], *first[second:]], float(first[-1]) + 1)
    activation[round((first[47] + 0.5) * STEPS_PER_SECOND) : round((first[gap.stop] - 0.3) * STEPS_PER_SECOND)] = (
        UNINFORMATIVE_PROBABILITY
    )
    assert find_tempo_changes(first, activation) == ()
    other = make_beats((120, 48), (97, 40), (90, 48))
    activation = beat_activation([*other[:48], *other[second:]], float(other[-1]) + 1)
    activation[round((other[47] + 0.5) * STEPS_PER_SECOND) : round((other[gap.stop] - 0.3) * STEPS_PER_SECOND)] = (
        UNINFORMATIVE_PROBABILITY
    )
    (change,) = find_tempo_changes(other, activation)
    assert change.time_s == pytest.approx(other[second], abs=1.0)
    assert (round(change.before), round(change.after)) == (120, 90)


def test_remarks_on_changes_and_ambiguous_levels() -> None:
    changes = [TempoStep(24.2, 119.6, 80.3)]
    assert describe_changes(changes, [OctaveAmbiguity(24.2, 66.0, 80.0, 160.0)]) == (
        "the tempo changes at 0:24, from 120 to 80",
        "from 0:24 to 1:06 the beats may be half as fast as the music (80 or 160)",
    )
    assert describe_changes([], [OctaveAmbiguity(24.2, 66.0, 160.0, 80.0)]) == (
        "from 0:24 to 1:06 the beats may be twice as fast as the music (160 or 80)",
    )
    assert describe_changes(5 * changes, []) == ("the tempo changes 5 times, first at 0:24",)


def test_beats_that_go_on_in_the_old_tempo_are_uncertain_until_they_agree() -> None:
    beats = make_beats((120, 48), (80, 56), jitter_s=0.0)
    activation = beat_activation(beats.tolist(), 70)
    changes = find_tempo_changes(beats, activation)
    behind = beats[47] + 0.5 * np.arange(1, 17)
    found = np.concatenate([beats[:48], behind, beats[beats > behind[-1] + 0.2]])
    assert describe_uncertain_beats(found, beats, activation, changes) == (
        "beats from 0:25 to 0:33 are not sure: the tempo changes there",
    )
    again = found.copy()
    again[-12:-6] += 0.3  # unrelated to the change
    assert describe_uncertain_beats(again, beats, activation, changes) == describe_uncertain_beats(
        found, beats, activation, changes
    )
    assert describe_uncertain_beats(beats, beats, activation, changes) == ()
    assert describe_uncertain_beats(beats[:48], beats, activation, changes) == (
        "beats from 0:25 to 1:06 are not sure: the tempo changes there",
    )


def test_beats_that_begin_late_after_a_silence_are_uncertain() -> None:
    beats = np.concatenate([np.arange(0.5, 24, 0.5), np.arange(60.1, 84, 0.5)])
    activation = beat_activation(beats.tolist(), 85)
    activation[25 * STEPS_PER_SECOND : 60 * STEPS_PER_SECOND] = UNINFORMATIVE_PROBABILITY
    decoded = np.sort(np.concatenate([beats, np.arange(24.5, 59.9, 0.5)]))  # they go on through the silence
    late = beats[(beats < 60) | (beats > 65)]
    assert describe_uncertain_beats(late, decoded, activation, ()) == (
        "beats from 1:00 to 1:05 are not sure: a silence ends there",
    )
    assert describe_uncertain_beats(beats, decoded, activation, ()) == ()


def test_in_a_steady_song_an_engine_with_other_beats_gets_no_remark() -> None:
    beats = make_beats((120, 100))
    activation = beat_activation(beats.tolist(), 52)
    for found in (beats + 0.25, beats[20:], np.zeros(0), beats):
        assert describe_uncertain_beats(found, beats, activation, find_tempo_changes(beats, activation)) == ()


def test_a_song_gets_a_remark_where_its_tempo_changes_and_a_steady_one_none(tmp_path: Path) -> None:
    sides = [band(lambda beat: beat * 60 / 130 * RATE, 40), band(lambda beat: beat * 60 / 90 * RATE, 32)]
    for audio, notes in ((np.concatenate(sides, 1), 1), (sides[1], 0)):
        path = wave(tmp_path / "a.wav", audio)
        outcome = analyse_song(path, tmp_path, create_engine("mir.standard"), {}, ignore_progress, time.monotonic)
        remarks = [note for note in outcome.notes if note.startswith("the tempo changes at 0:18, from 130 to 90")]
        assert len(remarks) == notes
        assert outcome.map is not None
        assert list(outcome.map.remarks) == outcome.notes
        assert bool(outcome.notes) == bool(notes)
