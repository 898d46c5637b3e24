"""The commands ``sideman preset``, as a user types them, beside a server that has the sidecar's controls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.control.preset_service import PresetService
from bridge.installed_controls import make_registry
from bridge.osc.server import OscServer
from bridge.settings import Settings
from tests.test_cli import sideman

MINE = 'schema = 1\nname = "late"\n[controls]\nstems.bass.gain_db = -3.3\nstems.vocals.mute = true\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "late.toml").write_text(MINE)
    return tmp_path


@pytest.fixture
def bus(home: Path, monkeypatch: pytest.MonkeyPatch) -> Bus:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(home))
    return Bus(make_registry(Settings()))


@pytest.fixture
def port(bus: Bus) -> Iterator[str]:
    for action, handler in PresetService(bus).handlers().items():
        bus.add_handler(action, handler)
    with OscServer(bus, port=0) as server:
        yield str(server.port)


def test_a_preset_is_saved_and_loaded(bus: Bus, port: str, home: Path) -> None:
    done = sideman("preset", "load", "late", "--port", port, home=home)
    assert (done.returncode, done.stdout) == (0, "preset late: loaded\n")
    assert bus.get("stems.vocals.mute") == 1
    done = sideman("preset", "save", "now", "--doc", "as it is", "--port", port, home=home)
    assert (done.returncode, done.stdout) == (0, "preset now: saved\n")
    assert 'doc = "as it is"' in (home / "presets" / "now.toml").read_text()


def test_an_error_of_the_sidecar_is_the_command_s(port: str, home: Path) -> None:
    done = sideman("preset", "load", "latte", "--port", port, home=home)
    assert done.returncode == 2
    assert "no preset is named latte; nearest: late" in done.stderr


def test_a_difference_to_the_running_sidecar_is_shown(bus: Bus, port: str, home: Path) -> None:
    bus.set("stems.bass.gain_db", -3.3, "test")
    done = sideman("preset", "diff", "late", "--port", port, home=home)
    assert done.returncode == 1
    assert " ".join(done.stdout.split()) == "control now late stems.vocals.mute off on 1 different, 1 the same"
    bus.set("stems.vocals.mute", 1, "test")
    done = sideman("preset", "diff", "late", "--port", port, home=home)
    assert (done.returncode, done.stdout) == (0, "0 different, 2 the same\n")


def test_a_difference_needs_a_running_sidecar_or_another_preset(home: Path) -> None:
    done = sideman("preset", "diff", "late", "--port", "9", home=home)
    assert done.returncode == 2
    assert "is sideman run running?" in done.stderr


def test_two_presets_are_compared_without_a_sidecar(home: Path) -> None:
    (home / "presets" / "later.toml").write_text(MINE.replace("-3.3", "-4").replace("vocals", "drums"))
    done = sideman("preset", "diff", "late", "later", "--json", home=home)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "different": {
            "stems.bass.gain_db": {"late": -3.3, "later": -4.0},
            "stems.drums.mute": {"late": None, "later": 1.0},
            "stems.vocals.mute": {"late": 1.0, "later": None},
        },
        "same": 0,
    }


def test_a_preset_is_shown_renamed_and_deleted(home: Path) -> None:
    done = sideman("preset", "show", "late", home=home)
    assert " ".join(done.stdout.split()) == "control value stems.bass.gain_db -3.3 dB stems.vocals.mute on"
    assert sideman("preset", "rename", "late", "karaoke", home=home).stdout == "preset late: now karaoke\n"
    done = sideman("preset", "delete", "karaoke", home=home)
    assert done.stdout == "preset karaoke: deleted; the shipped one is there again\n"
    done = sideman("preset", "delete", "karaoke", home=home)
    assert done.returncode == 2
    assert "karaoke is shipped and cannot be deleted; save it under another name" in done.stderr
