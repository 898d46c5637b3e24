"""The command's output as a user has it: in encodings without dashes, full disks, closed pipes, with hostile names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.test_cli import ROOT
from tests.waiting import HANG_S

posix = pytest.mark.skipif(os.name != "posix", reason="files of POSIX systems")


def sideman(
    arguments: Sequence[str], home: Path, encoding: str = "utf-8", redirected: str = "", status: str = "$?",
    cwd: Path = ROOT,
) -> tuple[int, str, str]:  # fmt: skip
    """Run ``sideman`` in a shell that redirects its output; the exit status, and what came out and what was said."""
    env = os.environ | {
        "COLUMNS": "80", "JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "sideman-no-such-server",
        "SIDEMAN_CONFIG_HOME": str(home), "PYTHONIOENCODING": encoding,
    }  # fmt: skip
    command = [sys.executable, "-m", "bridge.cli", *arguments]
    if redirected:
        command = ["bash", "-c", f'"$@" {redirected}; exit {status}', "bash", *command]
    done = subprocess.run(
        command, capture_output=True, env=env | {"PYTHONPATH": str(ROOT)}, cwd=cwd, timeout=HANG_S, check=False
    )
    out, said = (part.decode(encoding).replace("\r\n", "\n") for part in (done.stdout, done.stderr))
    assert "Traceback" not in out + said
    assert "Exception ignored" not in out + said
    return done.returncode, out, said


COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "latency": (("latency",), 0),
    "controls": (("controls",), 0),
    "page": (("controls", "--markdown"), 0),
    "presets": (("preset", "list"), 0),
    "models": (("models", "list"), 0),
    "doctor": (("doctor",), 1),
    "help": (("run", "--help"), 0),
    "run": (("run",), 1),
    "no such command": (("bogus–…",), 2),
    "no such file": (("accompany", "Bj\u00f8rk \u9f3b.mid", "--out", "out"), 2),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_works_in_ascii(name: str, tmp_path: Path) -> None:
    arguments, status = COMMANDS[name]
    code, out, said = sideman(arguments, tmp_path, "ascii")
    assert code == status
    assert (out + said).isascii()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp437", "utf-16"])
def test_the_ledger_is_shown_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    code, out, _ = sideman(("latency",), tmp_path, encoding)
    assert code == 0
    assert "accompaniment" in out


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("name", ["latency", "controls", "help", "presets"])
def test_a_full_disk_is_said(name: str, tmp_path: Path) -> None:
    code, _, said = sideman(COMMANDS[name][0], tmp_path, redirected="> /dev/full")
    assert code == 1
    assert said.count("\n") == 1
    assert "the output cannot be written" in said


@posix
@pytest.mark.parametrize("name", ["latency", "controls", "presets"])
def test_a_pipe_that_is_read_no_further_is_no_fault(name: str, tmp_path: Path) -> None:
    code, out, said = sideman(COMMANDS[name][0], tmp_path, redirected="| true", status="${PIPESTATUS[0]}")
    assert (code, out, said) in {(0, "", ""), (141, "", "")}


@posix
@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_outputs_harm_nothing(redirected: str, tmp_path: Path) -> None:
    code, _, said = sideman(("latency",), tmp_path, redirected=redirected)
    assert (code, said) == (0, "")


@posix
@pytest.mark.parametrize("redirected", ["2>&-", "2> /dev/full"])
def test_an_error_that_cannot_be_said_is_still_one(redirected: str, tmp_path: Path) -> None:
    code, out, _ = sideman(("run",), tmp_path, redirected=redirected)
    assert (code, out) == (1, "")


@pytest.mark.parametrize(
    ("shape", "name", "status"),
    [
        *((shape, "[/x][red]x:smile:", 2) for shape in ("{}.mid", "| {} |", "style", "server", "option", "engine")),
        ("server", "[red]x", 1),  # JACK takes neither slash nor colon; this server is only not there
    ],
)
def test_hostile_names_are_printed_as_they_are(shape: str, name: str, status: int, tmp_path: Path) -> None:
    words = {
        "style": ("accompany", "| C |", "--out", str(tmp_path), "--style", name),
        "server": ("latency", "--measure", "--server", name),
        "option": ("run", f"--{name}"),
        "engine": ("analyze", str(ROOT / "README.md"), "--out", str(tmp_path), "--engine", name),
    }.get(shape, ("accompany", shape.format(name), "--out", str(tmp_path)))
    code, _, said = sideman(words, tmp_path)
    assert code == status
    assert name in said


def test_a_hint_keeps_its_brackets(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.txt"
    sheet.write_text("[verse] x2\n| C |\n", encoding="utf-8")
    code, _, said = sideman(("accompany", str(sheet), "--out", str(tmp_path)), tmp_path)
    assert code == 2
    assert "write [verse] or [chorus x2], alone on a line" in said


@posix
def test_what_would_steer_the_terminal_is_escaped(tmp_path: Path) -> None:
    name = "\x1b]0;owned\x07\x1b[2J\u202egpj\n.mid"
    _, _, said = sideman(("accompany", name, "--out", str(tmp_path)), tmp_path)
    assert "\\x1b]0;owned\\x07\\x1b[2J\\u202egpj\\n.mid" in said
    assert not set(said) & {"\x1b", "\x07", "\u202e"}
    assert said.count("\n") == 1


def test_presets_of_any_text_are_listed_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    mine = 'schema = 1\nname = "mine"\ndoc = "[/red] :smile: [bold]x \\u001b[2J"\n[controls]\n'
    (folder / "mine.toml").write_text(mine, encoding="utf-8")
    (folder / "broken.toml").write_text('schema = 1\n["[/blue]"]\n', encoding="utf-8")
    code, out, _ = sideman(("preset", "list"), tmp_path)
    assert code == 0
    assert "[/red] :smile: [bold]x \\x1b[2J" in out
    assert "[/blue]: unknown key" in out


def test_songs_of_any_name_are_shown_as_they_are(tmp_path: Path) -> None:
    song = tmp_path / "[red] :smile: [bold].wav"
    song.write_bytes(b"no audio")
    for command in ("separate", "analyze"):
        code, out, said = sideman((command, song.name, "--out", "out"), tmp_path, cwd=tmp_path)
        assert code == 1
        assert song.name in out
        assert song.name in said
