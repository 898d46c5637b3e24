"""Song decoder: beats, bars, chords and keys from activations of music that is known."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.chords import MAJOR, MINOR, QUALITIES
from bridge.core.events import Beat, Chord, Key, Payload, Tempo
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.chord_tracker import HARMONY_STEPS_PER_SECOND
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.learned.harmony_chain import DELAY_S
from engines.mir.offline.harmony_activation import HarmonyActivation
from engines.mir.offline.song_decoder import DecodedSong, decode_song
from engines.mir.tempo_mode import TempoPrior
from tests.engines.backing.songs import beat_activation

Triad = tuple[int, int]
C, F, G, A_MINOR, D_MINOR, E_MINOR = (0, 0), (5, 0), (7, 0), (9, 1), (2, 1), (4, 1)


def make_harmony(
    starts_s: Sequence[float], triads: Sequence[Triad], seconds: float, doubt: float = 0.2
) -> HarmonyActivation:
    """Triads (root, 1 for minor) from each start on, as a network in ``doubt`` outputs them; its keys know nothing."""
    steps = round((seconds + DELAY_S) * HARMONY_STEPS_PER_SECOND)
    times = (np.arange(steps) + 1) / HARMONY_STEPS_PER_SECOND - DELAY_S
    rng = np.random.default_rng(5)
    roots = rng.dirichlet(np.full(13, 0.3), steps) * doubt
    qualities = np.full((steps, 12, 8), doubt / 8)
    for step, at_s in enumerate(times):
        root, minor = triads[max(int(np.searchsorted(starts_s, at_s, "right")) - 1, 0)]
        roots[step, root] += 1.0 - doubt
        qualities[step, root, QUALITIES.index((MAJOR, MINOR)[minor])] += 1.0 - doubt
    flat = np.full((steps, 13), 1 / 13)
    return HarmonyActivation(roots, qualities, flat, np.full((steps, 24), 1 / 24), np.zeros(1))


def silent_harmony(seconds: float) -> HarmonyActivation:
    steps = round((seconds + DELAY_S) * HARMONY_STEPS_PER_SECOND)
    none = np.tile(np.eye(13)[12], (steps, 1))
    return HarmonyActivation(none, np.full((steps, 12, 8), 1 / 8), none, np.full((steps, 24), 1 / 24), np.zeros(0))


def decode(
    beats_s: NDArray[np.floating[Any]], downbeats_s: Sequence[float] = (), harmony: HarmonyActivation | None = None,
    activation: Float32Array | None = None, prior: TempoPrior | None = None,
) -> DecodedSong:  # fmt: skip
    seconds = float(beats_s[-1]) + 1.0
    activation = beat_activation(beats_s.tolist(), seconds) if activation is None else activation
    downbeats = beat_activation(downbeats_s, seconds, 0.5)
    return decode_song(activation, downbeats, harmony or silent_harmony(seconds), prior or TempoPrior(120.0))


def list_payloads(song: DecodedSong, kind: type[Payload]) -> list[tuple[float, Payload]]:
    return [(at_s, payload) for at_s, payload in song.events if isinstance(payload, kind)]


def count_hits(found_s: NDArray[np.float64], true_s: NDArray[np.float64]) -> tuple[float, float]:
    """The shares of the true beats that were found, and of the found ones that are true, within 40 ms."""
    away = np.abs(found_s[:, None] - true_s)
    return float((away.min(0) < 0.04).mean()), float((away.min(1) < 0.04).mean())


@pytest.mark.parametrize("bpm", [60.0, 85.0, 120.0, 170.0, 188.0])
def test_steady_beats_are_found_from_the_first_to_the_last(bpm: float) -> None:
    beats = 0.4 + np.arange(64) * 60 / bpm
    song = decode(beats, prior=TempoPrior(bpm if bpm < 80 else 120.0))
    assert len(song.track.beats_s) == 64
    assert np.abs(song.track.beats_s - beats).max() < 0.02
    tempi = [tempo.bpm for _, tempo in list_payloads(song, Tempo) if isinstance(tempo, Tempo)]
    assert tempi
    assert tempi == pytest.approx([bpm] * len(tempi), rel=0.03)


@pytest.mark.parametrize(
    "periods",
    [
        np.linspace(60 / 126, 60 / 84, 96),  # it slows down all the time
        np.concatenate([np.full(60, 0.5), np.linspace(0.5, 0.6, 16)]),  # at the end alone
        np.concatenate([np.full(60, 60 / 130), np.full(60, 60 / 97)]),  # at once, in the middle
        60 / (110 + 6 * np.sin(np.arange(120) / 9)),  # a drummer without a click
    ],
    ids=["slows down", "ends slowly", "jumps", "breathes"],
)
def test_beats_follow_a_tempo_that_changes(periods: Float64Array) -> None:
    beats = 0.3 + np.cumsum(periods)
    found, true = count_hits(decode(beats).track.beats_s, beats)
    assert found > 0.94
    assert true > 0.94


def test_the_whole_song_decides_its_speed_though_it_begins_with_every_other_beat() -> None:
    beats = 0.4 + np.arange(150) * 60 / 176
    active = [*beats[:30:2], *beats[30:]]
    song = decode(beats, activation=beat_activation(active, float(beats[-1]) + 1))
    found, true = count_hits(song.track.beats_s, beats)
    assert found > 0.97
    assert true == 1.0


def test_changes_of_harmony_decide_between_the_beat_and_the_off_beat() -> None:
    beats = 0.4 + np.arange(96) * 60 / 104
    off_beats = beats + 30 / 104
    activation = np.maximum(
        beat_activation(beats.tolist(), beats[-1] + 1.0, 0.35),
        beat_activation(off_beats.tolist(), beats[-1] + 1.0, 0.4),
    )
    harmony = make_harmony(beats[::4].tolist(), [C, A_MINOR, F, G] * 6, float(beats[-1]) + 1.0)
    assert count_hits(decode(beats, activation=activation).track.beats_s, off_beats)[0] > 0.9
    assert count_hits(decode(beats, activation=activation, harmony=harmony).track.beats_s, beats)[0] > 0.9


def test_a_tempo_beyond_the_clamp_is_not_taken() -> None:
    beats = 0.4 + np.arange(80) * 60 / 140
    (_, free), (_, held) = (
        list_payloads(decode(beats, prior=prior), Tempo)[0] for prior in (TempoPrior(70.0), TempoPrior(70.0, 0.05))
    )
    assert isinstance(free, Tempo)
    assert isinstance(held, Tempo)
    assert held.bpm == pytest.approx(70.0, rel=0.06)
    assert free.bpm in (pytest.approx(70.0, rel=0.06), pytest.approx(140.0, rel=0.06))


@pytest.mark.parametrize("metre", [3, 4, 6])
def test_bars_are_counted_from_downbeats_and_harmony_though_some_are_missed(metre: int) -> None:
    beats = 0.4 + np.arange(60) * 0.5
    first = 2  # the song begins with two beats of a bar
    downbeats = [at for bar, at in enumerate(beats[first::metre].tolist()) if bar % 5 != 3]
    found = _list_beats(decode(beats, downbeats))
    assert {beat.bar_beats for beat in found} == {metre}
    assert [beat.number for beat in found] == [(index - first) % metre for index in range(len(beats))]


def test_a_change_of_metre_is_found_in_its_bar() -> None:
    beats = 0.4 + np.arange(76) * 0.5
    found = [beat.bar_beats for beat in _list_beats(decode(beats, [*beats[0:40:4], *beats[40::3]]))]
    assert found == [4] * 40 + [3] * 36


def test_behind_a_bar_of_two_beats_the_count_goes_on_in_four() -> None:
    beats = 0.4 + np.arange(72) * 0.5
    found = _list_beats(decode(beats, [*beats[0:32:4], *beats[34::4]]))
    assert [beat.number for beat in found][34:] == [index % 4 for index in range(38)]
    assert {beat.bar_beats for beat in found[38:]} == {4}


def _list_beats(song: DecodedSong) -> list[Beat]:
    return [payload for _, payload in song.events if isinstance(payload, Beat)]


def test_chords_begin_on_their_beats_and_doubts_of_a_moment_are_no_chords() -> None:
    beats = 0.4 + np.arange(64) * 0.5
    starts = beats[::4].tolist()
    harmony = make_harmony(starts, [C, A_MINOR, F, G] * 4, float(beats[-1]) + 1.0)
    for step in range(7, len(harmony.roots), 31):  # another chord for a tenth of a second
        harmony.roots[step] = np.roll(harmony.roots[step], 3)
    chords = list_payloads(decode(beats, starts, harmony), Chord)
    assert [chord.label for _, chord in chords if isinstance(chord, Chord)] == ["C", "Am", "F", "G"] * 4
    assert [at_s for at_s, _ in chords[1:]] == pytest.approx(starts[1:], abs=0.02)


def test_without_any_beat_there_are_chords_but_neither_beats_nor_tempo() -> None:
    quiet = np.full(1500, 0.02, np.float32)
    song = decode_song(quiet, quiet, make_harmony([0.0, 10.0, 20.0], [C, F, G], 30.0), TempoPrior(120.0))
    assert [type(payload) for _, payload in song.events] == [Chord, Chord, Chord, Key]
    assert [at_s for at_s, _ in song.events[1:3]] == pytest.approx([10.0, 20.0], abs=0.15)


def test_a_modulation_is_found_and_a_passage_on_the_relative_minor_is_none() -> None:
    bars = [C, F, G, C, A_MINOR, D_MINOR, E_MINOR, A_MINOR, C, F, G, C] * 2
    higher = [((root + 3) % 12, minor) for root, minor in bars]
    starts = (np.arange(len(bars) + len(higher)) * 2.0).tolist()
    keys = list_payloads(decode(np.arange(0.4, 95, 0.5), harmony=make_harmony(starts, [*bars, *higher], 96.0)), Key)
    assert [key.label for _, key in keys if isinstance(key, Key)] == ["C major", "Eb major"]
    assert keys[1][0] == pytest.approx(48.0, abs=4.0)


def test_a_beginning_with_hardly_any_chord_has_no_key_of_its_own() -> None:
    harmony = make_harmony((np.arange(30) * 2.0).tolist(), [*[(1, 0), (6, 0), (8, 0)] * 5, *[C, F, G] * 5], 60.0)
    noisy = slice(0, 300)
    harmony.roots[noisy] *= 0.1
    harmony.roots[noisy, -1] += 0.9
    keys = list_payloads(decode(np.arange(0.4, 59, 0.5), harmony=harmony), Key)
    assert [key.label for _, key in keys if isinstance(key, Key)] == ["C major"]


@pytest.mark.parametrize(
    ("bars", "label"),
    [
        ([A_MINOR, D_MINOR, (4, 0), A_MINOR], "A minor"),
        ([A_MINOR, F, C, G], "C major"),
        ([A_MINOR, G, C, A_MINOR, F, G, C, A_MINOR], "C major"),
    ],
)
def test_primary_triads_decide_between_a_key_and_its_relative(bars: list[Triad], label: str) -> None:
    harmony = make_harmony((np.arange(24) * 2.0).tolist(), (bars * 6)[:24], 48.0)
    ((_, key),) = list_payloads(decode(np.arange(0.4, 47, 0.5), harmony=harmony), Key)
    assert isinstance(key, Key)
    assert key.label == label


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.3, 2.0])
def test_of_a_short_or_silent_song_nothing_is_made_up(seconds: float) -> None:
    silence = np.full(round(seconds * STEPS_PER_SECOND), UNINFORMATIVE_PROBABILITY, np.float32)
    song = decode_song(silence, np.zeros_like(silence), silent_harmony(seconds), TempoPrior(120.0, inf))
    assert not len(song.track.beats_s)
    assert {payload.root for _, payload in song.events if isinstance(payload, Chord)} <= {-1}
    assert all(isinstance(payload, Chord) for _, payload in song.events)


def test_in_a_long_pause_there_are_no_beats_and_behind_it_they_are_right_at_once() -> None:
    first, second = 0.4 + np.arange(48) * 0.5, 40.17 + np.arange(48) * 0.5
    beats = np.concatenate([first, second])
    activation = beat_activation(beats.tolist(), float(beats[-1]) + 1.0)
    activation[round((first[-1] + 0.3) * STEPS_PER_SECOND) : round((second[0] - 0.3) * STEPS_PER_SECOND)] = (
        UNINFORMATIVE_PROBABILITY
    )
    found = decode(beats, activation=activation).track.beats_s
    assert count_hits(found, beats) == (1.0, 1.0)
