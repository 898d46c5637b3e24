"""Analysis job: from an audio file to the files of its analysis."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mido import MidiFile

from bridge.core.audio import Audio
from bridge.core.events import Chord
from bridge.errors import ConfigError
from engines.mir.engine_lookup import create_engine
from engines.mir.offline.analysis_job import AnalysisResult, analyse_file, analyse_song, choose_name
from engines.mir.offline.song_map import SongMap, from_json
from tests.engines.mir.signals import CADENCE, RATE, Scripted, clicks, tones

C = Chord(0, 0, 0, 0.9)


def write_wave(path: Path, audio: Audio, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, audio.T, rate, subtype=subtype)
    return path


def ignore_progress(*_report: object) -> None:
    pass


def analyse_by_chroma(path: Path) -> SongMap:
    return analyse_file(path, create_engine("mir.chroma"), {}, ignore_progress)[0]


def analyse(path: Path, out: Path, engine: Scripted | None = None) -> AnalysisResult:
    return analyse_song(path, out, engine or Scripted([(0, C)]), {}, ignore_progress, iter(range(9)).__next__)


@pytest.mark.parametrize("rate", [22_050, 44_100, 192_000])
def test_beats_lie_on_the_clicks_whatever_the_rate(tmp_path: Path, rate: int) -> None:
    times = np.arange(0.5, 12.0, 0.5)
    song = analyse_by_chroma(write_wave(tmp_path / "clicks.wav", clicks(times.tolist(), 12.0, rate), rate))
    assert (song.rate_hz, song.length_frames, song.duration_s) == (rate, 12 * rate, 12.0)
    beats = np.array([beat.time_s for beat in song.beats])
    settled = beats[beats > 5.0]
    assert len(settled) >= 13
    assert np.abs(settled[:, None] - [*times, 12.0]).min(axis=1).max() < 0.02
    assert song.bpm == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("rate", [32_000, 48_000])
def test_chords_of_a_cadence_change_where_they_sound(tmp_path: Path, rate: int) -> None:
    song = analyse_by_chroma(write_wave(tmp_path / "cadence.wav", tones(CADENCE * 2, 1.5, rate), rate))
    sounding = [span for span in song.chords if span.root >= 0]
    assert [span.harte for span in sounding] == ["C:maj", "F:maj", "G:maj", "C:maj", "F:maj", "G:maj", "C:maj"]
    expected = [1.5, 3.0, 4.5, 7.5, 9.0, 10.5]
    assert [span.start_s for span in sounding[1:]] == pytest.approx(expected, abs=0.06)
    assert song.key == "C major"


def test_of_eight_channels_the_first_two_are_analysed_with_a_note(tmp_path: Path) -> None:
    audio = tones(CADENCE, 1.5)
    path = write_wave(tmp_path / "eight.wav", np.concatenate([audio, np.zeros((6, audio.shape[1]), np.float32)]))
    song = analyse_by_chroma(path)
    assert [span.root for span in song.chords if span.root >= 0] == [0, 5, 7, 0]
    assert song.remarks == ("has 8 channels; the first two were used",)


def test_ten_seconds_of_silence_have_no_beat_no_chord_and_no_key(tmp_path: Path) -> None:
    song = analyse_by_chroma(write_wave(tmp_path / "silence.wav", np.zeros((2, 10 * RATE), np.float32)))
    assert (song.beats, song.keys, song.key, song.bpm) == ((), (), "", 0.0)
    assert [span.label for span in song.chords] == ["N"]


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    audio = tones(CADENCE, 1.5)
    audio[:, 1000:1010] = np.nan
    audio[:, 70_000] = np.inf
    path = write_wave(tmp_path / "nan.wav", audio, subtype="FLOAT")
    assert [span.root for span in analyse_by_chroma(path).chords if span.root >= 0] == [0, 5, 7, 0]


def test_times_are_those_of_the_file_though_the_engine_runs_at_another_rate_and_is_late(tmp_path: Path) -> None:
    engine = Scripted([(24_000, C)], delay=30_000)
    song = analyse_file(
        write_wave(tmp_path / "a.wav", np.zeros((1, 96_000), np.float32), 96_000), engine, {}, ignore_progress
    ).map
    assert engine.rate == 48_000
    assert [(span.start_s, span.label) for span in song.chords] == [(0.0, "N"), (0.5, "C")]


def test_all_files_are_written_and_agree(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "söng.wav", clicks(np.arange(0.5, 8, 0.5).tolist(), 8.0))
    outcome = analyse_song(
        path, tmp_path / "out", create_engine("mir.chroma"), {}, ignore_progress, iter(range(9)).__next__
    )
    made = {file.name for file in (tmp_path / "out").iterdir()}
    kinds = ("json", "beats.csv", "chords.csv", "keys.csv", "tempo.csv", "beats.txt", "beats.svl", "chords.lab", "mid")
    assert {f"söng.{kind}" for kind in kinds} <= made
    assert {file.name for file in outcome.files.values()} == made
    song = from_json(outcome.files["json"].read_bytes())
    assert song == outcome.map
    midi = MidiFile(file=io.BytesIO(outcome.files["mid"].read_bytes()))
    assert midi.length == pytest.approx(8.0, abs=0.002)
    assert len(outcome.files["beats.csv"].read_text().splitlines()) == 1 + len(song.beats)


def test_the_picture_shows_the_song(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = [(0, C), (40_000, Chord(-1, 0, -1, 0.5))]
    outcome = analyse(write_wave(tmp_path / "$^$.wav", tones(CADENCE, 1.0)), tmp_path / "out", Scripted(script))
    with outcome.files["png"].open("rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert outcome.files["png"].stat().st_size > 10_000


def test_without_matplotlib_all_else_is_written_and_the_hint_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    outcome = analyse(write_wave(tmp_path / "a.wav", np.zeros((2, 1000), np.float32)), tmp_path / "out")
    assert "png" not in outcome.files
    assert all(file.is_file() for file in outcome.files.values())
    assert "pip install 'sideman[bench]'" in outcome.notes[0]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b"no song at all", "cannot be read as audio"), (None, "no such file")]
)
def test_what_is_no_song_is_named_and_nothing_is_written(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "broken.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as raised:
        analyse(path, tmp_path / "out")
    assert "broken.wav" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_frame_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no audio"):
        analyse(write_wave(tmp_path / "none.wav", np.zeros((2, 0), np.float32)), tmp_path / "out")


def test_a_truncated_file_is_analysed_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_wave(tmp_path / "cut.wav", np.zeros((2, 10_000), np.float32))
    path.write_bytes(path.read_bytes()[:-20_000])
    outcome = analyse(path, tmp_path / "out")
    assert outcome.map is not None
    assert outcome.map.length_frames == 5000
    assert "cut short" in outcome.notes[0]


def test_the_same_song_keeps_its_name_and_another_gets_the_next(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    first, other = (write_wave(tmp_path / name, np.zeros((2, 1000), np.float32)) for name in ("a.wav", "x/a.wav"))
    out = tmp_path / "out"
    for path, name in ((first, "a"), (other, "a (2)"), (first, "a"), (other, "a (2)")):
        assert choose_name(path, out) == name
        assert analyse(path, out).files["json"].name == f"{name}.json"


@pytest.mark.parametrize("theirs", ["a.mid", "a.json", "a.png"])
def test_files_of_somebody_else_are_left_alone(tmp_path: Path, theirs: str) -> None:
    path = write_wave(tmp_path / "a.wav", np.zeros((2, 1000), np.float32))
    (tmp_path / theirs).write_text("mine")
    analyse(path, tmp_path)
    assert (tmp_path / theirs).read_text() == "mine"
    assert (tmp_path / "a (2).json").is_file()


@pytest.mark.parametrize("letter", ["b", "ü", "🎵"])
@pytest.mark.parametrize("bytes_", [212, 224, 240, 248, 251])
def test_a_long_name_is_cut_so_that_every_result_has_room(tmp_path: Path, letter: str, bytes_: int) -> None:
    stem = letter * (bytes_ // len(letter.encode()))
    songs = [write_wave(tmp_path / f"{stem[:-1]}{end}.wav", tones(CADENCE[:1], 0.5)) for end in "xy"]
    out = tmp_path / "out"
    outcomes = [analyse(song, out) for song in songs]
    files = [file for outcome in outcomes for file in outcome.files.values()]
    assert len(set(files)) == len(files) == len(list(out.iterdir()))
    assert all(file.is_file() for file in files)
    assert [choose_name(song, out) for song in songs] == [one.files["json"].stem for one in outcomes]


def test_songs_whose_names_differ_in_capitals_alone_do_not_meet_on_any_disk(tmp_path: Path) -> None:
    songs = [write_wave(tmp_path / name, tones(CADENCE[:1], 0.5)) for name in ("Song.wav", "song.wav")]
    out = tmp_path / "out"
    assert [analyse(song, out).files["json"].name for song in songs] == ["Song.json", "song (2).json"]
    assert [choose_name(song, out) for song in songs] == ["Song", "song (2)"]


def test_a_picture_that_cannot_be_drawn_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise ValueError("odd")

    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("engines.mir.offline.analysis_job.draw_song_map", fail)
    outcome = analyse(write_wave(tmp_path / "song.wav", tones(CADENCE[:1], 0.5)), tmp_path / "out")
    assert outcome.status == "done"
    assert "the picture: a fault in Sideman (ValueError: odd" in outcome.notes[0]
    assert outcome.files["mid"].is_file()


@pytest.mark.filterwarnings("error")
def test_a_name_with_controls_or_in_letters_that_the_font_lacks_is_drawn(tmp_path: Path) -> None:
    for name in ("esc\x1b[31m\n.wav", "日本🎵.wav", "$x^$.wav"):
        outcome = analyse(write_wave(tmp_path / name, tones(CADENCE[:1], 0.5)), tmp_path / "out")
        assert outcome.files["png"].is_file()
        assert outcome.notes == []


def test_a_song_is_analysed_alike_after_another(tmp_path: Path) -> None:
    engine = create_engine("mir.chroma")
    path = write_wave(tmp_path / "a.wav", tones(CADENCE, 1.5) + clicks(np.arange(0, 6, 0.5).tolist(), 6.0))
    other = write_wave(tmp_path / "b.wav", tones(CADENCE[:1], 3.0) + clicks(np.arange(0, 3, 0.4).tolist(), 3.0))
    alone = analyse_file(path, engine, {}, ignore_progress).map
    analyse_file(other, engine, {}, ignore_progress)
    assert analyse_file(path, engine, {}, ignore_progress).map == alone
    assert alone.beats


def test_progress_is_reported_in_frames_of_the_file(tmp_path: Path) -> None:
    reports: list[tuple[str, int, int, int]] = []
    path = write_wave(tmp_path / "a.wav", np.zeros((2, 150_000), np.float32), 48_000)
    analyse_file(path, Scripted([]), {}, lambda *progress: reports.append(progress))
    assert reports[-1] == ("analysing", 150_000, 150_000, 48_000)
    assert len(reports) == 3
