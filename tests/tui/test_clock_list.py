"""Clock on the song screen: which one leads and how well, the others, and the list from which one is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.keys import press, show
from tests.tui.rig import SessionRig
from tests.tui.sample_session import BAR_BEATS, NOW_FRAME, NOW_MS
from tui.core.rows import to_text
from tui.drawing.health_rows import draw_machine
from tui.screens.song import SongScreen

NAMES = ["auto", "jack", "midi", "mtc", "link", "internal"]


def make_rig(source: str, candidates: str = "", leader: str = "host", width: int = 80) -> SessionRig:
    rig = SessionRig(width)
    quality = ("locked", 0.034, 0, source, 12.34, candidates)
    rig.bus.publish("clock", NOW_FRAME, NOW_MS, 1, 33, 1.25, BAR_BEATS, 120.0, leader, *quality)
    control = rig.session.registry.controls["clock.source"]
    rig.session.registry.controls["clock.source"] = replace(control, unavailable=())
    return rig


def find_row(shown: str, *words: str) -> str:
    return next(row for row in shown.splitlines() if all(word in row for word in words))


@pytest.mark.parametrize(
    ("source", "title", "drift"),
    [
        ("jack", "JACK transport", False),
        ("midi", "MIDI clock", False),
        ("mtc", "MIDI time code", True),
        ("link", "Ableton Link", True),
        ("internal", "our own", False),
    ],
)
def test_the_clock_that_leads_is_named_with_lock_jitter_and_drift(source: str, title: str, drift: bool) -> None:
    """Drift where it is measured; MIDI clock's cannot be known."""
    rig = make_rig(source)
    row = find_row(show(SongScreen(), rig), "clock ")
    machine = "\n".join(to_text(row) for row in draw_machine(rig.session, 78, False))
    for shown in (row, find_row(machine, "clock")):
        assert all(word in shown for word in (title, "locked", "jitter 0.03 ms"))
        assert ("drift +12 ppm" in shown) == drift
    assert "by auto" in row


def test_other_clocks_that_are_there_have_a_row_of_their_own_in_80_columns() -> None:
    rig = make_rig("link", "internal midi*")
    assert find_row(show(SongScreen(), rig), "also").strip() == "also MIDI clock rolls, our own there"
    rig = make_rig("link", "internal midi*", width=160)
    assert "also MIDI clock rolls, our own there" in find_row(show(SongScreen(), rig), "clock", "Ableton Link")


def test_where_the_music_leads_no_source_does() -> None:
    rig = make_rig("midi", "midi*", leader="detected")
    screen = SongScreen()
    assert "the music" in find_row(show(screen, rig), "clock ")
    press(screen, rig, "s")
    assert "leads" not in find_row(show(screen, rig), "midi ")
    rig = make_rig("none", leader="none")
    assert "clock   –" in show(SongScreen(), rig)
    rig.bus.set("clock.source", "internal", "osc")
    assert "our own     stands · source internal" in show(SongScreen(), rig)


def test_a_clock_that_has_stopped_has_no_jitter() -> None:
    rig = make_rig("internal")
    rig.bus.publish(
        "clock", NOW_FRAME, NOW_MS, 0, 33, 1.25, BAR_BEATS, 120.0, "host", "free", 0.0, 0, "internal", 0.0, ""
    )
    assert "our own     stands · by auto" in show(SongScreen(), rig)


def test_a_source_is_taken_from_the_list_and_nothing_is_set_before() -> None:
    rig, screen = make_rig("jack", "midi*"), SongScreen()
    press(screen, rig, "s")
    shown = show(screen, rig)
    assert [row.split()[0].strip("▌[]") for row in shown.splitlines()[-6:]] == NAMES
    assert "▌[auto]" in shown
    assert "leads" in find_row(shown, "jack", "transport")
    assert "rolls" in find_row(shown, "midi", "clock")
    press(screen, rig, "down", "down", "down", "k")
    assert "▌ midi" in show(screen, rig)
    assert rig.session.get_choice("clock.source") == "auto"
    press(screen, rig, "enter")
    assert rig.session.get_choice("clock.source") == "midi"
    assert "Clock source" not in show(screen, rig)
    press(screen, rig, "s", "down", "escape", "enter", "down")
    assert rig.session.get_choice("clock.source") == "midi"


def test_the_cursor_stays_in_the_list() -> None:
    rig, screen = make_rig("jack"), SongScreen()
    press(screen, rig, "s", *["down"] * 9)
    assert "▌ internal" in show(screen, rig)
    press(screen, rig, *["up"] * 9)
    assert "▌[auto]" in show(screen, rig)


def test_a_source_that_is_not_installed_is_refused_with_what_helps() -> None:
    rig, screen = make_rig("jack"), SongScreen()
    control = rig.session.registry.controls["clock.source"]
    rig.session.registry.controls["clock.source"] = replace(control, unavailable=(NAMES.index("link"),))
    press(screen, rig, "s")
    assert "not installed: see sideman doctor" in find_row(show(screen, rig), "link")
    press(screen, rig, *["down"] * 4, "enter")
    assert rig.session.get_choice("clock.source") == "auto"
    assert rig.messages == [("Ableton Link cannot be chosen: sideman doctor says what to install", "warning")]


def test_a_sidecar_without_the_control_says_so() -> None:
    rig, screen = make_rig("jack"), SongScreen()
    del rig.session.registry.controls["clock.source"]
    press(screen, rig, "s")
    assert rig.messages == [("this sidecar has no clock.source", "warning")]
    assert "by auto" not in show(screen, rig)
