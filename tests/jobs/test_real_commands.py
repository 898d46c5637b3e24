"""Jobs with the commands as users run them: separate, analyze, accompany and render, with real and broken songs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soundfile

from bridge.core.audio import STEMS
from bridge.jobs.job_process import COMMAND
from bridge.settings import JobSettings
from tests.jobs.conftest import MakeRig
from tests.offline_sidecar import write_song

SMALL_KB = 300
"""A file of that size is full before a stem of four seconds is written."""


def test_a_song_with_any_name_is_analysed(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    folder = tmp_path / """it's "♫" $HOME;ls"""
    folder.mkdir()
    song = write_song(folder / "a song (1).wav")
    number = rig.start("analyze", f"{folder}/../{folder.name}/{song.name}", "--out", str(folder / "maps"))
    row = rig.until(number, "done")
    assert (row["done"], row["of"], row["share"]) == (1, 1, 1.0)
    assert (folder / "maps" / "a song (1).json").is_file()
    assert any("a song (1).wav" in str(line) for (line,) in rig.call("log", number))


def test_of_a_folder_the_broken_song_is_named_and_the_others_are_not_done_again(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    album = tmp_path / "album"
    album.mkdir()
    write_song(album / "a.wav", 1.0)
    (album / "b.wav").write_bytes(b"this is no audio")
    number = rig.start("separate", str(album), "--out", str(tmp_path / "stems"), "--profile", "dsp")
    row = rig.until(number, "failed")
    assert (row["what"], row["done"], row["of"]) == ("album/ → stems, dsp", 1, 2)
    assert f"{album}/b.wav: cannot be read as audio" in str(row["detail"])
    assert "(1 of 2 songs failed)" in str(row["detail"])
    assert {name: row[0] for name, row in rig.get_files(number).items()} == {"a.wav": "done", "b.wav": "failed"}
    made = {stem: (tmp_path / "stems" / "a" / f"{stem}.wav").stat().st_mtime_ns for stem in STEMS}
    write_song(album / "b.wav", 1.0)
    rig.call("retry", number)
    row = rig.until(number, "done")
    assert (row["done"], row["of"]) == (2, 2)
    assert {stem: (tmp_path / "stems" / "a" / f"{stem}.wav").stat().st_mtime_ns for stem in STEMS} == made
    assert soundfile.info(tmp_path / "stems" / "b" / "drums.wav").frames == 44100


def test_a_full_disk_is_said_and_the_job_goes_on_when_there_is_room(make_rig: MakeRig, tmp_path: Path) -> None:
    small = ("bash", "-c", f'ulimit -f {SMALL_KB}; exec "{sys.executable}" -P -m bridge "$@"', "job")
    rig = make_rig(JobSettings(), small)
    song = write_song(tmp_path / "song.wav")
    number = rig.start("separate", str(song), "--out", str(tmp_path / "stems"), "--profile", "dsp")
    detail = str(rig.until(number, "failed")["detail"])
    assert "File too large" in detail
    assert "free space" in detail
    rig.service.close()
    again = make_rig(JobSettings(), COMMAND)
    again.call("retry", number)
    again.until(number, "done")
    assert (tmp_path / "stems" / "song" / "other.wav").is_file()


def test_a_band_for_a_chord_sheet(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    number = rig.start("accompany", "| Am7 D7 |", "--out", str(tmp_path / "band"), "--style", "rock")
    assert rig.until(number, "done")["what"] == "| Am7 D7 | → band, rock"
    assert (tmp_path / "band" / "band.mid").is_file()


def test_a_song_is_rendered_to_a_loudness(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    song = write_song(tmp_path / "song.wav", 1.0)
    number = rig.start("render", str(song), "--out", str(tmp_path / "out"), "--target-lufs", "-20")
    row = rig.until(number, "done")
    assert (row["what"], row["done"], row["share"]) == ("song.wav → out, -20", 1, 1.0)
    assert soundfile.info(tmp_path / "out" / "song.wav").subtype == "PCM_24"


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        (("--profile", "studo"), "--profile studo: no such profile; did you mean studio?"),
        (("--no-such-option",), "Unknown option: --no-such-option."),
    ],
)
def test_an_option_that_the_command_refuses_is_the_detail(
    make_rig: MakeRig, tmp_path: Path, arguments: tuple[str, ...], detail: str
) -> None:
    rig = make_rig(JobSettings(), COMMAND)
    number = rig.start("separate", str(tmp_path / "a.wav"), "--out", str(tmp_path / "stems"), *arguments)
    assert rig.until(number, "failed")["detail"] == detail
