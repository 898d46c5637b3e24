"""The commands ``sideman chain check`` and ``capture``: exit status, files, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bridge.errors import ConfigError
from chains.commands.capture_command import capture_chain
from chains.commands.check_command import check_chains
from chains.document.chain_file import read_chain
from chains.process.verdict import PluginError
from tests.chains.plugins import FixturePlugin


def test_a_capture_can_be_checked_and_appended_to(
    fixture_plugin: FixturePlugin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "warm.toml"
    capture_chain(str(fixture_plugin("latency")), out=out, set_=["Gain=1.5"], name="Warmth")
    (member,) = read_chain(out).members
    assert (member.name, member.plugin, member.parameters) == ("Warmth", "Fixture latency", {"Gain": 1.5})
    assert (member.latency_frames, member.layout, len(member.id)) == (256, "stereo", 32)
    assert member.state
    assert member.fingerprint
    with pytest.raises(ConfigError, match="there already"):
        capture_chain(str(fixture_plugin("latency")), out=out)
    capsys.readouterr()

    junit, picture = tmp_path / "report.xml", tmp_path / "report.svg"
    assert check_chains(str(out), json_=True, junit=junit, picture=picture) == 0
    data = json.loads(capsys.readouterr().out)
    outcomes = {one["check"]: one["outcome"] for one in data["chains"][0]["results"]}
    assert outcomes["identity"] == outcomes["latency"] == outcomes["state"] == "pass"
    assert ElementTree.parse(junit).getroot().get("failures") == "0"
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")

    before = out.read_bytes()
    with pytest.raises(PluginError, match="'Gian'"):
        capture_chain(str(fixture_plugin("latency")), out=out, append=True, set_=["Gian=1"])
    assert out.read_bytes() == before


def test_a_failed_check_is_exit_status_1(fixture_plugin: FixturePlugin, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_chains(str(fixture_plugin("crash_ctor"))) == 1
    shown = capsys.readouterr().out
    assert "fail  load" in shown
    assert "1 fail, 15 skip" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith(("fail", "skip", " "))) <= 80


def test_a_folder_is_all_chains_in_it_and_a_broken_one_is_no_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="has no chain file"):
        check_chains(str(tmp_path))
    (tmp_path / "good.toml").write_text('schema = 1\n[[member]]\neffect = "Gain"\n')
    (tmp_path / "bad.toml").write_text("schema = 1\n[[member]]\neffect = 'Gian'\n")
    junit = tmp_path / "all.xml"
    assert check_chains(str(tmp_path), junit=junit) == 1
    shown = capsys.readouterr()
    words = " ".join(shown.out.split())
    assert "fail load member[0].effect: no built-in effect is named Gian" in words
    assert "fix load: did you mean Gain?" in words
    assert "pass load" in words
    assert f"{junit}: the results as JUnit XML" in shown.err.replace("\n", "")
    assert [one.get("failures") for one in ElementTree.parse(junit).getroot()] == ["1", "0"]
    monkeypatch.chdir(tmp_path.parent)
    assert check_chains(tmp_path.name) == 1
    (tmp_path / "good.toml").unlink()
    with pytest.raises(ConfigError, match="Gian"):
        check_chains(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({}, "no chain and no plugin"),
        ({"targets": ("nosuch",)}, "no chain is named"),
        ({"targets": ("/nowhere/a.vst3",)}, "no such plugin"),
        ({"targets": ("a",), "rate": [12]}, "no sampling rate"),
        ({"targets": ("a",), "picture": Path("a.png")}, "pictures are SVG"),
        ({"targets": ("a",), "picture": Path("/nowhere/a.svg")}, "--picture /nowhere/a.svg: there is no folder"),
        ({"targets": ("a",), "junit": Path("/nowhere/a.xml")}, "--junit /nowhere/a.xml: there is no folder"),
        ({"targets": ("a/", "/nowhere/b.toml")}, "no such file"),
    ],
)
def test_check_refuses_bad_input_before_anything_is_loaded(options: dict[str, object], what: str) -> None:
    targets = options.pop("targets", ())
    assert isinstance(targets, tuple)
    with pytest.raises(ConfigError, match=what):
        check_chains(*targets, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"out": Path("chain.txt")}, "ends in .toml"),
        ({"out": Path("/nowhere/chain.toml")}, "--out /nowhere/chain.toml: there is no folder"),
        ({"set_": ["Gain"]}, "no name and value"),
        ({"set_": ["=3"]}, "no name and value"),
        ({"append": True, "force": True}, "both at once"),
        ({"preset": Path("/nowhere/a.vstpreset")}, "cannot be read"),
    ],
)
def test_capture_refuses_bad_input_before_anything_is_loaded(
    options: dict[str, object], what: str, tmp_path: Path
) -> None:
    (tmp_path / "A.vst3").mkdir()
    wanted = {"out": tmp_path / "chain.toml", **options}
    with pytest.raises(ConfigError, match=what):
        capture_chain(str(tmp_path / "A.vst3"), **wanted)  # type: ignore[arg-type]
    assert not (tmp_path / "chain.toml").exists()


def test_a_preset_that_is_none_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "A.vst3").mkdir()
    (tmp_path / "a.vstpreset").write_bytes(b"garbage")
    with pytest.raises(ConfigError, match=r"a\.vstpreset: no \.vstpreset"):
        capture_chain(str(tmp_path / "A.vst3"), out=tmp_path / "c.toml", preset=tmp_path / "a.vstpreset")
