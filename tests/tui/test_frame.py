"""Frame: head, tabs, message and keys, at the sizes of the mock-ups and at absurd ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.plain_screen import PlainScreen
from tests.tui.rig import SessionRig
from tui.core.rows import ROLES, measure_row, to_text
from tui.core.screen import TextField
from tui.drawing.frame import draw_head, draw_tabs, find_tab
from tui.interface.snapshot import draw_whole, to_lines, to_role_lines

TITLES = ("Routing", "Stems", "Song", "Band", "Control", "Presets", "Health", "Jobs", "Log")
SCREENS = tuple(PlainScreen(title.lower(), title, title[0].lower()) for title in TITLES)


def play(rig: SessionRig) -> None:
    """Bar 33, beat 1 of 4, 120 BPM, Am7 and then D7, in G major."""
    rig.bus.publish("clock", 44100, 1000, 1, 33, 1.4, 4, 120.0, "host", "locked", 0.3, 7, "jack", 0.0, "")
    rig.bus.publish("mir.key", 0, "G major", 0.8)
    rig.bus.publish("mir.chord", 0, "Am7", 0.9)
    rig.bus.publish("accompaniment.plan", 133, 0, "Am7", 1.0, "loop")
    rig.bus.publish("accompaniment.plan", 136, 0, "D7", 1.0, "loop")
    rig.bus.publish("counters", 128, 44100, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    rig.bus.publish("latency", "mix", 1024, 1024, 0, 512, 0, 128, 384, 0, 128, 0)


def test_the_head_at_80_columns_is_that_of_the_mock_up() -> None:
    rig = SessionRig()
    play(rig)
    text = to_text(draw_head(rig.session, 0.0, 80))
    assert text.startswith(" SIDEMAN  33.1 ●○○○ 120.0  G  Am7 ▸ D7  ")
    assert text.endswith("  late 0  xruns 0  ● attached")
    assert len(text) == 80


def test_the_head_at_160_columns_says_all_in_words() -> None:
    rig = SessionRig(160, 50)
    play(rig)
    text = to_text(draw_head(rig.session, 0.0, 160))
    assert text.startswith(" SIDEMAN   33.1  ●○○○   120.0 BPM   4/4   G major   Am7 ▸ D7   JACK   ")
    assert text.endswith("   late 0   xruns 0   23.2 ms   ● 127.0.0.1:9123")
    assert len(text) == 160


@pytest.mark.parametrize(
    ("leader", "source", "words"),
    [
        ("host", "jack", "JACK"),
        ("host", "midi", "MIDI clock"),
        ("host", "mtc", "MTC"),
        ("host", "link", "Link"),
        ("host", "internal", "own clock"),
        ("detected", "midi", "music"),
        ("none", "none", "no clock"),
    ],
)
def test_the_head_names_the_clock_in_120_columns(leader: str, source: str, words: str) -> None:
    rig = SessionRig(120, 40)
    play(rig)
    rig.bus.publish("clock", 44100, 1000, 1, 33, 1.25, 4, 120.0, leader, "locked", 0.03, 0, source, 0.0, "")
    assert f"   Am7 ▸ D7   {words} " in to_text(draw_head(rig.session, 0.0, 120))


def test_the_head_says_what_is_unknown_lost_or_wrong() -> None:
    rig = SessionRig()
    assert to_text(draw_head(rig.session, 0.0, 80)).split() == [
        *("SIDEMAN", "–", "–", "late", "–", "xruns", "–", "●", "attached")
    ]
    play(rig)
    rig.bus.publish("counters", 128, 44100, 1, 0, 0, 128, 3, 0, 0, 0, 0, 0, 0, 0)
    assert ("xruns 3", "warning") in draw_head(rig.session, 0.0, 80)
    rig.session.state, rig.session.since_s = "lost", 100.0
    row = draw_head(rig.session, 112.9, 80)
    assert row[-1] == ("LOST 12 s", "error")
    assert {role for text, role in row[:-1] if text.strip()} == {"off"}, "what was known is no longer so"


def test_the_tabs_mark_the_screen_that_is_shown_by_a_sign_and_are_found_by_column() -> None:
    text = to_text(draw_tabs(SCREENS, "song", 80))
    assert text == "  Routing  Stems ▌Song  Band  Control  Presets  Health  Jobs  Log           g go"
    assert find_tab(SCREENS, "song", 80, text.index("Health") + 2) == "health"
    assert find_tab(SCREENS, "song", 80, 78) == ""
    narrow = to_text(draw_tabs(SCREENS, "song", 40))
    assert "▌Song" in narrow
    assert len(narrow) == 40


def test_panic_and_help_are_always_in_the_footer() -> None:
    rig = SessionRig()
    view = rig.context.view
    ends = "! panic  ? help\n"
    assert to_lines(draw_whole(rig.context, SCREENS[0], SCREENS)).endswith(ends)
    view.field = TextField("Find")
    assert to_lines(draw_whole(rig.context, SCREENS[0], SCREENS)).endswith(ends)
    view.field, view.asked = None, ("delete it?", lambda: None)
    assert to_lines(draw_whole(rig.context, SCREENS[0], SCREENS)).endswith(ends)
    assert "delete it?   ↵ yes" in to_lines(draw_whole(rig.context, SCREENS[0], SCREENS))


def test_a_wide_footer_shows_all_keys_and_a_narrow_one_the_chosen() -> None:
    narrow, wide = (
        to_lines(draw_whole(SessionRig(*size).context, SCREENS[0])).splitlines()[-1] for size in ((80, 24), (160, 50))
    )
    assert narrow == " m mute" + " " * 57 + "! panic  ? help"
    assert wide.startswith(" m mute   z rare   space start/stop   u undo   ^R redo   ^S save   ^P palette   f jump  ")


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 250),
    st.integers(1, 80),
    st.text(max_size=200),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.booleans(),
    st.booleans(),
)
def test_every_row_fits_whatever_is_published(
    width: int, height: int, label: str, number: float, ascii_only: bool, console: bool
) -> None:
    rig = SessionRig(width, height)
    rig.context.view.ascii, rig.context.view.console = ascii_only, console
    rig.session.feed("/clock", (0, 0, 1, int(number), number, int(number), number, label, label, 0.0, 0), 1.0)
    rig.session.feed("/mir/chord", (0, label, number), 1.0)
    rig.session.feed("/mir/key", (0, label, number), 1.0)
    rig.context.view.message = label
    rows = draw_whole(rig.context, SCREENS[1], SCREENS)
    assert [measure_row(row) for row in rows] == [width] * height
    assert {role for row in rows for _, role in row} <= set(ROLES)
    assert not ascii_only or all(to_text(row).isascii() for row in rows)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_roles_lie_under_the_text(size: tuple[int, int]) -> None:
    rig = SessionRig(*size)
    rows = draw_whole(rig.context, SCREENS[1], SCREENS)
    for text, roles in zip(to_lines(rows).splitlines(), to_role_lines(rows).splitlines(), strict=True):
        assert [one == " " for one in text] == [one == " " for one in roles[: len(text)]]
