"""List of controls: every kind is drawn and edited without code of its own, and every search finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.rig import SessionRig, sidecar_registry
from tests.tui.test_interface import KeyRig
from tui.core.fuzzy import score, search
from tui.core.registry import Action, Control, Reading
from tui.core.rows import measure_row, to_text
from tui.core.values import find_position, format_value
from tui.drawing.control_rows import describe_item, draw_item


def open_at(name: str) -> KeyRig:
    keys = KeyRig()
    keys.interface.open_controls(name)
    return keys


def test_every_control_action_and_reading_is_in_the_list() -> None:
    keys = KeyRig()
    keys.press("ctrl+g")
    seen = ""
    for _ in range(40):
        seen += keys.read()
        keys.press("pagedown")
    registry = sidecar_registry()
    names = [one.name for one in registry.controls] + [one.name for one in registry.actions]
    for name in names + [one.name for one in registry.readings]:
        assert name[:31] in seen, name


@pytest.mark.parametrize(
    ("name", "keys_pressed", "expected"),
    [
        ("stems.vocals.mute", ("enter",), 1.0),
        ("stems.direct", ("right",), 1.0),
        ("stems.bass.gain_db", ("right",), 0.72),
        ("stems.bass.gain_db", ("shift+left",), -7.2),
        ("accompaniment.band.style", ("right",), 6.0),
        ("accompaniment.band.style", ("enter", "down", "enter"), 6.0),
        ("accompaniment.band.seed", ("4", "2", "enter"), 42.0),
        ("stems.bass.gain_db", ("minus", "6", "enter"), -6.0),
        ("mir.tempo_prior_bpm", ("9", "0", "enter"), 90.0),
    ],
)
def test_keys_edit_by_kind(name: str, keys_pressed: tuple[str, ...], expected: float) -> None:
    keys = open_at(name)
    keys.press(*keys_pressed)
    assert keys.rig.bus.get(name) == pytest.approx(expected, abs=1e-5)
    keys.press("backspace")
    assert keys.rig.session.get(name) == keys.rig.session.registry.controls[name].default


def test_the_palette_opens_above_the_list_and_takes_what_is_typed() -> None:
    keys = open_at("stems.vocals.mute")
    keys.press("ctrl+p")
    keys.type("rule")  # u and l are undo and more in the list
    assert "Find › rule" in keys.read()
    assert not keys.rig.bus.get("stems.vocals.mute")
    keys.press("escape")
    keys.interface.open_controls("stems.vocals.mute")
    keys.press("z")
    assert "this key does nothing here" in keys.read()


@pytest.mark.parametrize(("typed", "words"), [("9.9.", "is no number"), ("99", "99 is beyond -60 … 12 dB")])
def test_a_wrong_number_is_refused_with_the_range(typed: str, words: str) -> None:
    keys = open_at("stems.bass.gain_db")
    keys.type(typed)
    keys.press("enter")
    assert words in keys.read()
    assert keys.rig.bus.get("stems.bass.gain_db") == 0.0


def test_slash_finds_by_name_and_description() -> None:
    keys = open_at("")
    keys.press("slash")
    keys.type("swing")
    keys.press("enter")
    assert "▌accompaniment.band.swing" in keys.read()


@pytest.mark.parametrize(
    ("control", "value", "text"),
    [
        (Control("a", -60, 12, 0, "dB", "linear", "", step=0.72), -3.04, "-3.0 dB"),
        (Control("a", -60, 12, 0, "dB", "linear", "", step=0.72), 3, "3.0 dB"),
        (Control("a", 0, 1, 0, "", "linear", "", step=0.01), 0.62, "0.62"),
        (Control("a", 0, 48000, 0, "frames", "integer", ""), 44100, "44100 frames"),
        (Control("a", 0, 1, 0, "", "switch", ""), 1, "on"),
        (Control("a", 1, 3, 1, "", "choice", "", ("x", "y", "z")), 3, "z"),
        (Control("a", 1, 3, 1, "", "choice", "", ("x", "y", "z")), 9, "9"),
    ],
)
def test_values_are_shown_with_unit_and_word(control: Control, value: float, text: str) -> None:
    assert format_value(control, value) == text


def test_a_log_control_lies_by_its_ratio() -> None:
    control = Control("a", 50, 200, 100, "BPM", "log", "")
    assert find_position(control, 100) == pytest.approx(0.5)
    assert find_position(control, 1e9) == 1.0
    assert find_position(Control("a", 1, 1, 1, "", "linear", ""), 1) == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 250), st.floats(-1e9, 1e9), st.booleans())
def test_every_row_fits(width: int, value: float, here: bool) -> None:
    rig = SessionRig()
    registry = rig.session.registry
    items: list[Control | Action | Reading] = [*registry.controls.values(), *registry.actions.values()]
    for item in [*items, *registry.readings.values()]:
        rig.session.values[item.name] = value
        assert measure_row(draw_item(item, rig.session, here, width)) == width
        assert all(measure_row(row) <= max(width, 2) for row in describe_item(item, width))


def test_what_is_on_is_said_by_a_word() -> None:
    rig = SessionRig()
    mute = rig.session.registry.controls["stems.drums.mute"]
    assert "[off]" in to_text(draw_item(mute, rig.session, False, 80))
    rig.bus.set("stems.drums.mute", True, "test")
    assert "[on ]" in to_text(draw_item(mute, rig.session, False, 80))


def test_a_word_scores_above_its_letters_and_a_description_below_both() -> None:
    names = ("stems vocals mute", "stems voices outer circle also", "stems drums mute")
    assert score("vocals", names[0]) > score("vocals", names[1]) >= score("vocals", names[2]) == 0.0
    assert score("silence", "stems drums mute", "Silence of a stem") > 0
    assert search("drums", names, lambda name: (name, "vocals")) == ["stems drums mute"]
    assert search("", names, lambda name: (name, "")) == list(names)


def test_of_names_that_fit_equally_the_faders_come_first_as_in_the_registry() -> None:
    names = list(sidecar_registry())
    found = search("vocals", [one.name for one in names], lambda name: (name, ""))
    faders = ["stems.vocals.gain_db", "stems.vocals.mute", "stems.vocals.solo"]
    inserts = [f"inserts.vocals.{key}" for key in ("chain", "bypass", "reserve_frames")]
    assert sorted(found) == sorted([*faders, "latency.vocals.ping", *inserts])
    assert found[:3] == faders
    assert [name for name in found if name in inserts] == inserts
