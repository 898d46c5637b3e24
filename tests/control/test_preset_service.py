"""Preset service: its actions by OSC, the list of presets, and which one is the present one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control.bus import Bus, Row
from bridge.control.preset_service import PresetService
from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control
from bridge.errors import ControlError
from bridge.osc.client import OscClient
from bridge.osc.server import OscServer
from tests.waiting import until

STYLE = Control("comp.style", 0, 2, 1, kind="choice", choices=("straight", "swing", "shuffle"))
MINE = 'schema = 1\nname = "late"\ndoc = "slow"\n[controls]\nstems.bass.gain_db = -3.3\ncomp.style = "shuffle"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path / "presets"


@pytest.fixture
def bus() -> Bus:
    return Bus(make_sidecar_registry({"comp": [STYLE]}))


@pytest.fixture
def service(bus: Bus) -> PresetService:
    made = PresetService(bus)
    for action, handler in made.handlers().items():
        bus.add_handler(action, handler)
    return made


@pytest.fixture
def client(bus: Bus, service: PresetService) -> Iterator[OscClient]:
    with OscServer(bus, port=0) as server, OscClient(port=server.port) as opened:
        yield opened


def write_preset(folder: Path, text: str = MINE, name: str = "late") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read_entries(bus: Bus) -> dict[str, Row]:
    return {str(row[0]): row[1:] for row in bus.get_rows("preset.entry")}


def test_all_actions_on_presets_have_a_handler(bus: Bus, service: PresetService) -> None:
    declared = {action.name for action in bus.registry.actions if action.name.startswith("preset.")}
    assert set(service.handlers()) == declared


def test_presets_are_listed_with_origin_doc_and_problem(bus: Bus, service: PresetService, folder: Path) -> None:
    write_preset(folder)
    write_preset(folder, "schema = 9", "broken")
    service.update()
    entries = read_entries(bus)
    assert entries["late"] == ("user", 2, "slow", "")
    assert "schema: 9" in str(entries["broken"][3])
    assert entries["karaoke"][0] == "shipped"


def test_a_file_that_comes_changes_or_goes_changes_its_row_alone(
    bus: Bus, service: PresetService, folder: Path
) -> None:
    service.update()
    published: list[tuple[str, Row]] = []
    bus.subscribe(lambda name, row, _source: published.append((name, row)))
    path = write_preset(folder)
    service.update()
    service.update()
    path.write_text(MINE.replace("slow", "fast and loud"))
    service.update()
    path.unlink()
    service.update()
    assert published == [
        ("preset.entry", ("late", "user", 2, "slow", "")),
        ("preset.entry", ("late", "user", 2, "fast and loud", "")),
        ("preset.entry", ("late",)),
    ]


def test_a_running_service_notices_a_new_file(bus: Bus, service: PresetService, folder: Path) -> None:
    with service:
        write_preset(folder)
        until("the new file is listed", lambda: "late" in read_entries(bus))
    assert bus.get_latest("preset.current") == ("", 0)


def test_the_present_preset_counts_what_was_changed_since(bus: Bus, service: PresetService, folder: Path) -> None:
    write_preset(folder)
    service.load("late")
    assert bus.get_latest("preset.current") == ("late", 0)
    bus.set("stems.bass.gain_db", -4, "test")
    assert bus.get_latest("preset.current") == ("late", 1)
    bus.set("stems.drums.mute", 1, "test")  # not in the preset
    assert bus.get_latest("preset.current") == ("late", 1)
    bus.set("comp.style", "swing", "test")
    assert bus.get_latest("preset.current") == ("late", 2)
    bus.set_all({"stems.bass.gain_db": -3.3, "comp.style": "shuffle"}, "test")
    assert bus.get_latest("preset.current") == ("late", 0)


def test_a_preset_that_changes_nothing_is_the_present_one_too(bus: Bus, service: PresetService, folder: Path) -> None:
    write_preset(folder)
    service.load("late")
    write_preset(folder, MINE, "same")
    service.load("same")
    assert bus.get_latest("preset.current") == ("same", 0)


def test_a_preset_that_fails_leaves_the_present_one(bus: Bus, service: PresetService, folder: Path) -> None:
    write_preset(folder)
    service.load("late")
    write_preset(folder, MINE.replace("bass", "bas"), "wrong")
    with pytest.raises(ControlError, match=r"preset\.load: .*stems\.bas\.gain_db"):
        bus.trigger("preset.load", "wrong")
    assert bus.get_latest("preset.current") == ("late", 0)


def test_presets_are_saved_shown_described_renamed_and_deleted_by_osc(
    bus: Bus, client: OscClient, folder: Path
) -> None:
    bus.set("stems.bass.gain_db", -3.5, "test")
    client.call("/preset/save", "mine", "before the ♫")
    assert bus.get_latest("preset.current") == ("mine", 0)
    assert read_entries(bus)["mine"][2] == "before the ♫"
    shown = {str(row[0]): row[1] for row in client.call("/preset/show", "mine")}
    assert shown["stems.bass.gain_db"] == -3.5
    assert shown["comp.style"] == 1
    assert set(shown) == {control.name for control in bus.registry.controls if control.saved}
    client.call("/preset/describe", "mine", "after it")
    client.call("/preset/save", "mine")  # keeps the description
    assert read_entries(bus)["mine"][2] == "after it"
    client.call("/preset/rename", "mine", "ours")
    assert bus.get_latest("preset.current") == ("ours", 0)
    assert "mine" not in read_entries(bus)
    client.call("/preset/describe", "ours", "")
    assert read_entries(bus)["ours"][2] == ""
    client.call("/preset/delete", "ours")
    assert bus.get_latest("preset.current") == ("", 0)
    assert "ours" not in read_entries(bus)
    assert list(folder.iterdir()) == []


def test_a_deleted_preset_shows_the_shipped_one_again(bus: Bus, client: OscClient, folder: Path) -> None:
    client.call("/preset/save", "karaoke")
    assert read_entries(bus)["karaoke"][0] == "user"
    client.call("/preset/delete", "karaoke")
    assert read_entries(bus)["karaoke"][0] == "shipped"


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (("/preset/delete", "karaoke"), "karaoke is shipped and cannot be deleted", "save it under another name"),
        (("/preset/rename", "karaoke", "mine"), "karaoke is shipped and cannot be renamed", "another name"),
        (("/preset/rename", "karaoke"), "new is missing", "give the new"),
        (("/preset/show", "karoke"), "no preset is named karoke", "karaoke"),
        (("/preset/save", "../x"), "cannot be a preset's name", "choose another"),
        (("/preset/save", "x", "a\nb"), "control characters", "one line"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(client: OscClient, call: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(ControlError) as caught:
        client.call(*call)
    assert message in caught.value.message
    assert hint in caught.value.hint
