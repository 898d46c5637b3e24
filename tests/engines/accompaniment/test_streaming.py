"""The band as it runs live, on a virtual clock: what comes late, stalls, jumps or is lost costs no note its place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.events import LEVELS, Beat, Chord, Onset, TimedEvent
from engines.accompaniment.auto_lookahead import LOOKAHEAD_AUTO
from engines.accompaniment.chord_fallback import DRUMS, FORESEEN, HELD, SILENCE
from engines.accompaniment.form import COUNT_IN, DROPOUT, SECTION, SECTIONS
from engines.accompaniment.timeline import HOP, LOOKAHEAD
from tests.engines.accompaniment.streaming import (
    BEAT,
    LOOP,
    PERIOD,
    RESERVE,
    STEADY,
    Cycle,
    Played,
    delay_events,
    find_drum_bars,
    host,
    make_beats,
    make_chords,
    stream,
)
from tests.engines.driving import RATE, parse_chord

GRID = 0.25
"""Beats: sixteenths, of which the straight styles are made."""


def off_grid(played: Played) -> float:
    """Beats by which the worst stroke of the drums misses the grid."""
    strokes = np.array(played.drum_beats())
    return float(np.abs(strokes - np.round(strokes / GRID) * GRID).max())


def lookahead(beats: float, **more: float) -> Mapping[str, float]:
    return {LOOKAHEAD.name: beats, **more}


@pytest.mark.parametrize("beats_ahead", [0.0, 4.0])
@pytest.mark.parametrize("latency_ms", [0, 20, 100, 500, 2000])
def test_however_late_chords_are_reported_no_note_is_off_the_grid_doubled_hung_or_missing(
    latency_ms: int, beats_ahead: float
) -> None:
    results = delay_events(make_chords(STEADY), lambda _: latency_ms / 1000)
    played = stream(STEADY, {"chords": results}, lambda _: lookahead(beats_ahead))
    assert off_grid(played) < 1e-3
    bars = find_drum_bars(played)
    assert bars == list(range(bars[0], 12))
    assert bars[0] <= 1 + latency_ms // 1000 + beats_ahead // 4
    beats = [commit.beat for _, commit in played.commits]
    assert beats == list(range(beats[0], beats[-1] + 1))
    assert all(commit.lookahead_beats >= beats_ahead for _, commit in played.commits[int(beats_ahead) + 1 :])


@pytest.mark.parametrize("latency_ms", [0, 20, 100, 500, 2000])
def test_however_late_beats_are_reported_it_follows_them_without_a_host(latency_ms: int) -> None:
    """What is analysed has a tempo, so that where it is now is known though it is reported late."""
    cycles = host(("roll", 20, 120))
    standing = [Cycle(False, 0.0, 120.0)] * len(cycles)
    beats = delay_events(make_beats(cycles), lambda _: latency_ms / 1000)
    played = stream(standing, {"chords": delay_events(make_chords(cycles), lambda _: 0.1), "beats": beats[:-16]})
    played.cycles = cycles
    assert off_grid(played) < 1e-3
    bars = find_drum_bars(played)
    assert bars == list(range(bars[0], bars[-1] + 1))
    assert bars[0] <= 2
    assert bars[-1] >= 5


@pytest.mark.parametrize("seed", range(2))
def test_events_that_stall_with_a_heavy_tail_cost_no_note(seed: int) -> None:
    random = np.random.default_rng(seed)
    results = delay_events(make_chords(STEADY, LOOP, 2), lambda _: min(0.05 * (1 + random.pareto(0.8)), 8.0))
    played = stream(STEADY, {"chords": results})
    assert off_grid(played) < 1e-3
    bars = find_drum_bars(played)
    assert bars == list(range(bars[0], 12))


def test_a_worker_that_stalls_within_its_reserve_plays_as_if_it_had_not() -> None:
    asleep = {4 * int(group) + i for group in np.random.default_rng(4).integers(0, 520, 200) for i in range(3)}
    assert RESERVE >= 4 * PERIOD
    results = delay_events(make_chords(STEADY), lambda _: 0.3)
    declared = round(0.3 * RATE) + 4 * PERIOD
    awake = stream(STEADY, {"chords": results}, declared_frames=declared)
    assert awake.sent
    assert stream(STEADY, {"chords": results}, stalled=asleep.__contains__, declared_frames=declared).sent == awake.sent


def test_a_worker_that_stalls_for_long_leaves_no_note_hanging_and_comes_back_in_time() -> None:
    results = delay_events(make_chords(STEADY), lambda _: 0.3)
    asleep = range(10 * RATE // PERIOD, 13 * RATE // PERIOD)
    played = stream(STEADY, {"chords": results}, stalled=asleep.__contains__)
    played.breaks += [PERIOD * index for index in range(asleep[0], asleep[-1] + 20)]
    assert off_grid(played) < 0.025  # a note that is 10 ms late is still played
    assert find_drum_bars(played)[-1] == 11


@pytest.mark.parametrize("to", [96.0, 144.0])
@pytest.mark.parametrize("beats_ahead", [0.0, 1.0])
def test_a_tempo_that_moves_by_a_fifth_is_followed(to: float, beats_ahead: float) -> None:
    cycles = host(("roll", 8, 120), ("ramp", 8, to), ("roll", 4, to), ("ramp", 8, 120), ("stop", 1, 0))
    played = stream(
        cycles, {"chords": delay_events(make_chords(cycles), lambda _: 0.2)}, lambda _: lookahead(beats_ahead)
    )
    assert off_grid(played) < (0.05 if beats_ahead else 0.02)  # the tempo to come is not known
    bars = find_drum_bars(played)
    assert bars == list(range(bars[0], bars[-1] + 1))
    assert bars[-1] >= int(cycles[-1].beat) // 4 - 1


def test_a_jump_is_followed_at_once_and_what_was_decided_for_the_old_place_is_not_played() -> None:
    cycles = host(("roll", 9.3, 120), ("jump", 6, 64.0), ("jump", 6, 3.5), ("stop", 1, 0))
    played = stream(cycles, {"chords": delay_events(make_chords(cycles), lambda _: 0.2)}, lambda _: lookahead(4.0))
    assert off_grid(played) < 1e-3
    for at in played.breaks[:2]:
        after = [on for on, _, channel, _ in played.notes() if channel == 9 and on >= at]
        assert after[0] - at < 1.2 * BEAT


def test_a_loop_of_the_host_s_is_remembered_and_played_along_with_at_once() -> None:
    """Each chord but the first is foreseen in the third round, though the host's jump starts every worker anew."""
    cycles = host(("roll", 0.1, 120), ("loop", 33, 16.0), ("stop", 1, 0))
    played = stream(cycles, {"chords": delay_events(make_chords(cycles), lambda _: 0.6)})
    assert off_grid(played) < 1e-3
    assert len(played.breaks) >= 4
    roots = [0, 9, 5, 7]
    bass = [(on, played.beat_at(on), pitch) for on, _, channel, pitch in played.notes() if channel == 0]
    later = [
        pitch % 12 == roots[int(beat + 0.05) // 4 % 4]
        for on, beat, pitch in bass
        if on > played.breaks[1] and beat % 16 >= 4 and (beat + 0.05) % 4 < 0.2
    ]
    assert len(later) > 4
    assert np.mean(later) == 1.0


def test_stops_and_starts_leave_silence_between() -> None:
    cycles = host(("roll", 6, 120), ("stop", 2, 0), ("roll", 6, 120), ("stop", 2, 0))
    played = stream(cycles, {"chords": delay_events(make_chords(cycles), lambda _: 0.2)}, lambda _: lookahead(4.0))
    for on, off, _, _ in played.notes():
        for start, end in ((6.0, 8.0), (14.0, 16.0)):
            assert not start * RATE + 4 * PERIOD < on < end * RATE
            assert not on < start * RATE + 4 * PERIOD < off
    assert any(on > 8 * RATE for on, *_ in played.notes())


def test_input_that_is_lost_is_bridged_by_the_ladder_and_counted() -> None:
    """The analyser says that no chord sounds any more: the last is held, then the drums go on, then all rest."""
    cycles = host(("roll", 60, 120), ("stop", 1, 0))
    gone = 20 * RATE
    results = [row for row in delay_events(make_chords(cycles), lambda _: 0.2) if row[0] < gone]
    results.append((gone, TimedEvent(gone, Chord(-1, 0, -1, 1.0))))
    played = stream(cycles, {"chords": results})
    levels = [commit.level for _, commit in played.commits if commit.beat >= 8]
    order = [level for i, level in enumerate(levels) if i == 0 or levels[i - 1] != level]
    assert order[-3:] == [HELD, DRUMS, SILENCE]
    assert set(order[:-3]) <= {FORESEEN, HELD}
    assert levels.count(FORESEEN) > 20
    pitched = [on for on, _, channel, _ in played.notes() if channel != 9]
    drums = [on for on, _, channel, _ in played.notes() if channel == 9]
    assert gone + 2 * BEAT < max(pitched) < max(drums) < 60 * RATE
    assert all(0 <= level < len(LEVELS) for level in levels)


def test_the_automatic_lookahead_comes_down_with_a_host_and_no_beat_is_late() -> None:
    cycles = host(("roll", 50, 140), ("stop", 1, 0))
    results = delay_events(make_chords(cycles), lambda _: 0.2)
    played = stream(cycles, {"chords": results}, lambda _: {LOOKAHEAD_AUTO.name: 1.0})
    first, last = played.commits[8][1], played.commits[-4][1]
    assert 1.0 <= first.lookahead_beats < 1.3
    assert 0.0 <= last.lookahead_beats < 0.3
    assert off_grid(played) < 1e-3


def test_the_automatic_lookahead_stays_long_where_unsteady_beats_are_reported_just_before_the_next() -> None:
    random = np.random.default_rng(2)
    cycles = host(("roll", 60, 120))
    beats = [(frame + int(random.normal(0, 0.03 * RATE)), beat) for frame, beat in make_beats(cycles)]
    recorded = {
        "chords": delay_events(make_chords(cycles), lambda _: 0.1),
        "beats": delay_events(beats, lambda _: 0.45),
    }
    played = stream(
        [Cycle(False, 0.0, 120.0)] * len(cycles), recorded, lambda _: {LOOKAHEAD_AUTO.name: 1.0, LOOKAHEAD.name: 0.0}
    )
    ahead = np.array([commit.lookahead_beats for _, commit in played.commits])
    assert np.median(ahead[8:16]) > 0.9
    assert 0.3 < np.median(ahead[-32:]) < 0.9


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from(["chords", "beats", "onsets", "keys", "values", "host"]),
    st.integers(6 * RATE, 11 * RATE),
    st.sampled_from([0.0, 1.0, 3.0]),
)
def test_what_comes_after_a_decision_does_not_change_it(what: str, changed: int, beats_ahead: float) -> None:
    """Byte for byte: all that was said in hops that ended before the change."""
    cycles = host(("stop", 0.2, 0), ("roll", 12, 120))
    recorded = {
        "chords": delay_events(make_chords(cycles, LOOP, 2), lambda _: 0.2),
        "beats": delay_events(make_beats(cycles), lambda _: 0.0),
        "onsets": delay_events([(frame, Onset(0.5, 1.0)) for frame, _ in make_beats(cycles)], lambda _: 0.04),
    }
    other = {port: [row for row in rows if row[0] < changed] for port, rows in recorded.items()}
    if what == "chords":
        other["chords"].append((changed, TimedEvent(changed, parse_chord("Gb7"))))
    elif what == "beats":
        other["beats"].append((changed, TimedEvent(changed, Beat(2, 3, 171.0, 1.0, 77))))
    elif what == "onsets":
        other["onsets"] += [(changed + i, TimedEvent(changed + i, Onset(1.0, 1.0))) for i in range(200)]
    keys = [(changed + i, bytes((0x90, 61 + 3 * i, 90))) for i in range(3)] if what == "keys" else []
    moved = list(cycles)
    if what == "host":
        first = changed // PERIOD + 1
        moved = [*cycles[:first], *(Cycle(True, 200.0 + c.beat, 90.0, i == 0) for i, c in enumerate(cycles[first:]))]

    def values(frame: int) -> Mapping[str, float]:
        turned = what == "values" and frame > changed
        more = {"accompaniment.band.style": 3.0, SECTION.name: 3.0, DROPOUT.name: 1.0} if turned else {}
        return lookahead(beats_ahead, **more)

    one = stream(cycles, recorded, lambda _: lookahead(beats_ahead))
    two = stream(moved, recorded if what in ("keys", "values", "host") else other, values, keys=keys)
    # a hop sees what a cycle brings where it ends in it
    border = changed // PERIOD * PERIOD
    said = [[row for row in played.said if row[0] + HOP <= border] for played in (one, two)]
    assert len(said[0]) > 100
    assert said[0] == said[1]


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_whatever_happens_no_note_hangs_or_doubles_and_the_same_is_played_again(data: st.DataObject) -> None:
    seconds = st.floats(0.4, 4.0)
    turn = st.one_of(
        st.tuples(st.just("roll"), seconds, st.floats(96.0, 144.0)),
        st.tuples(st.just("ramp"), seconds, st.floats(96.0, 144.0)),
        st.tuples(st.just("stop"), seconds, st.just(0.0)),
        st.tuples(st.just("jump"), seconds, st.floats(0.0, 64.0)),
        st.tuples(st.just("loop"), seconds, st.sampled_from([2.0, 4.0, 8.0])),
    )
    turns = data.draw(st.lists(turn, min_size=2, max_size=6))
    cycles = host(*turns, ("stop", 1.0, 0.0))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    tail = data.draw(st.sampled_from([0.02, 0.1, 0.5, 2.0]))
    results = delay_events(make_chords(cycles, LOOP, 2), lambda _: min(tail * (1 + random.pareto(1.5)), 9.0))
    lost = data.draw(st.integers(0, len(results)))
    ahead = data.draw(st.sampled_from([0.0, 0.5, 1.0, 4.0, 16.0]))
    changes = random.random((len(cycles) * PERIOD // (2 * RATE) + 1, 3))

    def values(frame: int) -> Mapping[str, float]:
        section, dropped, counted = changes[frame // (2 * RATE)]
        return {
            LOOKAHEAD.name: ahead, SECTION.name: float(int(section * len(SECTIONS))),
            DROPOUT.name: float(dropped < 0.3), COUNT_IN.name: float(counted < 0.5),
            LOOKAHEAD_AUTO.name: float(counted > 0.8),
        }  # fmt: skip

    played = [stream(cycles, {"chords": results[:lost]}, values) for _ in range(2)]
    played[0].notes()
    assert played[0].sent == played[1].sent
    assert played[0].commits == played[1].commits
