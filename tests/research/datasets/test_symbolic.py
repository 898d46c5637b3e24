"""Grooves and tunes out of MIDI files, and what is performed from them by synthesisers and voices."""

from __future__ import annotations

import ctypes.util
import itertools
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

from bridge.errors import ConfigError
from research.datasets.__main__ import main
from research.datasets.drums import split_grooves
from research.datasets.fluid import FONTS, FontProgram, FontSynthesizer
from research.datasets.instruments import estimate_pitch
from research.datasets.sources import RATE
from research.datasets.symbolic import (
    GrooveHit,
    MidiGroove,
    Tune,
    TuneChord,
    TuneNote,
    list_tune_names,
    read_grooves,
    read_tune,
)
from research.datasets.synths import SAW, SynthPatch


def track(name: str, notes: list[tuple[int, int, int]]) -> mido.MidiTrack:
    """``notes``: (tick, ticks, pitch)."""
    events = [(start, "note_on", pitch) for start, _, pitch in notes]
    events += [(start + length, "note_off", pitch) for start, length, pitch in notes]
    out, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
    for at, kind, pitch in sorted(events, key=lambda e: (e[0], e[1] == "note_on")):
        out.append(mido.Message(kind, note=pitch, velocity=100, time=at - now))
        now = at
    return out


def save(path: Path, *tracks: mido.MidiTrack, tempo: int = 500000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo), mido.MetaMessage("time_signature", numerator=4)])
    mido.MidiFile(ticks_per_beat=480, tracks=[head, *tracks]).save(path)


MELODY = [(480 * i, 240, 60 + (7 * i) % 12) for i in range(4, 36)]
CHORDS = [(1920 * i, 1920, pitch) for i in range(10) for pitch in (48, 52, 55)]


def collections(folder: Path, played: list[tuple[int, int, int]], late: int = 40) -> Path:
    save(folder / "pop909-cl/001.mid", track("piano", played), track("chords", CHORDS))
    moved = [(start + late, length, pitch) for start, length, pitch in MELODY]
    save(folder / "pop909/001/001.mid", track("MELODY", moved), tempo=700000)
    return folder


def test_a_melody_is_laid_where_the_same_notes_are_played(tmp_path: Path) -> None:
    folder = collections(tmp_path, MELODY)
    assert list_tune_names(folder) == ["001"]
    tune = read_tune(folder, "001")
    assert tune is not None and tune.bpm == 120.0
    assert tune.chords[1].pitches == (48, 52, 55) and tune.chords[1].beat == 4.0
    assert [round(n.beat) for n in tune.melody] == list(range(4, 36))
    assert max(abs(n.beat - round(n.beat)) for n in tune.melody) < 0.05


def test_a_tune_is_moved_until_its_bars_begin_where_they_are_counted(tmp_path: Path) -> None:
    folder = collections(tmp_path, MELODY)
    late = [(start + 480, length, pitch) for start, length, pitch in CHORDS]
    save(folder / "pop909-cl/001.mid", track("piano", MELODY), track("chords", late))
    tune = read_tune(folder, "001")
    assert tune is not None and tune.barred
    assert [chord.beat for chord in tune.chords[:3]] == [4.0, 8.0, 12.0]
    assert [round(n.beat) for n in tune.melody] == list(range(7, 39))


def test_the_tunes_whose_bars_lie_beside_those_of_their_file_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = collections(tmp_path, MELODY)
    late = [(start + 480, length, pitch) for start, length, pitch in CHORDS]
    save(folder / "pop909-cl/002.mid", track("piano", MELODY), track("chords", late))
    save(folder / "pop909/002/002.mid", track("MELODY", MELODY))
    assert main(["bars", "--symbolic", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("2 tunes in four: the bars of 1 begin beside")


def test_a_tune_whose_melody_is_not_played_is_refused(tmp_path: Path) -> None:
    other = [(start + (i * 113) % 480, length, 40 + i) for i, (start, length, _) in enumerate(MELODY)]
    assert read_tune(collections(tmp_path, other), "001") is None


def test_a_groove_is_read_as_strokes_of_known_drums(tmp_path: Path) -> None:
    hits = [(480 * i, 60, (36, 38)[i % 2]) for i in range(16)] + [(240 + 480 * i, 60, 22) for i in range(16)]
    save(tmp_path / "groove/a.mid", track("drums", hits))
    head = "id,bpm,beat_type,time_signature,midi_filename"
    lines = [head, "a,97,beat,4-4,a.mid", "b,97,fill,4-4,a.mid", "c,97,beat,3-4,a.mid"]
    (tmp_path / "groove/info.csv").write_text("\n".join(lines), encoding="utf-8")
    (groove,) = read_grooves(tmp_path)
    assert (groove.name, groove.bpm, groove.beats, len(groove.hits)) == ("a", 97.0, 16.0, 32)
    assert [hit.role for hit in groove.hits[:4]] == ["kick", "closed", "snare", "closed"]


def test_who_is_held_out_drums_there_and_nowhere_else() -> None:
    grooves = [MidiGroove(f"drummer{i}/session1/{k}", 100.0, 4.0, ()) for i in range(1, 11) for k in range(2)]
    by_split = split_grooves(grooves)
    assert {g.drummer for g in by_split["valid"]} == {"drummer5", "drummer9"}
    assert not {g.drummer for g in by_split["valid"]} & {g.drummer for g in by_split["train"]}
    assert len(by_split["train"]) + len(by_split["valid"]) == len(grooves)


def test_swing_moves_what_is_between_the_beats_and_nothing_else() -> None:
    notes = [TuneNote(beat / 4, 0.25, 60) for beat in range(8)]
    tune = Tune("one", 100.0, 4.0, (TuneChord(0.0, 8.0, (48,)),), ())
    assert tune.apply_swing(notes) == notes
    played = replace(tune, swing=2 / 3).apply_swing(notes)
    assert [n.beat for n in played] == pytest.approx([0, 1 / 3, 2 / 3, 5 / 6, 1, 4 / 3, 5 / 3, 11 / 6])
    assert all(a.beat + a.beats == pytest.approx(b.beat) for a, b in itertools.pairwise(played))
    groove = MidiGroove("one", 90.0, 2.0, (GrooveHit(1.0, "snare", 1.0), GrooveHit(1.5, "closed", 0.5))).apply_swing(
        0.6
    )
    assert [(hit.beat, hit.role) for hit in groove.hits] == [(1.0, "snare"), (1.6, "closed")]


def test_a_missing_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"info\.csv"):
        read_grooves(tmp_path)
    with pytest.raises(ConfigError, match="pop909-cl"):
        list_tune_names(tmp_path)


def test_a_synthesiser_plays_the_pitch_asked_for_and_then_is_silent() -> None:
    patch = SynthPatch("test", SAW, cutoff=8.0, release_s=0.05)
    wave = patch.perform([TuneNote(1.0, 1.0, 45)], 0.5, 2.0, np.random.default_rng(1))
    assert not wave[:, : RATE // 2].any()
    assert estimate_pitch(wave[:, RATE // 2 :]) == pytest.approx(45, abs=0.1)
    assert np.abs(wave[:, int(1.15 * RATE) :]).max() < 0.05 * np.abs(wave).max()


def test_fluidsynth_plays_the_pitch_asked_for() -> None:
    font = next((name for name, path in FONTS.items() if Path(path).is_file()), None)
    if font is None or ctypes.util.find_library("fluidsynth") is None:
        pytest.skip("FluidSynth and a sound font are not installed")
    program = FontProgram(FontSynthesizer("TimGM6mb" if Path(FONTS["TimGM6mb"]).is_file() else font), 33)
    wave = program.perform([TuneNote(0.5, 2.0, 40)], 0.5, 2.0, np.random.default_rng(1))
    assert np.abs(wave[:, : RATE // 5]).max() < 1e-3
    assert estimate_pitch(wave[:, RATE // 4 :]) == pytest.approx(40, abs=0.2)


def test_speech_is_sung_at_the_pitch_of_the_notes() -> None:
    pytest.importorskip("pyworld", reason="pyworld (the extra `train`) is not installed", exc_type=ImportError)
    from research.datasets.speech import analyse_speech
    from research.datasets.voices import SingingStyle, sing

    t = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 15 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 25)) * (0.15 + np.sin(2 * np.pi * 1.7 * t) ** 2)
    singer = analyse_speech("test", [np.repeat(np.asarray(voice, np.float32)[None], 2, 0)])
    assert singer is not None and singer.pitch == pytest.approx(69 + 12 * np.log2(120 / 440), abs=1.5)
    still = SingingStyle(0.03, 0.0, 5.0, 0.0, 1.0, 0.0)
    notes = [TuneNote(1.0, 2.0, 57), TuneNote(4.0, 2.0, 52)]
    wave = sing(singer, notes, 0.5, 4.0, still, np.random.default_rng(1), 7)
    for note in notes:
        start = int((note.beat * 0.5 + 0.3) * RATE)
        assert estimate_pitch(np.stack([wave[start : start + RATE // 2]] * 2)) == pytest.approx(note.pitch, abs=0.3)
    assert np.abs(wave[: RATE // 3]).max() < 1e-3
