"""Beats, tempo, chords and keys against a truth that is known because we made it."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Beat, Midi, TimedEvent
from bridge.core.time import BlockTime
from engines.mir.chroma.chroma_mir import HOP, ChromaMir
from tests.engines.driving import (
    RATE,
    clicks,
    find_beats,
    find_chords,
    find_keys,
    find_tempi,
    no_host,
    parse_chord,
    rolling_host,
    run_engine,
    sine,
    synth,
)


def ready() -> ChromaMir:
    engine = ChromaMir()
    engine.prepare(RATE, HOP)
    return engine


@pytest.mark.parametrize("tempo", [60.0, 97.3, 120.0, 123.45, 60 * RATE / 512, 60 * RATE / 512.5])
@pytest.mark.parametrize("from_beat", [0.0, 0.3, 7.999999999, -2.0])
def test_the_hosts_beats_are_reported_once_each_at_their_frame(tempo: float, from_beat: float) -> None:
    at, frames = rolling_host(tempo, 3, from_beat), 40 * HOP
    truth = {n: int(np.floor(at(0).frame_at(n) + 0.5)) for n in range(-2, 200)}
    expected = [(frame, n) for n, frame in truth.items() if 0 <= frame < frames]
    found = find_beats(run_engine(ready(), frames, at))
    assert [beat.index for _, beat in found] == [n for _, n in expected]
    # Where a beat lies on the half frame, a block may see it one frame beside.
    assert all(abs(frame - want) <= (tempo > 5000) for (frame, _), (want, _) in zip(found, expected, strict=True))
    assert all((beat.number, beat.confidence, beat.tempo) == (beat.index % 3, 1.0, tempo) for _, beat in found)


@pytest.mark.parametrize("first_error", [1e-9, -1e-9])
def test_a_beat_on_a_border_that_two_blocks_round_differently_is_reported_once(first_error: float) -> None:
    # Beats lie half a frame before a border; each block's own rounding sees them on another side of it.
    per_beat = 4 * HOP

    def at(frame: int) -> BlockTime:
        error = first_error if frame // HOP % 2 else -first_error
        return BlockTime(frame, RATE, (frame + 0.5) / per_beat + error, 60 * RATE / per_beat, True, 4, True)

    found = find_beats(run_engine(ready(), 40 * HOP, at))
    assert [beat.index for _, beat in found] == list(range(found[0][1].index, found[0][1].index + len(found)))
    assert len(found) >= 9
    assert all(abs(frame - (beat.index * per_beat - 0.5)) <= 0.5 for frame, beat in found)


def test_each_hosted_beat_is_reported_in_the_block_in_which_it_falls() -> None:
    output = run_engine(ready(), 6 * RATE, rolling_host(133.7))
    assert all(first <= event.frame < first + HOP for first, _, event in output if isinstance(event.payload, Beat))


def test_after_a_jump_of_the_host_the_beats_are_those_of_the_new_place() -> None:
    before, after = rolling_host(120.0), rolling_host(120.0, from_beat=32.25)
    output = run_engine(ready(), 4 * RATE, lambda frame: before(frame) if frame < 100 * HOP else after(frame))
    indices = [beat.index for _, beat in find_beats(output)]
    assert indices == [0, 1, 2, *range(35, 41)]


def test_the_hosts_tempo_is_reported_when_it_changes() -> None:
    def at(frame: int) -> BlockTime:
        return BlockTime(frame, RATE, 0.1, 100.0 if frame < RATE else 101.0, True, 4, True)

    assert find_tempi(run_engine(ready(), 2 * RATE, at)) == [100.0, 101.0]


@pytest.mark.parametrize("bpm", [70.0, 82.3, 100.0, 123.45, 140.0, 160.0])
def test_the_tempo_of_a_click_track_is_found_within_4_percent(bpm: float) -> None:
    mix, _ = clicks(bpm, 9.0)
    tempi = find_tempi(run_engine(ready(), mix.shape[1], no_host, mix))
    assert tempi[-1] == pytest.approx(bpm, rel=0.04)


@pytest.mark.parametrize("bpm", [75.0, 110.0, 150.0])
def test_beats_are_predicted_within_20_ms_of_the_clicks(bpm: float) -> None:
    mix, truth = clicks(bpm, 14.0)
    beats = find_beats(run_engine(ready(), mix.shape[1] - RATE, no_host, mix))
    found = [frame for frame, _ in beats if frame > 7 * RATE]
    errors = [min(abs(frame - click) for click in truth) for frame in found]
    assert max(errors) < 0.02 * RATE
    assert len(found) == pytest.approx(6 * bpm / 60, abs=1)


def test_the_prior_chooses_between_tempi_that_both_fit() -> None:
    mix, _ = clicks(176.0, 9.0)
    slow = find_tempi(run_engine(ready(), mix.shape[1], no_host, mix, values={"mir.tempo_prior_bpm": 70.0}))
    fast = find_tempi(run_engine(ready(), mix.shape[1], no_host, mix, values={"mir.tempo_prior_bpm": 180.0}))
    assert slow[-1] == pytest.approx(88.0, rel=0.04)
    assert fast[-1] == pytest.approx(176.0, rel=0.04)


def test_when_the_clicks_stop_the_beats_stop_within_three() -> None:
    mix, _ = clicks(120.0, 12.0)
    mix[:, 7 * RATE :] = 0
    late = [frame for frame, _ in find_beats(run_engine(ready(), mix.shape[1], no_host, mix)) if frame > 7 * RATE]
    assert len(late) <= 3


@pytest.mark.parametrize("sound", ["noise", "tone"])
def test_what_has_no_beat_and_no_harmony_gets_neither(sound: str) -> None:
    rng = np.random.default_rng(2)
    mix = sine(421, 8.0) if sound == "tone" else rng.normal(0, 0.1, (2, 8 * RATE)).astype(np.float32)
    output = run_engine(ready(), mix.shape[1], no_host, mix)
    assert len(find_beats(output)) <= 2
    assert not find_chords(output)


PROGRESSION = ["C", "Am", "F", "G7", "Cmaj7", "Dm7", "Bdim", "Gsus4", "C", "Caug", "Em", "Db"]


def test_every_chord_of_a_progression_is_found_at_its_place() -> None:
    mix = synth([*PROGRESSION, "Db"])
    found = find_chords(run_engine(ready(), mix.shape[1], no_host, mix))
    assert [chord.label for _, chord in found] == PROGRESSION
    frames = [frame for frame, _ in found]
    assert all(abs(frame - i * RATE) < 0.06 * RATE for i, frame in enumerate(frames) if i)


def test_a_chord_that_lasts_is_reported_once() -> None:
    mix = synth(["F"] * 5)
    assert [chord.label for _, chord in find_chords(run_engine(ready(), mix.shape[1], no_host, mix))] == ["F"]


def test_when_the_music_stops_there_is_no_chord() -> None:
    mix = np.concatenate([synth(["F", "F"]), np.zeros((2, RATE), np.float32)], axis=1)
    assert [chord.label for _, chord in find_chords(run_engine(ready(), mix.shape[1], no_host, mix))] == ["F", "N"]


@pytest.mark.parametrize(
    ("cadence", "key"),
    [
        (["C", "F", "G7", "C"], "C major"),
        (["Eb", "Ab", "Bb7", "Eb"], "Eb major"),
        (["Am", "Dm", "E7", "Am"], "A minor"),
        (["Em", "Am", "B7", "Em"], "E minor"),
    ],
)
def test_a_cadence_reports_its_key(cadence: list[str], key: str) -> None:
    mix = synth(cadence * 3)
    assert find_keys(run_engine(ready(), mix.shape[1], no_host, mix))[-1] == key


def test_notes_of_the_host_give_the_chord_where_no_audio_sounds() -> None:
    notes = [TimedEvent(2 * RATE, Midi(bytes((0x90, 48 + pc, 90)))) for pc in (2, 5, 9, 12)]
    output = run_engine(ready(), 4 * RATE, no_host, events={"midi": notes})
    found = find_chords(output)
    assert [chord.label for _, chord in found] == ["Dm7"]
    assert abs(found[0][0] - 2 * RATE) < 0.06 * RATE


def test_drum_notes_are_no_harmony() -> None:
    notes = [TimedEvent(1000, Midi(bytes((0x99, pitch, 90)))) for pitch in (36, 40, 43)]
    assert not find_chords(run_engine(ready(), 3 * RATE, no_host, events={"midi": notes}))


def test_a_gap_in_the_input_does_not_stop_the_beats() -> None:
    mix, truth = clicks(120.0, 14.0)
    engine = ready()
    gap = 40 * HOP
    before = 600 * HOP
    audio = np.concatenate([mix[:, :before], mix[:, before + gap :]], axis=1)

    def at(frame: int) -> BlockTime:
        return no_host(frame if frame < before else frame + gap)

    beats = find_beats(run_engine(engine, audio.shape[1] - RATE, at, audio))
    found = [frame for frame, _ in beats if frame > before + gap]
    assert len(found) >= 8
    assert max(min(abs(frame - click) for click in truth) for frame in found) < 0.04 * RATE


def test_labels_of_the_driver_read_as_the_core_writes_them() -> None:
    assert [parse_chord(label).label for label in PROGRESSION] == PROGRESSION
