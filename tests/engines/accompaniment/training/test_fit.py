"""Habits counted on songs whose habits are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
import pytest

from bridge.errors import ConfigError
from engines.accompaniment.harmony.habits import LASTED, read_habits
from engines.accompaniment.harmony.states import CLASSES, NONE, UNKNOWN
from engines.accompaniment.training.__main__ import main
from engines.accompaniment.training.fit import Progression, count_habits, with_mixture
from engines.accompaniment.training.foresight import listeners, scores
from engines.accompaniment.training.songs import read_progressions

C, F, G, AM = 0, 5, 7, CLASSES + 9


def song(states: list[int], name: str = "001", bar_beats: int = 4) -> Progression:
    return Progression(name, np.array(states), np.zeros(len(states), np.int64), bar_beats)


LOOP = song([C] * 4 + [AM] * 4 + [F] * 4 + [G] * 4)
LONG = song(LOOP.states.tolist() * 12)


def test_where_chords_change_and_where_they_go_is_counted() -> None:
    habits = count_habits([LONG])
    assert habits.changes[0, 3] > 0.9  # on the first beat, after four
    assert habits.changes[2, 1] < 0.1
    assert habits.follows[0, 9, 1] > 0.2  # from C to Am
    assert habits.follows[0, 9, 1] > 5 * habits.follows[0, 6, 0]
    assert habits.belongs[0, 7, 0] > 5 * habits.belongs[0, 1, 0]
    assert habits.qualities[0, 0] > 0.8


def test_beats_of_which_nothing_is_known_are_not_counted() -> None:
    holed = LONG.states.copy()
    holed[::4] = UNKNOWN
    habits = count_habits([Progression("001", holed, LONG.keys, 4)])
    np.testing.assert_allclose(habits.follows[0, 9, 1], 1 / (2 * CLASSES))


def test_the_loops_count_for_more_the_better_they_fit() -> None:
    random = np.random.default_rng(1)
    wild = song(np.repeat(random.integers(0, CLASSES, 60), 2).tolist())
    shares = with_mixture(count_habits([LONG, wild]), [LONG, wild], 1).loops
    assert shares[4, 2] > 0.9
    assert shares[4, 2] > shares[1, 2] + 0.3


def test_a_song_that_repeats_is_foreseen_and_holding_the_chord_is_never_right_at_a_change() -> None:
    habits = with_mixture(count_habits([LONG]), [LONG], 0)
    told = {name: scores([LONG], foresee) for name, foresee in listeners(habits).items()}
    assert told["lattice"]["change 2"] > 0.85
    assert told["hold the chord"]["change 1"] == 0.0
    assert told["hold the chord"]["all 1"] == pytest.approx(0.75, abs=0.02)


def write_song(
    path: Path, chords: Sequence[tuple[int, ...]], metre: tuple[int, int] = (4, 4), each: int = 2, pickup: int = 2
) -> None:
    """Chords of ``each`` beats, the first of ``pickup``."""
    midi, track, first = mido.MidiFile(), mido.MidiTrack(), mido.MidiTrack()
    first.append(mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1]))
    first.append(mido.MetaMessage("key_signature", key="Am"))
    track.append(mido.MetaMessage("track_name", name="chords"))
    for number, pitches in enumerate(chords):
        beats = each if number else pickup
        for pitch in pitches:
            track.append(mido.Message("note_on", note=pitch, velocity=80))
        for i, pitch in enumerate(pitches):
            track.append(mido.Message("note_off", note=pitch, time=beats * midi.ticks_per_beat if i == 0 else 0))
    midi.tracks += [first, track]
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)


def test_chords_are_read_beat_by_beat_and_every_fifth_song_is_held_out(tmp_path: Path) -> None:
    triads = [(48, 52, 55), (45, 48, 52), (41, 42, 43)]
    for name in ("004", "005", "006", "007"):
        write_song(tmp_path / "pop909-cl" / f"{name}.mid", triads)
    write_song(tmp_path / "pop909-cl" / "008.mid", triads, (6, 8))
    songs = read_progressions(tmp_path, False, {"007"})
    assert [one.name for one in songs] == ["004", "006"]
    assert songs[0].states.tolist() == [C, C, AM, AM, UNKNOWN, UNKNOWN]
    assert set(songs[0].keys) == {9 + CLASSES}
    assert [one.name for one in read_progressions(tmp_path, True)] == ["005"]
    assert NONE not in songs[0].states
    with pytest.raises(ConfigError, match="pop909-cl"):
        read_progressions(tmp_path / "elsewhere", True)


def test_a_progression_begins_with_a_bar_wherever_its_file_begins(tmp_path: Path) -> None:
    write_song(tmp_path / "pop909-cl" / "001.mid", [(45, 48, 52), *[(48, 52, 55)] * 4], each=4, pickup=1)
    (song,) = read_progressions(tmp_path, False)
    assert song.states.tolist()[:9] == [NONE, NONE, NONE, AM, C, C, C, C, C]
    assert set(song.keys) == {9 + CLASSES}


def test_the_command_fits_and_says_what_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 11):
        write_song(
            tmp_path / "pop909-cl" / f"{number:03}.mid", [(48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55)] * 8
        )
    out = tmp_path / "habits.json"
    assert main(["fit", "--symbolic", str(tmp_path), "--out", str(out)]) == 0
    assert "8 songs, 512 beats" in capsys.readouterr().out
    assert read_habits(out).changes.shape == (4, LASTED)
    assert main(["foresight", "--symbolic", str(tmp_path), "--habits", str(out)]) == 0
    assert "2 songs" in capsys.readouterr().out
    assert main(["fit", "--symbolic", str(tmp_path / "none")]) == 2
