"""Styles by name: the shipped ones, the user's beside and instead of them, and what is wrong with the user's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.core.control import parse_value
from bridge.core.engine import block_for
from bridge.core.engine_registry import load_engine
from bridge.core.events import Chord, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import ConfigError
from bridge.runtime.wiring import wire
from engines.accompaniment import style_lookup
from engines.accompaniment.band import Band, load_band
from engines.accompaniment.performance_controls import STYLE
from engines.accompaniment.style import load_style
from engines.accompaniment.style_lookup import (
    MAX_USER_STYLES,
    SHIPPED_STYLES,
    find_style,
    list_styles,
    list_user_styles,
    load_named,
)
from engines.accompaniment.timeline import HOP

RATE, TEMPO, LEAD = 44100, 120.0, 640
BEAT = 22050
COWBELL = 56
MINE = """
schema = 1
name = "mine"
[drums]
program = 25
[[drums.patterns]]
level = 0.5
hits.cowbell = "9.......9......."
"""
BROKEN = MINE.replace("level = 0.5", "level = 1.5")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of styles."""
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "styles").mkdir()
    return tmp_path / "styles"


def find_drums(band: Band, style: str) -> set[int]:
    """The drums that ``band`` plays in two bars of ``style``."""
    band.prepare(RATE, HOP, LEAD)
    control = next(control for control in band.spec.controls if control.name == STYLE.name)
    block, out = block_for(band.spec.inputs, HOP, band.spec.controls), block_for(band.spec.outputs, HOP)
    block.values = {**block.values, STYLE.name: parse_value(control, style)}
    found: set[int] = set()
    for first in range(0, 8 * BEAT, HOP):
        block.events["chords"] = [TimedEvent(0, Chord(0, 0, 0, 0.9))] if first == 0 else []
        band.process(block, BlockTime(first, RATE, first / BEAT, TEMPO, True, 4, True), out)
        messages = [event.payload.data for event in out.events["midi"] if isinstance(event.payload, Midi)]
        found |= {data[1] for data in messages if data[0] == 0x99 and data[2]}
        for events in out.events.values():
            events.clear()
    return found


def test_the_styles_that_ship_are_those_in_the_folder() -> None:
    files = Path(style_lookup.__file__).with_name("styles").glob("*.toml")
    assert sorted(file.stem for file in files) == sorted(SHIPPED_STYLES)


def test_the_users_style_wins_and_the_others_stay(folder: Path) -> None:
    (folder / "pop.toml").write_text(MINE)
    (folder / "zouk.toml").write_text(MINE)
    assert load_style(find_style("pop")).name == "mine"
    assert load_style(find_style("zouk")).name == "mine"
    assert load_style(find_style("rock")).name == "rock"
    assert {"pop", "zouk", "rock"} <= set(list_styles())


def test_a_users_style_that_cannot_be_read_leaves_the_shipped_one(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "pop.toml").write_text("schema = " + "1" * 5000)
    (folder / "aux.toml").write_text(MINE)
    assert load_named("pop").name == "pop"
    assert "pop.toml: line 1: a number of 5,000 figures" in caplog.text
    assert "aux" not in list_styles()
    with pytest.raises(ConfigError, match="no style is named 'aux'"):
        find_style("aux")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("polka", "techno"), ("../pop", "pop?"), ("Pop.toml", "techno"), ("", "techno"), ("jaz", "jazz?")],
)
def test_an_unknown_style_names_the_most_similar_or_all(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        find_style(name)
    assert repr(name) in error.value.message
    assert hint in error.value.hint


def test_the_users_styles_follow_the_shipped_ones_sorted_by_name(folder: Path) -> None:
    for name in ("zouk", "rock", "bossa", "a-waltz"):
        (folder / f"{name}.toml").write_text(MINE)
    (folder / ".hidden.toml").write_text(MINE)
    (folder / "notes.txt").write_text("no style")
    (style,) = (control for control in load_engine("accompaniment.band").spec.controls if control.name == STYLE.name)
    assert style.choices == (*STYLE.choices, "a-waltz", "bossa", "zouk")
    assert style.shipped_choices == STYLE.choices == SHIPPED_STYLES
    assert (style.default, style.high) == (STYLE.default, len(style.choices) - 1)


def test_without_a_users_style_the_band_is_declared_as_it_ships(folder: Path) -> None:
    assert folder.is_dir()
    assert load_band().spec == Band.spec


def test_a_style_of_the_users_is_played_live(folder: Path) -> None:
    (folder / "zouk.toml").write_text(MINE)
    band = load_band()
    assert find_drums(band, "zouk") == {COWBELL}
    assert COWBELL not in find_drums(band, "rock")


def test_a_style_of_the_users_is_chosen_by_name_and_comes_back_with_a_preset(folder: Path) -> None:
    (folder / "zouk.toml").write_text(MINE)
    registry = Registry()
    registry.add(load_band().spec.controls, "accompaniment.band")
    bus, path = Bus(registry), folder / "evening.toml"
    number = bus.set(STYLE.name, "zouk", "osc")
    assert number == len(SHIPPED_STYLES)
    preset.save(bus, path)
    assert 'accompaniment.band.style = "zouk"' in path.read_text()
    bus.set(STYLE.name, "pop", "osc")
    preset.apply(preset.load(path, registry), bus)
    assert bus.get(STYLE.name) == number


def test_a_broken_style_is_named_with_its_place_and_left_out(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "broken.toml").write_text(BROKEN)
    (folder / "Loud.toml").write_text(MINE)
    (folder / "folder.toml").mkdir()
    (folder / "zouk.toml").write_text(MINE)
    assert list_user_styles() == ("zouk",)
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 3
    for name, place in (
        ("broken", "drums.patterns[0].level"), ("Loud", "small letters"), ("folder", ""),
    ):  # fmt: skip
        (warning,) = (one for one in warnings if str(folder / f"{name}.toml") in one)
        assert place in warning
        assert "left out" in warning


def test_a_folder_that_cannot_be_read_leaves_the_shipped_styles(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", refuse)
        assert list_user_styles() == ()
    assert f"{folder}: cannot be read (Permission denied); check its permissions" in caplog.text


def test_a_worker_gets_the_names_that_the_control_process_found(folder: Path) -> None:
    (folder / "zouk.toml").write_text(MINE)
    (worker,) = wire({"accompaniment": "accompaniment.band"}, RATE, {"accompaniment": 0}).plan.workers
    assert worker.choices == {STYLE.name: (*SHIPPED_STYLES, "zouk")}


def test_no_more_styles_are_held_ready_than_fit(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MAX_USER_STYLES + 1):
        (folder / f"style{number:03}.toml").write_text(MINE)
    assert len(list_user_styles()) == MAX_USER_STYLES
    assert f"style{MAX_USER_STYLES:03}.toml: more than {MAX_USER_STYLES} styles" in caplog.text


def test_a_style_that_appears_or_breaks_while_a_process_runs_moves_no_number(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "zouk.toml").write_text(MINE)
    first = load_band().spec
    (folder / "bossa.toml").write_text(MINE)
    (folder / "zouk.toml").write_text(BROKEN)
    band = load_band()
    assert band.spec == first
    assert COWBELL not in find_drums(band, "zouk")  # the usual style in its place
    assert "zouk.toml: drums.patterns[0].level" in caplog.text
    assert "the shipped pop is played" in caplog.text
