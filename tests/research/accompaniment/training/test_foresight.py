"""Progressions as they are read, and foreseen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
import pytest

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_states import UNKNOWN
from research.accompaniment.training.__main__ import main
from research.accompaniment.training.foresight import list_predictors, score_roots
from research.accompaniment.training.progressions import Progression, read_progressions

C, F, G, AM = 0, 5, 7, PITCH_CLASSES + 9


def song(states: list[int], name: str = "001", bar_beats: int = 4) -> Progression:
    return Progression(name, np.array(states), np.zeros(len(states), np.int64), bar_beats)


LOOP = song([C] * 4 + [AM] * 4 + [F] * 4 + [G] * 4)
LONG = song(LOOP.states.tolist() * 12)


def test_a_song_that_repeats_is_foreseen_and_holding_the_chord_is_never_right_at_a_change() -> None:
    scored = {name: score_roots([LONG], foresee) for name, foresee in list_predictors().items()}
    assert scored["lattice"]["change 2"] > 0.85
    assert scored["hold the chord"]["change 1"] == 0.0
    assert scored["hold the chord"]["all 1"] == pytest.approx(0.75, abs=0.02)


def write_song(
    path: Path,
    chords: Sequence[tuple[int, ...]],
    metre: tuple[int, int] = (4, 4),
    each: int = 2,
    pickup: int = 2,
    named: str = "chords",
) -> None:
    """Chords of ``each`` beats, the first of ``pickup``, on a track ``named`` so behind the piano's."""
    midi, track, first = mido.MidiFile(), mido.MidiTrack(), mido.MidiTrack()
    piano = mido.MidiTrack([mido.MetaMessage("track_name", name="piano")])
    first.append(mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1]))
    first.append(mido.MetaMessage("key_signature", key="Am"))
    track.append(mido.MetaMessage("track_name", name=named))
    for number, pitches in enumerate(chords):
        beats = each if number else pickup
        for pitch in pitches:
            track.append(mido.Message("note_on", note=pitch, velocity=80))
        for i, pitch in enumerate(pitches):
            track.append(mido.Message("note_off", note=pitch, time=beats * midi.ticks_per_beat if i == 0 else 0))
    midi.tracks += [first, piano, track]
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)


def test_chords_are_read_beat_by_beat_and_every_fifth_song_is_held_out(tmp_path: Path) -> None:
    triads = [(48, 52, 55), (45, 48, 52), (41, 42, 43)]
    for name in ("004", "005", "006", "007"):
        named = "MIDI 01" if name == "006" else "chords"  # half of the files have the one, half the other
        write_song(tmp_path / "pop909-cl" / f"{name}.mid", triads, named=named)
    write_song(tmp_path / "pop909-cl" / "008.mid", triads, (6, 8))
    songs = read_progressions(tmp_path, False, {"007"})
    assert [one.name for one in songs] == ["004", "006"]
    assert songs[0].states.tolist() == [C, C, AM, AM, UNKNOWN, UNKNOWN]
    assert set(songs[0].keys) == {9 + PITCH_CLASSES}
    assert [one.name for one in read_progressions(tmp_path, True)] == ["005"]
    assert NO_CHORD_STATE not in songs[0].states
    with pytest.raises(ConfigError, match="pop909-cl"):
        read_progressions(tmp_path / "elsewhere", True)


def test_a_progression_begins_with_a_bar_wherever_its_file_begins(tmp_path: Path) -> None:
    write_song(tmp_path / "pop909-cl" / "001.mid", [(45, 48, 52), *[(48, 52, 55)] * 4], each=4, pickup=1)
    (song,) = read_progressions(tmp_path, False)
    assert song.states.tolist()[:9] == [NO_CHORD_STATE, NO_CHORD_STATE, NO_CHORD_STATE, AM, C, C, C, C, C]
    assert set(song.keys) == {9 + PITCH_CLASSES}


def test_the_command_judges_the_network_that_ships(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 11):
        write_song(
            tmp_path / "pop909-cl" / f"{number:03}.mid", [(48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55)] * 8
        )
    assert main(["foresight", "--symbolic", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "2 songs" in out
    assert "above 0.7: 1.00 of " in out
    assert main(["foresight", "--symbolic", str(tmp_path / "none")]) == 2
