"""The user's key and tempo against those that are analysed."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Beat, Chord, Key, TimedEvent
from engines.accompaniment.harmony.chord_history import ChordHistory
from engines.accompaniment.overrides import KEY, KEYS, TEMPO, to_key
from tests.engines.accompaniment.test_band import BEAT, LOOP, Recorded, make_chords, play
from tests.engines.driving import RATE, no_host, rolling_host

HEARD_BPM, OWN_BPM = 120.0, 96.0
STRAIGHT = {"accompaniment.band.humanise": 0.0}


def beats(count: int) -> list[TimedEvent]:
    return [TimedEvent(round(i * BEAT), Beat(i % 4, 4, HEARD_BPM, 0.9, i)) for i in range(count)]


def strokes(recorded: Recorded) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Seconds at which drums are struck."""
    return np.array(sorted({on for on, _, _ in recorded.notes("drums")})) / RATE


def off_grid(times: np.ndarray[tuple[int, ...], np.dtype[np.float64]], tempo: float) -> float:
    """The most by which a stroke misses the sixteenths that the first lies on, in seconds."""
    steps = (times - times[0]) * tempo / 15
    return float(np.abs(steps - np.round(steps)).max() * 15 / tempo)


def test_a_key_by_the_user_overrides_the_detected_one() -> None:
    listener = ChordHistory()
    listener.push_key(Key(9, 1, 0.9))
    assert listener.effective_key == 21
    listener.key_override = to_key(KEYS.index("Eb major"))
    assert listener.effective_key == 3
    listener.key_override = to_key(KEY.default)
    assert listener.effective_key == 21
    assert to_key(KEYS.index("C minor")) == 12


def test_where_no_chord_comes_any_more_the_tonic_of_the_user_s_key_is_played() -> None:
    said = [*make_chords(["C", "Am"]), (round(8 * BEAT), TimedEvent(round(8 * BEAT), Chord(-1, 0, -1, 0.9)))]
    played = play(said, 32, values=lambda _: {KEY.name: float(KEYS.index("Eb minor"))})
    late = [chord for frame, chord in played.foreseen(Chord) if 20 * BEAT < frame < 28 * BEAT]
    assert {chord.label for chord in late} == {"Ebm"}


@pytest.mark.parametrize("heard_for", [6, 40])
def test_the_band_keeps_the_user_s_tempo_with_and_without_detected_beats(heard_for: int) -> None:
    played = play(
        make_chords(LOOP * 3),
        40,
        no_host,
        beats_heard=beats(heard_for),
        values=lambda _: {TEMPO.name: OWN_BPM, **STRAIGHT},
    )
    times = strokes(played)
    assert times[-1] > 17.0
    assert off_grid(times, OWN_BPM) < 0.002
    assert np.diff(times).max() < 2.1 * 30 / OWN_BPM  # it never stops


def test_a_tempo_that_is_turned_goes_on_from_where_the_song_is() -> None:
    turned = round(16 * BEAT)
    played = play(
        make_chords(LOOP * 3), 36, no_host, beats_heard=beats(36),
        values=lambda frame: {TEMPO.name: OWN_BPM if frame < turned else 150.0, **STRAIGHT},
    )  # fmt: skip
    times = strokes(played)
    before, after = times[times < turned / RATE - 0.1], times[times > turned / RATE + 1.0]
    assert off_grid(before, OWN_BPM) < 0.002
    assert off_grid(after, 150.0) < 0.002
    assert np.diff(times).max() < 2.1 * 30 / OWN_BPM


def test_nothing_is_played_before_a_beat_is_detected_and_a_host_s_tempo_stays() -> None:
    silent = play(make_chords(LOOP), 16, no_host, values=lambda _: {TEMPO.name: OWN_BPM})
    assert not silent.said
    hosted_ = play(
        make_chords(LOOP * 2), 24, rolling_host(HEARD_BPM), values=lambda _: {TEMPO.name: OWN_BPM, **STRAIGHT}
    )
    assert off_grid(strokes(hosted_), HEARD_BPM) < 0.002
    as_heard = play(make_chords(LOOP * 2), 24, no_host, beats_heard=beats(24), values=lambda _: STRAIGHT)
    assert off_grid(strokes(as_heard), HEARD_BPM) < 0.002
