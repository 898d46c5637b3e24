"""The commands ``sideman chain list``, ``show``, ``diff`` and ``effects``, called in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from chains.commands.copy_command import copy_chain
from chains.commands.diff_command import diff_chains
from chains.commands.effects_command import list_effects
from chains.commands.list_command import list_chains
from chains.commands.show_command import show_chain
from chains.document.chain_file import read_chain
from chains.document.chain_lookup import load_chain

CHAIN = """schema = 1
doc = "A trial."
[[member]]
plugin = "No such plugin"
format = "vst3"
version = "1.0"
latency_frames = 480
parameters = {Threshold = "-20 dB", on = true}
automation = {Gain = [[0, 1], [4, 0.5], [5, 1], [6, 1], [7, 0]]}
sends = {room = -6}
[[member]]
effect = "PitchShift"
bypass = true
[[member]]
faust = "process = _, _;"
[[bus]]
name = "room"
[[bus.member]]
effect = "Reverb"
parameters = {wet_level = 0.3}
"""
Printed = Callable[[], str]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A chain of the user's, on a terminal of 80 columns."""
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains" / "trial.toml").write_text(CHAIN)
    (tmp_path / "chains" / "broken.toml").write_text("schema = 1\n[[member]]\neffect = 'Gian'")
    return str(tmp_path / "chains" / "trial.toml")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def read() -> str:
        out = capsys.readouterr().out
        assert all(len(line) <= 80 for line in out.splitlines())
        return out

    return read


def test_list_says_what_is_missing_and_what_is_broken(path: str, printed: Printed) -> None:
    list_chains()
    words = " ".join(printed().split())
    assert "trial user 4 no A trial. Missing: No such plugin (VST3)." in words
    assert "vocal-bus shipped 5 yes" in words
    assert "broken user member[0].effect: no built-in" in words
    assert "did you mean Gain?" in words


def test_list_prints_json(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    list_chains(json_=True)
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["trial"]["missing"] == ["No such plugin (VST3)"]
    assert found["trial"]["not_live"] == [
        "No such plugin: automation needs the beats of a song",
        "Faust: Faust code needs DawDreamer, which does not run live",
    ]
    assert found["trial"]["members"] == 4
    assert "no built-in effect is named Gian" in found["broken"]["problem"]


def test_show_lists_members_hosts_parameters_sends_and_buses(path: str, printed: Printed) -> None:
    show_chain("trial")
    lines = [" ".join(line.split()) for line in printed().splitlines()]
    assert "480" in lines[1]
    assert "Threshold -20 dB" in lines
    assert "on on" in lines
    assert "send room -6 dB" in lines
    assert "bus room return 0 dB" in lines
    assert "wet_level 0.3" in lines
    assert any(line.startswith("PitchShift built-in, bypassed Pedalboard") for line in lines)
    assert lines[-1] == "no plugin was loaded: sideman chain check trial tests their parameters"
    assert any("not live: Faust: Faust code needs DawDreamer" in line for line in lines)


def test_show_prints_the_chain_as_toml_and_json(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_chain("trial", toml=True)
    (tmp_path / "again.toml").write_text(capsys.readouterr().out)
    assert read_chain(tmp_path / "again.toml") == read_chain(Path(path))
    show_chain(path, json_=True)
    found = json.loads(capsys.readouterr().out)
    assert found["chain"]["member"][0]["parameters"] == {"Threshold": "-20 dB", "on": True}
    with pytest.raises(ConfigError, match="both at once"):
        show_chain("trial", toml=True, json_=True)


def test_diff_says_what_differs_and_exits_with_1(path: str, tmp_path: Path, printed: Printed) -> None:
    assert diff_chains("trial", path) == 0
    assert printed() == "no difference\n"
    other = tmp_path / "other.toml"
    doc = "Words that are many more than a line of a table has room for, and all of them are shown."
    changed = CHAIN.replace("-20 dB", "-24 dB").replace('faust = "process = _, _;"', 'effect = "Invert"')
    other.write_text(changed.replace("A trial.", doc).replace("room = -6", "room = -7").replace("0.3", "0.25"))
    assert diff_chains("trial", str(other)) == 1
    words = " ".join(printed().split())
    assert "removed Faust Faust –" in words
    assert "added Invert – built-in" in words
    assert "changed No such plugin Threshold -20 dB -24 dB" in words
    assert "changed No such plugin sends.room -6 dB -7 dB" in words
    assert "changed Reverb wet_level 0.3 0.25" in words
    assert f"changed chain doc A trial. {doc}" in words


def test_diff_gives_values_of_effects_their_units_and_cuts_long_code_alone(
    path: str, tmp_path: Path, printed: Printed
) -> None:
    head = 'schema = 1\n[[member]]\neffect = "Compressor"\nparameters = {{threshold_db = {}}}\n'
    tail = '[[member]]\nfaust = "process = _, _; // {}"\n'
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text((head + tail).format(-20, "x" * 90))
    second.write_text((head + tail).format('"-20.0 dB"', "x" * 90))
    assert diff_chains(str(first), str(second)) == 0
    assert printed() == "no difference\n"
    second.write_text((head + tail).format('"-24 dB"', "y" * 90))
    assert diff_chains(str(first), str(second)) == 1
    shown = printed()
    assert "changed Compressor threshold_db -20 dB -24 dB" in " ".join(shown.split())
    assert "what ends in … is longer: --json prints it whole" in shown


def test_diff_prints_json(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CHAIN.replace("[4, 0.5]", "[4, 0.25]"))
    assert diff_chains("trial", str(other), json_=True) == 1
    (found,) = json.loads(capsys.readouterr().out)["different"]
    assert (found["change"], found["where"], found["key"]) == ("changed", "No such plugin", "automation.Gain")


def test_a_chain_with_an_error_is_refused_by_each_command(path: str) -> None:
    for command in (show_chain, lambda name: diff_chains("trial", name)):
        with pytest.raises(ConfigError, match=r"broken\.toml: member\[0\]\.effect"):
            command("broken")


@pytest.mark.parametrize("force", [False, True])
def test_a_copy_has_the_files_beside_and_replaces_nothing_unasked(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], force: bool
) -> None:
    home = tmp_path / "chains"
    (tmp_path / "project").mkdir()
    room = tmp_path / "project" / "room.toml"
    text = 'schema = 1 # mine\n[[member]]\neffect = "Convolution"\nparameters = {impulse_response = "room.wav"}\n'
    room.write_text(text)
    (tmp_path / "project" / "room.wav").write_bytes(b"room")
    copy_chain(str(room), "hall", force=force)
    assert f"{home / 'hall.toml'}: a copy of" in capsys.readouterr().out.replace("\n", "")
    assert ((home / "hall.toml").read_text(), (home / "room.wav").read_bytes()) == (text, b"room")
    assert read_chain(home / "hall.toml") == read_chain(room)
    if force:
        copy_chain("bass-tight", "hall", force=True)
        assert read_chain(home / "hall.toml") == load_chain("bass-tight")[1]
    else:
        with pytest.raises(ConfigError, match="there already"):
            copy_chain("bass-tight", "hall")
    (home / "room.wav").write_bytes(b"another")
    with pytest.raises(ConfigError, match="another file of this name"):
        copy_chain(str(room), "hall-2", force=force)
    assert not (home / "hall-2.toml").exists()


def test_a_copy_makes_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path / "fresh"))
    copy_chain("vocal-bus", "my-vocal")
    assert read_chain(tmp_path / "fresh" / "chains" / "my-vocal.toml") == load_chain("vocal-bus")[1]
    with pytest.raises(ConfigError, match="cannot be a chain's name"):
        copy_chain("vocal-bus", "../x")


def test_effects_are_listed_with_ranges(path: str, printed: Printed, capsys: pytest.CaptureFixture[str]) -> None:
    list_effects()
    assert "threshold_db: -80 to 0 dB (0)" in printed()
    list_effects(json_=True)
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["Gain"]["parameters"][0]["high"] == 40
    with pytest.raises(ConfigError, match="both at once"):
        list_effects(markdown=True, json_=True)
