"""``sideman accompany`` for songs and MIDI files as a user types it; tests of sheets are beside this."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from cyclopts import App
from mido import MidiFile, tempo2bpm

from bridge.errors import ConfigError
from engines.accompaniment.style import ROLES
from engines.backing import accompany_command
from engines.backing.accompany_command import accompany
from engines.backing.band_level import REFERENCE_LUFS, choose_loudness, measure_file
from tests.engines.backing.songs import make_drums, wave
from tests.engines.mir.signals import RATE, band, tones


def run(*words: object) -> int:
    app = App(name="sideman", result_action="return_value")
    app.command(accompany)
    status: int = app(["accompany", *map(str, words)], exit_on_error=False)
    return status


def find_hits_s(path: Path, *roles: str) -> list[float]:
    """Seconds at which the drums of ``roles`` are struck in the MIDI file at ``path``."""
    wanted = {ROLES[role] for role in roles}
    file = MidiFile(path)
    tempi = [(t, m.tempo) for t, m in _to_ticks(file.tracks[0]) if m.type == "set_tempo"]
    (drums,) = (track for track in file.tracks if track.name == "drums")
    found = []
    for tick, message in _to_ticks(drums):
        if message.type == "note_on" and message.note in wanted:
            ends = [*(t for t, _ in tempi[1:]), tick]
            found.append(sum(max(min(e, tick) - t, 0) * m / 480e6 for (t, m), e in zip(tempi, ends, strict=True)))
    return found


def _to_ticks(track: Any) -> list[tuple[int, Any]]:
    return list(zip(accumulate(message.time for message in track), track, strict=True))


def second_of(beat: float) -> float:
    return 0.31 + beat * 60 / 108


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight bars: drums that are known over chords."""
    folder = tmp_path_factory.mktemp("songs")
    drums = make_drums(
        [{"kick": "9.....9.9.......", "snare": "....9.......9...", "closed": "9.9.9.9.9.9.9.9."}] * 8, second_of
    )
    chords = [(36, 60, 64, 67), (45, 60, 64, 69), (41, 60, 65, 69), (43, 59, 62, 67)] * 2
    under = tones(chords, 4 * 60 / 108)
    start = round(second_of(0) * RATE)
    audio = 0.5 * drums
    audio[:, start : start + under.shape[1]] += 0.7 * under[:, : audio.shape[1] - start]
    return wave(folder / "song.wav", audio)


def test_the_band_plays_in_time_with_a_song(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(song, "--out", tmp_path, "--humanise", 0, "--style", "rock") == 0
    beats = [second_of(beat) for beat in range(33)]
    kicks = find_hits_s(tmp_path / "band.mid", "kick", "snare")
    assert len(kicks) > 20
    on_beats = [at for at in kicks if min(abs(at - beat) for beat in beats) < 0.1]
    assert len(on_beats) > 14
    assert max(min(abs(at - beat) for beat in beats) for at in on_beats) < 0.01
    printed = capsys.readouterr().out
    assert "at 108" in printed
    assert "sections by loudness" in printed


def test_a_midi_file_that_the_band_wrote_is_played_again_in_another_style(tmp_path: Path) -> None:
    sheet = "| C | Am | F | G |"
    assert run(sheet, "--out", tmp_path / "a", "--tempo", 97) == 0
    assert run(tmp_path / "a" / "band.mid", "--out", tmp_path / "b", "--style", "jazz") == 0
    assert run(sheet, "--out", tmp_path / "c", "--style", "jazz", "--tempo", 97) == 0
    assert (tmp_path / "b" / "band.mid").read_bytes() == (tmp_path / "c" / "band.mid").read_bytes()


def test_a_midi_file_may_be_given_another_tempo_and_more_bars_and_a_count_in(tmp_path: Path) -> None:
    run("| C | Am |", "--out", tmp_path, "--tempo", 97)
    assert run(tmp_path / "band.mid", "--out", tmp_path, "--tempo", 140, "--bars", 5, "--count-in") == 0
    first = MidiFile(tmp_path / "band.mid").tracks[0]
    assert [round(tempo2bpm(m.tempo)) for m in first if m.type == "set_tempo"] == [140]
    assert sum(message.time for message in first) == 6 * 1920


def test_audio_of_every_part_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    assert run("| C |", "--out", tmp_path / "out", "--parts", "drums,bass", "--audio", "--level-lu", -4) == 0
    assert measure_file(tmp_path / "out" / "mix.wav").integrated_lufs == pytest.approx(REFERENCE_LUFS - 4, abs=0.2)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"band.mid", "bass.wav", "drums.wav", "mix.wav"}


def test_the_band_is_as_loud_as_the_song_or_by_as_much_softer_as_is_asked_for(song: Path, tmp_path: Path) -> None:
    loudness = measure_file(song).integrated_lufs
    assert loudness is not None
    assert choose_loudness(song, -3.0) == pytest.approx(loudness - 3.0)
    brief = wave(tmp_path / "brief.wav", np.full((2, 1000), 0.1, np.float32))
    assert choose_loudness(brief, -3.0) == choose_loudness(None, -3.0) == REFERENCE_LUFS - 3.0
    with pytest.raises(ConfigError, match="--level-lu 20"):
        run(song, "--out", tmp_path / "out", "--level-lu", 20)


def test_drums_are_replaced(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(song, "--replace", "drums", "--out", tmp_path, "--humanise", 0) == 0
    printed = capsys.readouterr().out
    assert "mix.wav" in printed
    assert {path.name for path in tmp_path.iterdir()} == {"band.mid", "drums.wav", "mix.wav", "song"}
    info, mix = soundfile.info(song), soundfile.info(tmp_path / "mix.wav")
    assert (mix.samplerate, mix.frames, mix.channels) == (info.samplerate, info.frames, info.channels)
    expected = [second_of(4 * bar + beat) for bar in range(8) for beat in (0, 1.5, 2)]
    kicks = find_hits_s(tmp_path / "band.mid", "kick")
    assert _share(kicks, expected) > 0.9
    assert _share(expected, kicks) > 0.9
    backbeats = [second_of(2 * half + 1) for half in range(16)]
    snares = find_hits_s(tmp_path / "band.mid", "snare", "stick", "clap")
    assert _share(snares, backbeats) > 0.9
    assert _share(backbeats, snares) > 0.9
    audio, _ = soundfile.read(tmp_path / "mix.wav")
    assert np.abs(audio).max() < 1.0
    made, own = (measure_file(tmp_path / name).integrated_lufs for name in ("drums.wav", "song/drums.wav"))
    assert made == pytest.approx(own, abs=0.5)


def _share(times: list[float], near: list[float]) -> float:
    """How many of ``times`` are within 15 ms of one of ``near``."""
    return sum(min(abs(at - other) for other in near) < 0.015 for at in times) / len(times)


def test_a_replacement_that_was_stopped_goes_on_with_the_stems_that_are_there(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    def stop(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(accompany_command, "mix_new_drums", stop)
    words = (song, "--replace", "drums", "--out", tmp_path)
    assert run(*words) == 130
    assert "give the same command again to continue" in capsys.readouterr().err
    stems = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "song").glob("*.wav")}
    assert set(stems) == {"drums.wav", "no_drums.wav"}
    monkeypatch.undo()
    assert run(*words) == 0
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "song").glob("*.wav")} == stems


@pytest.mark.parametrize(
    ("make", "words", "said"),
    [
        (lambda folder: folder / "none.wav", (), "none.wav: cannot be read"),
        (lambda folder: folder, (), "is a folder"),
        (lambda _folder: "", (), "the name of the song is empty"),
        (lambda folder: _file(folder / "a.wav", b""), (), "a.wav: is empty"),
        (lambda folder: _pipe(folder / "a.wav"), (), "a.wav: no plain file"),
        (lambda folder: _link(folder / "a.wav", "a.wav"), (), "a.wav: a link that leads to itself"),
        (lambda folder: _link(folder / "a.mid", "b.mid"), (), "a.mid: a link to b.mid, which is not there"),
        (lambda folder: _file(folder / "a.mid", b"MThd"), (), "a.mid: cannot be read as MIDI"),
        (lambda folder: _file(folder / "a.mp3", b"no sound"), (), "a.mp3: cannot be read as audio"),
        (lambda folder: _file(folder / "a.txt", b"| C |\xff"), (), "not UTF-8 at byte 5"),
        (lambda folder: "| C |", ("--replace", "bass"), "only drums can be replaced"),
        (lambda folder: "| C |", ("--replace", "drums"), "no song"),
        (lambda folder: _file(folder / "a.wav", b"RIFF"), ("--tempo", "90"), "plays to a song as it is"),
        (lambda folder: _file(folder / "a.wav", b"RIFF"), ("--bars", "9"), "--bars: the band"),
        (lambda folder: _file(folder / "a.wav", b"RIFF"), ("--count-in",), "--count-in: the band"),
        (lambda folder: _file(folder / "a.wav", b"RIFF"), ("--replace", "drums", "--style", "polka"), "polka"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(
    make: Callable[[Path], Path | str], words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as error:
        run(make(tmp_path), *words, "--out", tmp_path / "out")
    assert said in str(error.value)
    assert error.value.hint
    assert not (tmp_path / "out").exists()


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _link(path: Path, to: str) -> Path:
    path.symlink_to(to)
    return path


def test_a_song_without_a_beat_is_an_error(tmp_path: Path) -> None:
    audio = band(lambda beat: second_of(beat) * RATE, 8)
    with pytest.raises(ConfigError, match="no beat was detected"):
        run(wave(tmp_path / "short.wav", audio[:, : 2 * RATE]), "--replace", "drums", "--out", tmp_path / "out")
