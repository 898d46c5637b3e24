"""Session project: what is saved comes back from the folder alone, and bad files are refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.errors import ConfigError
from bridge.installed_controls import make_registry
from bridge.nsm.session_project import PRESET_FILE, SCENE_FILE, SESSION_FILE, SessionProject, open_project
from bridge.nsm.unsaved_changes import UnsavedChanges
from bridge.routing.scene import ActiveScene
from bridge.settings import EngineSettings, Settings

CLIENT = "Sideman.nABCD"
LINKS = frozenset({(f"{CLIENT}:mix_1", "system:playback_1"), (f"{CLIENT}:mix_2", "system:playback_2")})
USER = Settings(engines=EngineSettings(separation="separation.dsp", synth="synth.plain"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def open_saved(folder: Path, client: str = CLIENT, settings: Settings = USER) -> SessionProject:
    return open_project(folder, client, settings, make_registry)


def save_project(folder: Path) -> dict[str, float]:
    """Save a session with a scene and a control that is not its default; returns its controls."""
    project = open_saved(folder)
    bus = Bus(make_registry(project.settings))
    bus.set("stems.vocals.mute", True, "test")
    project.scene.save(ActiveScene("stage", LINKS, frozenset(list(LINKS)[:1])))
    project.save(bus)
    return dict(bus.values())


def test_a_new_session_has_the_users_settings_the_clients_name_and_no_file(tmp_path: Path) -> None:
    project = open_saved(tmp_path / "new")
    assert project.is_new
    assert project.settings == msgspec.structs.replace(
        USER, jack=msgspec.structs.replace(USER.jack, client="Sideman.nABCD")
    )
    assert not (tmp_path / "new").exists()


def test_what_is_saved_comes_back_from_the_folder_alone(tmp_path: Path, home: Path) -> None:
    values = save_project(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")  # as a server duplicates a session
    shutil.rmtree(tmp_path / "a")
    project = open_saved(tmp_path / "b", settings=Settings())
    assert project.settings.engines == USER.engines
    assert project.scene.load() == ActiveScene("stage", LINKS, frozenset(list(LINKS)[:1]))
    bus = Bus(make_registry(project.settings))
    assert project.controls is not None
    preset.apply(project.controls, bus)
    saved = {control.name for control in bus.registry.controls if control.saved}
    assert {name: bus.get(name) for name in saved} == {name: values[name] for name in saved}
    assert not home.exists()


def test_saving_again_writes_only_what_changed(tmp_path: Path) -> None:
    save_project(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    project = open_saved(tmp_path)
    assert project.controls is not None
    bus = Bus(make_registry(project.settings))
    preset.apply(project.controls, bus)
    project.save(bus)
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {name for name in before if before[name] != after[name]} <= {SCENE_FILE}
    assert set(after) == {SESSION_FILE, PRESET_FILE, SCENE_FILE}


def test_without_a_scene_there_is_no_file_of_one(tmp_path: Path) -> None:
    save_project(tmp_path)
    project = open_saved(tmp_path)
    project.scene.save(None)
    assert project.scene.is_changed
    project.save(Bus(make_registry(project.settings)))
    assert not (tmp_path / SCENE_FILE).exists()
    assert not project.scene.is_changed


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        (SESSION_FILE, "schema = 2\n", r"session\.toml: schema"),
        (SESSION_FILE, "schema = 1\n[engines]\nbass = 'x'\n", r"session\.toml: engines\.bass: unknown key"),
        (PRESET_FILE, "schema = 1\nname = 'x'\n[controls]\nno.such = 1\n", r"preset\.toml: controls\.no\.such"),
        (PRESET_FILE, "half a li", r"preset\.toml"),
        (SCENE_FILE, "schema = 1\nscene = ''\n", r"scene\.toml: scene: empty"),
        (SCENE_FILE, "schema = 1\nscene = 'x'\nlinks = [{source = 'a', destination = 'b:c'}]\n", r"scene\.toml: links"),
    ],
)
def test_a_file_with_an_error_is_named_and_left_as_it_is(tmp_path: Path, name: str, text: str, error: str) -> None:
    save_project(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=error):
        open_saved(tmp_path)
    assert (tmp_path / name).read_text() == text


def test_a_session_whose_preset_is_gone_is_no_new_one(tmp_path: Path) -> None:
    save_project(tmp_path)
    (tmp_path / PRESET_FILE).unlink()
    with pytest.raises(ConfigError, match=r"preset\.toml: is missing; copy it back"):
        open_saved(tmp_path)


@pytest.mark.parametrize("client", ["", "a:b", "x" * 40, "default"])
def test_a_client_id_that_jack_does_not_take_is_refused(tmp_path: Path, client: str) -> None:
    with pytest.raises(ConfigError, match=r"the session's client id: .*; rename the client"):
        open_saved(tmp_path, client)


def test_a_folder_without_its_full_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="full path"):
        open_saved(Path("sessions/song"))


def test_changes_are_reported_until_they_are_saved_or_taken_back(tmp_path: Path) -> None:
    project = open_saved(tmp_path)
    bus = Bus(make_registry(project.settings))
    reported: list[bool] = []
    changes = UnsavedChanges(bus, project.scene, reported.append)
    bus.set("stems.vocals.mute", True, "test")
    bus.set("stems.vocals.mute", True, "test")
    assert reported == [True]
    bus.set("stems.vocals.mute", False, "test")
    assert reported == [True, False]
    bus.set("stems.drums.mute", True, "test")
    saved = changes.read()
    project.save(bus)
    bus.set("stems.bass.mute", True, "test")  # while the files were written: this is in none of them
    changes.note_saved(saved)
    assert reported == [True, False, True]
    bus.set("stems.bass.mute", False, "test")
    assert reported == [True, False, True, False]
    project.scene.save(ActiveScene("stage", LINKS))
    assert reported[-1] is True
    project.save(bus)
    changes.note_saved(changes.read())
    assert reported == [True, False, True, False, True, False]
    changes.close()
    bus.set("stems.bass.mute", True, "test")
    project.scene.save(None)
    assert len(reported) == 6


def test_readings_and_momentary_controls_are_no_changes(tmp_path: Path) -> None:
    bus = Bus(make_registry(USER))
    reported: list[bool] = []
    UnsavedChanges(bus, open_saved(tmp_path).scene, reported.append)
    momentary = [control for control in bus.registry.controls if not control.saved]
    for control in momentary:
        bus.set(control.name, control.high if control.kind != "choice" else control.choices[-1], "test")
    assert reported == []
