"""``sideman accompany`` as a user types it, and the MIDI file that it writes, read back."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App
from mido import MidiFile, MidiTrack, tempo2bpm

from bridge.errors import ConfigError
from engines.accompaniment.style import PART_NAMES, ROLES
from engines.backing.accompany_command import accompany
from engines.offline.smf.reading import LARGEST_BYTES
from tests.engines.accompaniment.playing import STYLES
from tests.engines.offline import smf as midi

SHEET = """
tempo: 96
metre: 3/4
key: Em
[verse x2]
| Em7 | Am7 B7 | Em | N.C. |
[chorus]
| C | D | G/B | B7 |
"""


def run(*words: object) -> int:
    app = App(name="sideman", result_action="return_value")
    app.command(accompany)
    status: int = app(["accompany", *map(str, words)], exit_on_error=False)
    return status


def write_band(folder: Path, *words: object) -> MidiFile:
    assert run(*words, "--out", folder) == 0
    return MidiFile(folder / "band.mid", charset="utf-8")


def to_ticks(track: MidiTrack) -> list[tuple[int, Any]]:
    return list(zip(accumulate(message.time for message in track), track, strict=True))


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "song.txt"
    path.write_text(SHEET)
    return path


def test_tempo_metre_key_sections_and_chords_are_in_the_first_track(sheet: Path, tmp_path: Path) -> None:
    file = write_band(tmp_path, sheet)
    assert (file.type, file.ticks_per_beat) == (1, 480)
    events = defaultdict(list)
    for tick, message in to_ticks(file.tracks[0]):
        events[message.type].append((tick, message))
    ((at, tempo),) = events["set_tempo"]
    assert (at, round(tempo2bpm(tempo.tempo), 3)) == (0, 96.0)
    ((_, metre),) = events["time_signature"]
    assert (metre.numerator, metre.denominator) == (3, 4)
    assert events["key_signature"][0][1].key == "Em"
    bar = 3 * 480
    assert [(tick, m.text) for tick, m in events["marker"]] == [(0, "verse"), (8 * bar, "chorus")]
    texts = [(tick, m.text) for tick, m in events["text"]]
    assert texts[:5] == [(0, "Em7"), (bar, "Am7"), (bar + 960, "B7"), (2 * bar, "Em"), (3 * bar, "N")]
    assert texts[-2:] == [(10 * bar, "G/B"), (11 * bar, "B7")]
    assert events["end_of_track"][0][0] == 12 * bar


@pytest.mark.parametrize("style", STYLES)
def test_every_note_ends_before_it_begins_again_and_before_the_file_does(style: str, tmp_path: Path) -> None:
    file = write_band(tmp_path, "| Am7 D7 | Gmaj7 | C#dim | F+ |", "--style", style, "--bars", 13, "--humanise", 1)
    assert [track.name for track in file.tracks[1:]] == list(PART_NAMES)
    channels = []
    for track in file.tracks[1:]:
        sounding: set[int] = set()
        for tick, message in to_ticks(track):
            if message.type == "note_on":
                assert message.velocity > 0
                assert message.note not in sounding
                sounding.add(message.note)
            elif message.type == "note_off":
                sounding.remove(message.note)
            elif message.type == "end_of_track":
                assert tick == 13 * 4 * 480
        assert not sounding
        (channel,) = {message.channel for message in track if not message.is_meta}
        channels.append(channel)
        assert sum(message.type == "note_on" for message in track) >= 13
        assert track[1].type == "program_change"
    assert channels[0] == 9
    assert len(set(channels)) == 5


def test_the_same_seed_is_the_same_file_to_the_byte(sheet: Path, tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_band(tmp_path / folder, sheet, "--seed", seed)
    a, b, c = ((tmp_path / folder / "band.mid").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_the_options_win_over_the_sheet_and_the_sheet_over_the_style(sheet: Path, tmp_path: Path) -> None:
    def bpm(*words: object) -> float:
        first = write_band(tmp_path, *words).tracks[0]
        (tempo,) = (float(tempo2bpm(message.tempo)) for message in first if message.type == "set_tempo")
        return round(tempo, 2)

    assert bpm("| C |", "--style", "techno") == 128
    assert bpm(sheet, "--style", "techno") == 96
    assert bpm(sheet, "--style", "techno", "--tempo", "123.45") == 123.45


def test_only_the_parts_asked_for_play_and_in_the_order_of_the_score(tmp_path: Path) -> None:
    file = write_band(tmp_path, "| C |", "--parts", "keys, drums")
    assert [track.name for track in file.tracks[1:]] == ["drums", "keys"]


def test_a_count_in_is_sticks_alone(tmp_path: Path) -> None:
    file = write_band(tmp_path, "| C | G |", "--count-in")
    first = {track.name: [(t, m.note) for t, m in to_ticks(track) if m.type == "note_on"] for track in file.tracks[1:]}
    assert [note for tick, note in first["drums"] if tick < 1900] == [ROLES["stick"]] * 4
    assert min(tick for name in first if name != "drums" for tick, _ in first[name]) >= 1900
    assert [m.text for m in file.tracks[0] if m.type == "marker"] == ["count-in"]


def test_the_style_swings_unless_asked_not_to(tmp_path: Path) -> None:
    def off_beats(*words: object) -> set[int]:
        file = write_band(tmp_path, "| C |", "--style", "jazz", "--bars", 8, "--humanise", 0, *words)
        return {t % 480 for t, m in to_ticks(file.tracks[1]) if m.type == "note_on"}

    straight, swung = off_beats("--swing", 0), off_beats()
    assert {0, 240} <= straight <= {0, 120, 240, 360}
    assert {0, 320} <= swung
    assert 240 not in swung


def test_a_table_says_who_plays_how_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_band(tmp_path, "| C | G |", "--bars", 8)
    events = capsys.readouterr().out
    for track in file.tracks[1:]:
        (line,) = [line for line in events.splitlines() if line.startswith(track.name)]
        assert line.split()[1] == str(sum(message.type == "note_on" for message in track))
    assert "8 bars of 4/4 at 112" in " ".join(events.split())


def test_a_users_style_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "styles").mkdir()
    text = 'schema = 1\nname = "mine"\n[bass]\npatterns = [{ level = 0.5, line = "R.......R......." }]\n'
    (tmp_path / "styles" / "mine.toml").write_text(text)
    file = write_band(tmp_path / "out", "| C |", "--style", "mine", "--humanise", 0, "--loop")
    (track,) = file.tracks[1:]
    assert [(t, m.note % 12) for t, m in to_ticks(track) if m.type == "note_on"] == [(0, 0), (960, 0)]
    with pytest.raises(ConfigError, match="the style mine has no keys; it has bass"):
        run("| C |", "--style", "mine", "--parts", "keys", "--out", tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("| C |", "--style", "polka"), "no style is named 'polka'"),
        (("| C |", "--parts", "drums,sax"), "'sax' is no part"),
        (("| C |", "--density", "2"), "--density 2; use a number from 0 to 1"),
        (("| C |", "--style-strength", "-1"), "--style-strength -1"),
        (("| C |", "--seed", "-1"), "--seed -1"),
        (("| C |", "--tempo", "1000"), "--tempo 1000"),
        (("| C |", "--bars", "0"), "0 bars"),
        (("| C | X |",), "line 1, column 7"),
        (("nowhere.txt",), "nowhere.txt: cannot be read"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        run(*words, "--out", tmp_path / "out")
    assert said in str(error.value)
    assert error.value.hint
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "song.txt"
    path.write_bytes(b"| C |\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 5"):
        run(path, "--out", tmp_path)


SONG = midi.header(2) + midi.track(midi.meta(0x51, b"\0\0\0"), midi.text("Verse", 6)) + midi.track(midi.chords())
RIFF = b"RIFF" + (len(SONG) + 12).to_bytes(4, "little") + b"RMIDdata" + len(SONG).to_bytes(4, "little") + SONG


@pytest.mark.parametrize("name", ["a.mid", "a.KAR", "a.rmi", "a.smf", "a.wav", "a"])
@pytest.mark.parametrize("data", [SONG, RIFF])
def test_midi_is_known_by_its_content_and_what_is_odd_is_said(
    name: str, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    file = write_band(tmp_path / "out", tmp_path / name)
    assert [m.text for _, m in to_ticks(file.tracks[0]) if m.type == "text"] == ["C", "Am", "F", "G"]
    assert [m.text for _, m in to_ticks(file.tracks[0]) if m.type == "marker"] == ["Verse"]
    assert "impossible values are passed over: a tempo of 0 us" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["a.mid", "a.rmi", "a.kar"])
def test_what_is_no_midi_behind_its_name_is_an_error_with_a_fix(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    with pytest.raises(ConfigError, match="cannot be read as MIDI") as error:
        run(tmp_path / name, "--out", tmp_path)
    assert error.value.hint
    (tmp_path / name).write_bytes(bytes(LARGEST_BYTES + 1))
    with pytest.raises(ConfigError, match="more than 16 MB"):
        run(tmp_path / name, "--out", tmp_path)
