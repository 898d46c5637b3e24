"""Session presets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.preset_lookup import find_preset, get_user_path, list_presets
from bridge.control.registry import Registry
from bridge.control.sidecar import compute_stem_gains, make_sidecar_registry
from bridge.core.control import Control, format_value
from bridge.errors import ConfigError

STYLE = Control("comp.style", 0, 2, 1, kind="choice", choices=("straight", "swing", "shuffle"))
BARS = Control("comp.bars", 1, 8, 4, kind="integer")
HEAD = 'schema = 1\nname = "x"\n[controls]\n'


@pytest.fixture
def registry() -> Registry:
    return make_sidecar_registry({"comp": [STYLE, BARS]})


@pytest.fixture
def bus(registry: Registry) -> Bus:
    return Bus(registry)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    return tmp_path


def write_preset(folder: Path, text: str, name: str = "x") -> Path:
    path = folder / "presets" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_was_saved_comes_back(data: st.DataObject, tmp_path: Path) -> None:
    registry = make_sidecar_registry({"comp": [STYLE, BARS]})
    bus, fresh = Bus(registry), Bus(registry)
    for control in data.draw(st.lists(st.sampled_from(registry.controls), max_size=12)):
        bus.set(control.name, data.draw(st.floats(control.low, control.high)), "test")
    path = tmp_path / "trip.toml"
    preset.save(bus, path)
    preset.apply(preset.load(path, registry), fresh)
    saved = {control.name for control in registry.controls if control.saved}
    assert {n: v for n, v in fresh.values().items() if n in saved} == {
        n: v for n, v in bus.values().items() if n in saved
    }


def test_a_preset_reads_like_the_controls_names(bus: Bus, tmp_path: Path) -> None:
    bus.set("stems.vocals.mute", 1, "test")
    bus.set("comp.style", "shuffle", "test")
    preset.save(bus, tmp_path / "mine.toml")
    lines = (tmp_path / "mine.toml").read_text().splitlines()
    assert lines[:2] == ["schema = 1", 'name = "mine"']
    assert {"stems.vocals.mute = true", 'comp.style = "shuffle"', "comp.bars = 4"} <= set(lines)


def test_a_moments_controls_are_not_saved(bus: Bus, tmp_path: Path) -> None:
    bus.set("latency.mix.ping", 1, "test")
    preset.save(bus, tmp_path / "mine.toml")
    assert "ping" not in (tmp_path / "mine.toml").read_text()


@pytest.mark.parametrize(
    "text",
    [
        '# mine\nschema = 1\nname = "x"\n[controls] # all\nstems.vocals.mute = true # hush\n',
        '# mine\nschema = 1\nname = "x"\n[controls.stems.vocals] # all\nmute = true # hush\n',
        '# mine\nschema = 1\nname = "x"\n[controls] # all\nstems.vocals.mute = true # hush\nstems.gone.mute = true\n',
    ],
)
def test_comments_live_when_a_preset_is_saved_again(bus: Bus, registry: Registry, home: Path, text: str) -> None:
    path = write_preset(home, text)
    bus.set("stems.bass.gain_db", -3, "test")
    preset.save(bus, path)
    after = path.read_text()
    assert after.startswith("# mine\n")
    assert "# all" in after
    assert "mute = false # hush" in after
    assert preset.load(path, registry).values["stems.bass.gain_db"] == -3
    assert "gone" not in after


def test_a_layout_that_defies_editing_is_written_afresh(bus: Bus, registry: Registry, home: Path) -> None:
    text = 'schema = 1\nname = "mine"\ndoc = "why"\n[controls.stems.vocals]\nmute = true\n[controls.latency.mix]\n'
    path = write_preset(home, text + "user_offset_frames = 1\n[controls.stems.drums]\nsolo = true\n")
    preset.save(bus, path)
    again = preset.load(path, registry)
    assert (again.name, again.doc, again.values["stems.vocals.mute"]) == ("mine", "why", 0.0)


def test_a_file_that_is_no_preset_is_not_overwritten(bus: Bus, home: Path) -> None:
    path = write_preset(home, "notes of mine")
    with pytest.raises(ConfigError):
        preset.save(bus, path)
    assert path.read_text() == "notes of mine"


@pytest.mark.parametrize(
    "beyond",
    [
        "[controls.a]\n" + ".".join("b" * 120) + " = 1\n",
        "[controls]\n" + ".".join("b" * 17) + " = 1\n",
        "[controls]\nstems.bass.gain_db = " + "1" * 5000 + "\n",
        "[controls]\nx = " + "[" * 120 + "]" * 120 + "\n",
        "[controls]\nx = " + "{a = " * 120 + "1" + "}" * 120 + "\n",
    ],
)
def test_saving_over_a_file_beyond_the_bounds_keeps_it(bus: Bus, home: Path, beyond: str) -> None:
    text = 'schema = 1\nname = "x"\n' + beyond
    path = write_preset(home, text)
    with pytest.raises(ConfigError) as caught:
        preset.save(bus, path)
    assert str(path) in caught.value.message
    assert path.read_text() == text
    assert [one.name for one in path.parent.iterdir()] == ["x.toml"]


def test_a_file_with_the_same_values_is_not_written(bus: Bus, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "presets" / "x.toml"
    preset.save(bus, path)
    wrote: list[Path] = []
    monkeypatch.setattr(preset, "write_atomic", lambda where, _text: wrote.append(where))
    preset.save(bus, path)
    assert wrote == []
    bus.set("stems.vocals.mute", 1, "test")
    preset.save(bus, path)
    assert wrote == [path]


def test_a_value_of_another_type_is_written_anew(bus: Bus, home: Path) -> None:
    path = home / "presets" / "x.toml"
    preset.save(bus, path)
    path.write_text(path.read_text().replace("comp.bars = 4", "comp.bars = 4.0 # why"))
    preset.save(bus, path)
    assert "comp.bars = 4 # why" in path.read_text()


def test_a_preset_saved_by_notepad_is_read_and_saved_again(bus: Bus, registry: Registry, home: Path) -> None:
    path = write_preset(home, "")
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "comp.bars = 2 # few\n").replace("\n", "\r\n").encode())
    assert preset.load(path, registry).values == {"comp.bars": 2.0}
    preset.save(bus, path)
    assert "comp.bars = 4 # few" in path.read_text(encoding="utf-8")
    assert preset.load(path, registry).values["comp.bars"] == 4.0


def test_nested_tables_and_quoted_names_mean_the_same(registry: Registry, home: Path) -> None:
    for text in ("stems.bass.mute = true", '"stems.bass.mute" = 1', "[controls.stems.bass]\nmute = true"):
        path = write_preset(home, HEAD + text)
        assert preset.load(path, registry).values == {"stems.bass.mute": 1.0}


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("stems.vocal.mute = true", "controls.stems.vocal.mute", "stems.vocals.mute"),
        ("transport.panic = 1", "controls.transport.panic", "it is an action"),
        ("stems.bass.gain_db = 13", "13 is out of range", "-60 to 12"),
        ("stems.bass.mute = 0.5", "0.5 is out of range", "whole number"),
        ("stems.bass.gain_db = nan", "not a finite number", "-60 to 12 dB"),
        ("stems.bass.gain_db = '3'", "'3' is not a value", "a number"),
        ("stems.bass.gain_db = true", "True is not a number", "-60 to 12"),
        ("stems.bass.gain_db = [1]", "a list is not a number", "-60 to 12"),
        ("stems.bass.gain_db = 1979-05-27", "a date is not a number", "-60 to 12"),
        ("comp.style = 'bossa'", "'bossa'", "straight, swing, shuffle"),
        ("latency.mix.ping = true", "is not saved in presets", "remove it"),
        ("stems.bass.mute = true\n'stems.bass.mute' = false", "is set twice", "keep one"),
        ("stems.bass.mute = true\nstems.bass.mute = false", "Cannot overwrite", "correct"),
        ("comp = 1", "no control is named comp", "comp.bars"),
        (".".join("a" * 15) + " = 1", "a.a.a", "sideman controls"),
        (".".join("a" * 60) + " = 1", "line 5: nested more than 16 levels", "the right one"),
    ],
)
def test_an_error_names_file_key_and_fix(registry: Registry, home: Path, text: str, place: str, fix: str) -> None:
    path = write_preset(home, HEAD + "stems.other.mute = true\n" + text)
    with pytest.raises(ConfigError) as caught:
        preset.load(path, registry)
    assert str(path) in caught.value.message
    assert place in caught.value.message
    assert fix in caught.value.hint


def test_the_user_wins_over_what_is_shipped(home: Path, registry: Registry) -> None:
    assert preset.load(find_preset("karaoke"), registry).values["stems.vocals.mute"] == 1
    write_preset(home, HEAD + "stems.bass.mute = true", "karaoke")
    assert preset.load(find_preset("karaoke"), registry).values == {"stems.bass.mute": 1.0}
    origins = {one.name: one.origin for one in list_presets()}
    assert (origins["karaoke"], origins["drumless"]) == ("user", "shipped")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", ".hidden", "a\0b", "x" * 65, "a.toml", "C:x", "a b", "x\n"])
def test_a_name_that_leaves_the_folder_is_refused(name: str) -> None:
    for use in (find_preset, get_user_path):
        with pytest.raises(ConfigError, match="cannot be a preset's name"):
            use(name)


@pytest.mark.parametrize("name", ["CON", "nul", "Aux", "com1", "LPT9"])
def test_a_name_that_some_system_cannot_have_is_refused(home: Path, name: str) -> None:
    write_preset(home, HEAD, name)
    for use in (find_preset, get_user_path):
        with pytest.raises(ConfigError, match="cannot be a preset's name: Windows keeps this name"):
            use(name)
    assert "rename the file" in next(one for one in list_presets() if name in one.name).problem


def test_a_preset_that_differs_in_case_alone_is_not_saved_beside_the_other(home: Path) -> None:
    write_preset(home, HEAD, "mySet")
    assert get_user_path("mySet") == home / "presets" / "mySet.toml"
    for name, other in (("MYSET", "mySet"), ("Karaoke", "karaoke")):
        with pytest.raises(ConfigError, match=f"there is a preset {other} already"):
            get_user_path(name)
        with pytest.raises(ConfigError, match=f"no preset is named {name}"):
            find_preset(name)


def test_an_unknown_preset_comes_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_preset("karoke")
    assert "karaoke" in caught.value.hint


def test_a_broken_preset_is_listed_with_its_problem(home: Path) -> None:
    write_preset(home, "schema = 9", "broken")
    broken = next(one for one in list_presets() if one.name == "broken")
    assert "schema: 9" in broken.problem


def test_no_file_in_the_folder_keeps_the_others_from_being_listed(home: Path) -> None:
    good = [one.name for one in list_presets()]
    write_preset(home, HEAD + "stems.bass.gain_db = " + "9" * 5000, "huge")
    write_preset(home, HEAD + "a." * 20000 + "a = 1", "deep")
    write_preset(home, HEAD, "Zoe\u0308")
    write_preset(home, HEAD, ".draft")
    write_preset(home, HEAD, "a\x1b[2J")
    (home / "presets" / "folder.toml").mkdir()
    (home / "presets" / "utf16.toml").write_bytes(HEAD.encode("utf-16"))
    listed = {one.name: one for one in list_presets()}
    assert [name for name, one in listed.items() if not one.problem] == good
    assert set(listed) - set(good) == {"huge", "deep", "folder", "utf16", "'Zoe\\u0308'", "'a\\x1b[2J'"}
    assert "5,000 figures" in listed["huge"].problem


def test_every_shipped_preset_fits_the_sidecar_and_has_a_doc() -> None:
    registry = make_sidecar_registry({})
    shipped = [one for one in list_presets() if one.origin == "shipped"]
    assert {one.name for one in shipped} >= {"karaoke", "drumless", "rehearsal"}
    for one in shipped:
        loaded = preset.load(find_preset(one.name), registry)
        assert loaded.doc
        assert loaded.name == one.name


def test_one_shipped_preset_after_another_leaves_nothing_of_the_first(bus: Bus, registry: Registry) -> None:
    for name in ("karaoke", "drumless"):
        preset.apply(preset.load(find_preset(name), registry), bus)
    assert compute_stem_gains(bus.values()) == {"drums": 0.0, "bass": 1.0, "vocals": 1.0, "other": 1.0}


def test_plain_values_are_written_as_a_human_would(registry: Registry) -> None:
    assert format_value(registry.get_control("comp.style"), 2.0) == "shuffle"
    assert format_value(registry.get_control("stems.bass.mute"), 1.0) is True
    assert repr(format_value(registry.get_control("comp.bars"), 4.0)) == "4"
