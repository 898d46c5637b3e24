"""Job requests: which commands and arguments are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ControlError
from bridge.jobs.job_request import parse_request


def test_a_request_keeps_its_arguments_as_they_are(tmp_path: Path) -> None:
    song = f"""{tmp_path}/it's "♫" $(x) ; song.wav"""
    request = parse_request("separate", [song, "--out", f"{tmp_path}/stems", "--profile", "dsp", "--force"])
    assert request.arguments == (song, "--out", f"{tmp_path}/stems", "--profile", "dsp", "--force")
    assert (request.sources, request.folder) == ((song,), f"{tmp_path}/stems")
    assert request.title == """it's "♫" $(x) ; song.wav → stems, dsp, force"""


def test_a_folder_is_shown_as_one(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    for given in ("album", "album/"):
        assert parse_request("analyze", [f"{tmp_path}/{given}", "--out=/maps"]).title == "album/ → maps"


def test_a_negative_number_is_the_value_of_its_option() -> None:
    request = parse_request("render", ["/a.wav", "--out", "/x", "--target-lufs", "-14", "--format", "wav16"])
    assert request.title == "a.wav → x, -14, wav16"


def test_several_sources_are_counted() -> None:
    assert parse_request("analyze", ["/a.wav", "/b.wav", "/c.wav", "--out", "/x"]).title == "a.wav and 2 more → x"


def test_a_chord_sheet_needs_no_path() -> None:
    assert parse_request("accompany", ["| Am7 D7 |", "--style=rock", "--out", "/x"]).title == "| Am7 D7 | → x, rock"


@pytest.mark.parametrize(
    ("kind", "arguments", "message", "hint"),
    [
        ("separte", ["/a.wav", "--out", "/x"], "'separte' is no kind of job", "did you mean separate?"),
        ("run", ["/a.wav", "--out", "/x"], "'run' is no kind of job", "separate, analyze, accompany, render"),
        ("separate", ["--out", "/x"], "no source is given", "files or folders first"),
        ("separate", ["", "--out", "/x"], "no source is given", "files or folders first"),
        ("separate", ["/a.wav"], "--out is missing", "the folder for the results"),
        ("separate", ["/a.wav", "--out"], "--out is missing", "the folder for the results"),
        ("separate", ["/a.wav", "--out="], "--out is missing", "the folder for the results"),
        ("separate", ["song.wav", "--out", "/x"], "song.wav is no absolute path", "another working folder"),
        ("separate", ["../song.wav", "--out", "/x"], "../song.wav is no absolute path", "give it whole"),
        ("separate", ["| C |", "--out", "/x"], "| C | is no absolute path", "give it whole"),
        ("separate", ["/a.wav", "--out", "stems"], "--out stems is no absolute path", "give it whole"),
        ("separate", ["/a.wav", "--out", "/x", "--out=y"], "--out y is no absolute path", "give it whole"),
        ("analyze", ["/a\0b.wav", "--out", "/x"], "NUL", "the name of a file"),
    ],
)
def test_a_wrong_request_is_refused_with_the_fix(kind: str, arguments: list[str], message: str, hint: str) -> None:
    with pytest.raises(ControlError) as caught:
        parse_request(kind, arguments)
    assert message in caught.value.message
    assert hint in caught.value.hint
