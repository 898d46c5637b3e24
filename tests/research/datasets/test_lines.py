"""Grooves, bass lines, accompaniments, and notes of known pitch."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.arrays import Float32Array
from research.datasets.grooves import STYLES, KitDrummer, play, program_groove, to_seconds
from research.datasets.instruments import RecordedInstrument, estimate_pitch, parse_pitch
from research.datasets.kits import ROLES, DrumShot, find_role, synthesise_kit, trim
from research.datasets.lines import ACCOMPANIMENTS, BASS_STYLES, make_accompaniment, make_bass_line
from research.datasets.sources import RATE
from research.datasets.symbolic import GrooveHit, MidiGroove, Tune, TuneChord, TuneNote

TUNE = Tune(
    "test",
    120.0,
    4.0,
    tuple(TuneChord(4.0 * i, 4.0, pitches) for i, pitches in enumerate([(60, 64, 67), (57, 60, 64), (65, 69, 72)] * 4)),
    tuple(TuneNote(i * 1.0, 0.9, 60 + i % 5) for i in range(48)),
)


def tone(midi: float, seconds: float = 1.0) -> Float32Array:
    hz = 440 * 2 ** ((midi - 69) / 12)
    t = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 6)) / 3
    return np.repeat(np.asarray(wave, np.float32)[None], 2, 0)


@pytest.mark.parametrize("style", BASS_STYLES)
def test_a_bass_line_plays_roots_in_the_low_octaves(style: str) -> None:
    notes = make_bass_line(TUNE, style, np.random.default_rng(1))
    assert notes and all(24 <= note.pitch <= 56 and 0 <= note.beat < TUNE.beats for note in notes)
    firsts = [note for note in notes if note.beat % 4 == 0]
    roots = {0.0: 0, 4.0: 9, 8.0: 5}
    assert all(note.pitch % 12 == roots[note.beat % 12] for note in firsts)


@pytest.mark.parametrize("style", [s for s in ACCOMPANIMENTS if s not in ("melody", "riff")])
def test_an_accompaniment_plays_the_sounding_chord(style: str) -> None:
    for note in make_accompaniment(TUNE, style, 48, np.random.default_rng(2)):
        struck = note.beat - note.beat % 0.25 if style == "arpeggio" else 0.5 * np.floor(note.beat / 0.5)
        near = [c for c in TUNE.chords if c.beat <= note.beat and struck - 0.5 < c.beat + c.beats]
        assert any(note.pitch % 12 in {p % 12 for p in chord.pitches} for chord in near)


def test_a_strum_is_spread_and_a_block_is_not() -> None:
    def spread(style: str) -> float:
        beats = [n.beat % 0.5 for n in make_accompaniment(TUNE, style, 40, np.random.default_rng(3))]
        return float(np.percentile(beats, 90))

    assert spread("strum") > 0.04 > spread("eighths")


def test_cutting_a_tune_counts_from_its_new_start_and_clips_chords() -> None:
    piece = TUNE.cut(6.0, 14.0)
    assert [(c.beat, c.beats) for c in piece.chords] == [(0.0, 2.0), (2.0, 4.0), (6.0, 2.0)]
    assert piece.melody[0].beat == 0.0 and len(piece.melody) == 8


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_programmed_groove_has_strokes_of_known_drums_in_every_bar(style: str) -> None:
    groove = program_groove(style, 8, np.random.default_rng(4))
    assert {hit.role for hit in groove.hits} <= set(ROLES)
    assert {int(hit.beat // 4) for hit in groove.hits} >= set(range(7))
    assert all(0 < hit.force <= 1 for hit in groove.hits)


def test_a_groove_is_repeated_at_the_tempo_asked_for() -> None:
    groove = MidiGroove("one", 90.0, 4.0, (GrooveHit(0.0, "kick", 1.0), GrooveHit(2.0, "snare", 1.0)))
    hits = to_seconds(groove, 120.0, 4.5)
    assert [at for at, _, _ in hits] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [role for _, role, _ in hits] == ["kick", "snare", "kick", "snare", "kick"]


def test_a_stroke_sounds_at_its_time_and_a_harder_one_is_louder() -> None:
    click = np.zeros((2, 2000), np.float32)
    click[:, :50] = 1.0
    silent = np.zeros((2, 100), np.float32)
    drummer = KitDrummer({"kick": ([DrumShot(click, 1.0)], 0.5, 0.0, 1.0)}, silent, 0.0, "test")
    wave = play(drummer, [(0.5, "kick", 0.9), (1.5, "kick", 0.3)], 2.0, np.random.default_rng(5))
    loud, soft = np.abs(wave[0, RATE // 2 : RATE]).max(), np.abs(wave[0, 3 * RATE // 2 :]).max()
    assert not wave[:, : RATE // 2].any()
    assert loud > 3 * soft > 0


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("KdrumL_12-KdrumL", "kick"), ("HihatOpen_1", "open"), ("Hi Hat Closed", "closed"), ("Ride (Custom)", "ride"),
        ("Tom Low", "tom_low"), ("Pearl Tom 1", "tom_high"), ("drum_tom_mid_soft", "tom_mid"), ("Cowbell", "perc"),
        ("drum_cymbal_closed", "closed"), ("bd_808", "kick"), ("sn_dub", "snare"), ("Finger Snaps", "clap"),
    ],
)  # fmt: skip
def test_the_name_of_a_sound_tells_its_drum(name: str, role: str) -> None:
    assert find_role(name) == role


def test_a_synthesised_kit_has_every_drum_that_grooves_need() -> None:
    kit = synthesise_kit(np.random.default_rng(6))
    assert {"kick", "snare", "closed", "open", "crash", "ride", "tom_low"} <= set(kit.shots)
    kick = kit.shots["kick"]["machine"][0].wave[0]
    spectrum = np.abs(np.fft.rfft(kick, 1 << 16)) ** 2
    assert spectrum[: 200 * 65536 // RATE].sum() > 0.7 * spectrum.sum()


@pytest.mark.parametrize(
    ("piece", "pitch"),
    [("notes_a0_ff_rr1", (9, 0)), ("finger_As", (10, None)), ("samples_Fs3", (6, 3)), ("arco_gb1_vl1", (6, 1)),
     ("samples_C6vL", (0, 6)), ("D3_fret2", (4, 3)), ("rollin", None)],
)  # fmt: skip
def test_the_pitch_that_a_file_name_tells(piece: str, pitch: tuple[int, int | None] | None) -> None:
    assert parse_pitch(piece) == pitch


@pytest.mark.parametrize("midi", [28.0, 40.0, 57.3, 76.0])
def test_the_pitch_of_a_tone_is_measured(midi: float) -> None:
    assert estimate_pitch(tone(midi)) == pytest.approx(midi, abs=0.15)


def test_a_note_set_plays_the_pitch_asked_for_in_its_time() -> None:
    shot = trim(tone(40.0, 2.0))
    assert shot is not None
    wave = RecordedInstrument("test", {40.0: [shot]}).perform(
        [TuneNote(1.0, 1.0, 42)], 0.5, 3.0, np.random.default_rng(7)
    )
    assert not wave[:, : RATE // 2 - 100].any()
    assert estimate_pitch(wave[:, RATE // 2 :]) == pytest.approx(42, abs=0.2)
    assert np.abs(wave[:, int(1.6 * RATE) :]).max() < 0.01


def test_a_pitch_out_of_reach_is_moved_by_octaves() -> None:
    shot = trim(tone(40.0, 2.0))
    assert shot is not None
    wave = RecordedInstrument("test", {40.0: [shot]}).perform(
        [TuneNote(0.0, 2.0, 64)], 0.5, 2.0, np.random.default_rng(8)
    )
    assert estimate_pitch(wave) == pytest.approx(40, abs=0.2)
