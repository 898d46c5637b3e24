"""Routing screen: keys connect, cut and restore; what is said of the cell of the cursor."""

from __future__ import annotations

import pytest

from tests.tui.keys import answer_yes, press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import make_sample
from tui.screens.routing import RoutingScreen


def find_cell(screen: RoutingScreen, rig: SessionRig, source: str, destination: str) -> None:
    """Move the cursor to a row and a column by their labels."""
    for _ in range(20):
        press(screen, rig, "up", "left")
    for key, words in (("down", source), ("right", destination)):
        for _ in range(20):
            title = show(screen, rig).split("▸" if key == "down" else "─")
            heading = next(line for line in show(screen, rig).splitlines() if "▸ " in line and "───" in line)
            side = heading.partition(" ▸ ")[0 if key == "down" else 2]
            if words in side:
                break
            assert title
            press(screen, rig, key)
        else:
            pytest.fail(f"{words} was not found")


def test_enter_makes_half_a_pair_whole_and_undo_takes_it_back() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman vocals", "ardour Vocals")
    assert "only one side is connected" in show(screen, rig)
    press(screen, rig, "enter")
    assert rig.remote.calls == [("routing.connect", "sideman:vocals", "ardour:Vocals/audio_in")]
    assert "pair made whole: sideman vocals ▸ ardour Vocals" in rig.messages[-1][0]
    assert rig.remote.undos
    rig.remote.undos[-1]()
    assert rig.remote.calls[-1] == ("routing.undo",)


def test_enter_cuts_what_is_whole() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman drums", "ardour Drums")
    press(screen, rig, "enter")
    assert rig.remote.calls == [("routing.cut", "sideman:drums", "ardour:Drums/audio_in")]


def test_a_link_that_waits_is_given_up_port_by_port_in_one_step() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman band", "ardour Band")
    assert "is not there: connected when it comes back" in show(screen, rig)
    press(screen, rig, "enter")
    assert rig.remote.calls == [
        ("routing.cut", "sideman:band_1", "ardour:Band/audio_in 1"),
        ("routing.cut", "sideman:band_2", "ardour:Band/audio_in 2"),
    ]
    assert len(rig.remote.undos) == 1
    rig.remote.undos[0]()
    assert rig.remote.calls[2:] == [("routing.undo",)] * 2


def test_ports_by_themselves_are_connected_by_their_names() -> None:
    rig, screen = make_sample(), RoutingScreen()
    press(screen, rig, "p")
    find_cell(screen, rig, "sideman vocals_2", "ardour Vocals 2")
    press(screen, rig, "enter")
    assert rig.remote.calls == [("routing.connect", "sideman:vocals_2", "ardour:Vocals/audio_in 2")]


def test_audio_is_not_connected_to_midi() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman chords", "ardour Drums")
    press(screen, rig, "enter")
    assert rig.remote.calls == []
    assert rig.messages[-1] == ("midi cannot be connected to audio", "warning")


def test_x_cuts_all_of_a_row() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman mix", "sideman in")
    press(screen, rig, "x")
    assert {one[1] for one in rig.remote.calls} == {"sideman:mix_1", "sideman:mix_2"}
    assert len(rig.remote.calls) == 4


def test_an_error_of_the_sidecar_is_said() -> None:
    rig, screen = make_sample(), RoutingScreen()
    rig.remote.errors["routing.connect"] = "no port is named x"
    find_cell(screen, rig, "sideman bass", "ardour Drums")
    press(screen, rig, "enter")
    assert rig.messages[-1] == ("no port is named x", "error")


def test_scenes_are_saved_restored_and_deleted_after_a_question() -> None:
    rig, screen = make_sample(), RoutingScreen()
    press(screen, rig, "S")
    field = rig.context.view.field
    assert field is not None
    assert field.text == "stage"
    assert field.on_submit is not None
    field.on_submit("encore")
    rig.context.view.field = None
    press(screen, rig, "R", "down", "enter")
    press(screen, rig, "R", "D")
    assert rig.context.view.asked is not None
    assert rig.context.view.asked[0] == "delete scene rehearsal?"
    rig.context.view.asked[1]()
    assert rig.remote.calls == [
        ("routing.save", "encore"),
        ("routing.restore", "rehearsal"),
        ("routing.delete", "rehearsal"),
    ]


def test_the_cursor_stays_at_its_ports_when_others_come_and_go() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman mix", "system playback")
    rig.bus.publish("routing.port", "aaa:new", "aaa", "new", "audio", "in", 0, "", 0)
    for side in (1, 2):
        rig.bus.withdraw("routing.port", f"sideman:drums_{side}")
    assert "sideman mix ▸ system playback" in show(screen, rig)


def test_it_says_why_it_is_empty() -> None:
    rig, screen = SessionRig(), RoutingScreen()
    rig.bus.publish("sideman", "sideman", "0.5.0", 2, "a", "host", 1, 0, "offline", 44100, "running")
    assert "this sidecar plays offline" in show(screen, rig)


def test_clients_are_hidden_and_shown_again() -> None:
    rig, screen = make_sample(), RoutingScreen()
    assert "playback" in show(screen, rig) or "play…" in show(screen, rig)
    press(screen, rig, "c", "down", "down", "enter", "c")
    assert "hidden: system" in show(screen, rig)
    assert "play…" not in show(screen, rig)


def test_what_waits_is_listed() -> None:
    rig, screen = make_sample(160, 50), RoutingScreen()
    assert "sideman:clock ▸ qsynth:midi" in show(screen, rig)


def test_feedback_is_asked_about_before_it_is_connected() -> None:
    rig, screen = make_sample(), RoutingScreen()
    find_cell(screen, rig, "sideman drums", "sideman in")
    press(screen, rig, "enter")
    assert rig.remote.calls == []
    assert rig.context.view.asked is not None and "feedback" in rig.context.view.asked[0]
    answer_yes(rig)
    assert rig.remote.calls == [("routing.connect", "sideman:drums", "sideman:in")]


def test_the_cursor_begins_at_another_program_and_not_at_a_loop() -> None:
    rig, screen = make_sample(), RoutingScreen()
    assert "sideman drums ▸ ardour Drums ──" in show(screen, rig)
