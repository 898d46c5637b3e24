"""Layout files: what the command writes, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bridge.control.registry import Registry
from bridge.errors import ConfigError
from bridge.layouts.layout_files import LayoutFiles, find_target_host
from bridge.settings import LanSettings, OscSettings, Settings
from tests.layouts.tosc_reader import read_tosc

SECRET = Settings(osc=OscSettings(host="0.0.0.0", port=9000), lan=LanSettings(allow=("10.0.0.0/8",), token="abc"))


def test_both_layouts_are_written(registry: Registry, tmp_path: Path) -> None:
    files = LayoutFiles(registry, Settings(), force=False)
    touchosc = files.write_touchosc(tmp_path / "new" / "a.tosc", 9124)
    assert "send port 9123, receive port 9124" in touchosc
    assert "sideman run --lan" in touchosc
    assert "open-stage-control --load" in files.write_open_stage_control(tmp_path / "a.json")
    loads = {one.argument.value for node in read_tosc((tmp_path / "new" / "a.tosc").read_bytes())
             for one in node.messages if one.path == "/preset/load"}  # fmt: skip
    assert "karaoke" in loads, "the presets that ship"
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["type"] == "session"


def test_a_layout_that_is_there_is_kept(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "a.tosc"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="is there already") as caught:
        LayoutFiles(registry, Settings(), force=False).write_touchosc(path, 9124)
    assert "--force" in caught.value.hint
    assert path.read_text() == "mine"
    LayoutFiles(registry, Settings(), force=True).write_touchosc(path, 9124)
    assert read_tosc(path.read_bytes())


def test_a_file_of_another_kind_is_refused(registry: Registry, tmp_path: Path) -> None:
    files = LayoutFiles(registry, Settings(), force=False)
    with pytest.raises(ConfigError, match=r"ends in \.tosc"):
        files.write_touchosc(tmp_path / "a.json", 9124)
    with pytest.raises(ConfigError, match=r"ends in \.json"):
        files.write_open_stage_control(tmp_path / "a.tosc")
    with pytest.raises(ConfigError, match="no such port"):
        files.write_touchosc(tmp_path / "a.tosc", 65536)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of files")
def test_a_layout_with_the_token_is_for_its_owner_alone(registry: Registry, tmp_path: Path) -> None:
    files, path = LayoutFiles(registry, SECRET, force=True), tmp_path / "a.json"
    path.write_text("for all")
    path.chmod(0o644)
    assert "keep it to yourself" in files.write_open_stage_control(path)
    assert "keep it to yourself" in files.write_touchosc(tmp_path / "a.tosc", 9124)
    assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}
    session = path.read_text(encoding="utf-8")
    assert "send(target, '/auth', \\\"abc\\\")" in session
    assert '"target": "127.0.0.1:9000"' in session


def test_a_layout_without_a_token_sends_none(registry: Registry, tmp_path: Path) -> None:
    LayoutFiles(registry, Settings(), force=False).write_open_stage_control(tmp_path / "a.json")
    assert "/auth" not in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("bound", "reached"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "localhost"),
     ("10.1.2.3", "10.1.2.3")],
)  # fmt: skip
def test_a_program_here_reaches_what_osc_is_bound_to(bound: str, reached: str) -> None:
    assert find_target_host(bound) == reached
