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
    assert done.returncode == 1
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


def test_of_two_presets_the_first_is_the_first_column_and_what_one_alone_names_is_counted(home: Path) -> None:
    names = [f"stems.{stem}.solo" for stem in ("drums", "bass", "vocals")]
    names += [f"stems.{stem}.gain_db" for stem in ("drums", "vocals", "other")]
    solos = "".join(f"{name} = {'true' if name.endswith('solo') else '-1.0'}\n" for name in names)
    (home / "presets" / "later.toml").write_text(
        MINE.replace("-3.3", "-4").replace("vocals.mute", "drums.mute") + solos
    )
    done = sideman("preset", "diff", "late", "later", home=home)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["control", "late", "later"]
    assert lines[1].split() == ["stems.bass.gain_db", "-3.3", "dB", "-4", "dB"]
    said = " ".join(" ".join(lines[2:]).split())
    assert said.startswith("only late names stems.vocals.mute only later names stems.")
    assert said.endswith("and 2 more (--all lists them) 9 different, 0 the same")
    done = sideman("preset", "diff", "later", "late", "--all", home=home)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["control", "later", "late"]
    assert len(lines) == 11
    assert ["stems.drums.solo", "on", "–"] in [line.split() for line in lines]


def test_a_preset_that_cannot_be_loaded_is_listed_with_the_reason(home: Path) -> None:
    (home / "presets" / "odd.toml").write_text(
        'schema = 1\nname = "odd"\ndoc = "Fine."\n[controls]\nstems.bas.mute = true\n'
    )
    said = " ".join(sideman("preset", "list", home=home).stdout.split())
    assert "odd user cannot be loaded: " in said
    assert "stems.bas.mute" in said
    assert said.count("cannot be loaded") == 1


def test_a_chain_that_cannot_run_live_is_said_when_a_preset_is_loaded(bus: Bus, port: str, home: Path) -> None:
    bus.publish("insert.chain", "bass-duck", "Compressor: it needs a sidechain", "Ducks the bass.")
    bus.publish("insert.chain", "drum-glue", "", "Glues the drums.")
    chains = 'inserts.bass.chain = "bass-duck"\ninserts.drums.chain = "drum-glue"\n'
    (home / "presets" / "late.toml").write_text(MINE + chains)
    done = sideman("preset", "load", "late", "--port", port, home=home)
    assert done.returncode == 0
    assert " ".join(done.stdout.split()) == (
        "preset late: loaded ! inserts.bass.chain: bass-duck cannot run live, the dry signal plays: "
        "Compressor: it needs a sidechain"
    )


def test_a_preset_is_shown_renamed_and_deleted(home: Path) -> None:
    done = sideman("preset", "show", "late", home=home)
    assert " ".join(done.stdout.split()) == "control value stems.bass.gain_db -3.3 dB stems.vocals.mute on"
    assert sideman("preset", "rename", "late", "karaoke", home=home).stdout == "preset late: now karaoke\n"
    done = sideman("preset", "delete", "karaoke", home=home)
    assert done.stdout == "preset karaoke: deleted; the shipped one is there again\n"
    done = sideman("preset", "delete", "karaoke", home=home)
    assert done.returncode == 2
    assert "karaoke is shipped and cannot be deleted; save it under another name" in done.stderr
