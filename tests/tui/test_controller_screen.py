"""Controller screen: devices, bindings, and learning a fader by keys."""

from __future__ import annotations

from tests.tui.keys import press, show, type_text
from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.screens.controllers import ControllerScreen


def listen(rig: SessionRig, control: str) -> None:
    """As the sidecar, after learning has begun and two faders were moved."""
    rig.bus.publish("learn.state", "listening", control, "Launch Control XL", "CC 79", "absolute", "take it")
    rig.bus.publish("learn.candidate", 1, "Launch Control XL", "CC 79", "absolute", 0.6, "stems.vocals.gain_db")
    rig.bus.publish("learn.candidate", 2, "Launch Control XL", "CC 80", "absolute", 0.2, "")
    rig.bus.publish("learn.candidate", 3, "", "", "", 0.0, "")


def test_devices_are_shown_with_what_to_do_about_them() -> None:
    shown = show(ControllerScreen(), make_sample())
    assert "● Launch Control XL   connected  6 bound" in shown
    assert "○ FS-1 pedal          MISSING    1 bound, plug it in" in shown


def test_a_binding_has_its_value_and_where_the_fader_must_go() -> None:
    rig, screen = make_sample(), ControllerScreen()
    rig.bus.set("stems.vocals.gain_db", -24.0, "hand")
    line = next(line for line in show(screen, rig).splitlines() if "stems.vocals.gain_db" in line and "CC 79  " in line)
    assert "-24.0 dB" in line
    assert line.count("━") == 6
    assert line.endswith("move to 83 %")


def test_enter_learns_the_selected_control_and_takes_the_chosen_candidate() -> None:
    rig, screen = make_sample(), ControllerScreen()
    show(screen, rig)
    press(screen, rig, "down", "enter")
    assert rig.remote.calls == [("learn.start", "stems.bass.gain_db")]
    listen(rig, "stems.bass.gain_db")
    shown = show(screen, rig)
    assert "LEARN stems.bass.gain_db" in shown
    assert "sets stems.vocals.gain_db now" in shown
    assert [line[:7] for line in shown.splitlines() if "▌" in line] == [" ▌CC 79"]
    press(screen, rig, "down", "enter")
    assert rig.remote.calls[-1] == ("learn.take", "2")
    rig.remote.undos[-1]()
    assert rig.remote.calls[2:] == [("learn.undo",)]


def test_nothing_is_taken_before_something_was_moved_and_esc_ends_it() -> None:
    rig, screen = make_sample(), ControllerScreen()
    rig.bus.publish("learn.state", "listening", "stems.bass.mute", "", "", "", "press a button")
    press(screen, rig, "enter")
    assert rig.remote.calls == []
    press(screen, rig, "escape")
    assert rig.remote.calls == [("learn.cancel",)]


def test_any_control_or_preset_is_found_and_learned() -> None:
    rig, screen = make_sample(), ControllerScreen()
    press(screen, rig, "slash")
    type_text(rig, "vocals solo")
    assert "stems.vocals.solo" in show(screen, rig)
    press(screen, rig, "slash")
    type_text(rig, "preset.load late set")
    assert rig.remote.calls == [("learn.start", "stems.vocals.solo"), ("learn.start", "preset.load late set")]


def test_x_forgets_and_only_what_is_bound() -> None:
    rig, screen = make_sample(), ControllerScreen()
    press(screen, rig, "x")
    assert rig.remote.calls == [("learn.forget", "stems.drums.gain_db")]
    press(screen, rig, "slash")
    type_text(rig, "vocals solo")
    press(screen, rig, "x")
    assert rig.remote.calls[1:] == [("learn.start", "stems.vocals.solo")]
    assert rig.messages[-1] == ("nothing is bound to it", "warning")


def test_a_refusal_is_shown() -> None:
    rig, screen = make_sample(), ControllerScreen()
    rig.remote.errors["learn.start"] = "no such control"
    press(screen, rig, "enter")
    assert rig.messages[-1] == ("no such control", "error")


def test_rows_of_an_older_sidecar_that_are_removed_are_left_out() -> None:
    rig, screen = make_sample(), ControllerScreen()
    rig.bus.publish("controllers.device", "FS-1 pedal", "", "", "", "removed", "")
    rig.bus.publish("controllers.binding", "FS-1 pedal/CC 64", "FS-1 pedal", "CC 64", "", "removed")
    shown = show(screen, rig)
    assert "FS-1" not in shown
    assert "─ 6 bound" in shown
