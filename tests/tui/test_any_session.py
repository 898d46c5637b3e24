"""Every screen at every size, whatever the session holds: no error, and every row fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tui.rig import SessionRig
from tests.tui.wild_sessions import NAMES, VALUES, draw_session
from tui.core.rows import measure_row
from tui.core.screen import Context, Screen, View
from tui.core.session import Session
from tui.screens import SCREENS as ALL_SCREENS
from tui.screens.band import BandScreen
from tui.screens.controllers import ControllerScreen
from tui.screens.health import HealthScreen
from tui.screens.jobs import JobScreen
from tui.screens.log import LogScreen
from tui.screens.presets import PresetScreen
from tui.screens.routing import RoutingScreen
from tui.screens.song import SongScreen
from tui.screens.stems import StemsScreen

SCREENS: tuple[tuple[Callable[[], Screen], tuple[str, ...]], ...] = (
    (RoutingScreen, ("routing", "sideman", "counters")),
    (StemsScreen, ("meters", "latency", "sideman", "counters")),
    (BandScreen, ("clock", "accompaniment", "sideman", "counters")),
    (
        HealthScreen,
        ("latency", "worker", "health", "callback", "clock", "accompaniment.lookahead", "sideman", "counters"),
    ),
    (SongScreen, ("clock", "mir", "accompaniment", "sideman", "counters")),
    (ControllerScreen, ("controllers", "learn", "preset")),
    (PresetScreen, ("preset",)),
    (
        HealthScreen,
        ("latency", "worker", "health", "callback", "clock", "accompaniment.lookahead", "sideman", "counters"),
    ),
    (JobScreen, ("jobs", "log", "sideman")),
    (LogScreen, ("log", "change", "controllers", "mir", "accompaniment", "routing", "clock", "sideman", "counters")),
)
"""Screens, and the readings that they show."""
SIZES = [(40, 10), (80, 24), (81, 25), (140, 44), (160, 50), (250, 80), (200, 15), (50, 70), (20, 5)]


@pytest.fixture(autouse=True)
def _stay_in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key exports goes into a folder of the test's."""
    monkeypatch.chdir(tmp_path)


def check_rows(screen: Screen, context: Context) -> None:
    """What is drawn fits."""
    width, height = context.view.width, context.view.height - 5
    rows = screen.draw(context, width, height)
    assert len(rows) <= height
    assert {measure_row(row) for row in rows} <= {width}
    assert all(text.isprintable() for row in rows for text, _ in row)


@pytest.fixture(autouse=True)
def _work_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a key writes, such as the log's export, goes into a folder of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("make_screen", "prefixes"), SCREENS, ids=lambda one: getattr(one, "__name__", ""))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_session_is_drawn(
    make_screen: Callable[[], Screen], prefixes: tuple[str, ...], data: st.DataObject
) -> None:
    session = data.draw(draw_session(prefixes))
    rig = SessionRig()
    rig.context.session = session
    rig.remote.results["preset.show"] = [
        {"control": data.draw(NAMES), "value": data.draw(VALUES)} for _ in range(data.draw(st.integers(0, 3)))
    ]
    screen = make_screen()
    keys = {key: action.run for action in screen.actions for key in action.keys}
    for _ in range(data.draw(st.integers(0, 6))):
        rig.context.view.width, rig.context.view.height = data.draw(st.sampled_from(SIZES))
        check_rows(screen, rig.context)
        keys[data.draw(st.sampled_from(sorted(keys)))](rig.context)
        field = rig.context.view.field
        if field is not None and data.draw(st.booleans()):
            rig.context.view.field = None
            if field.on_submit is not None:
                field.on_submit(data.draw(st.sampled_from(["", "a", "vocals|x*", "日本"])))
    check_rows(screen, rig.context)


@pytest.mark.parametrize(("make_screen", "prefixes"), SCREENS, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("size", SIZES)
def test_an_empty_session_is_drawn(
    make_screen: Callable[[], Screen], prefixes: tuple[str, ...], size: tuple[int, int]
) -> None:
    rig = SessionRig()
    for session in (Session(), Session(state="attached"), Session(state="lost")):
        context = Context(session, rig.remote, View(width=size[0], height=size[1]))
        check_rows(make_screen(), context)


def test_every_screen_is_tried() -> None:
    assert {one for one, _ in SCREENS} == set(ALL_SCREENS)


def test_a_thousand_ports_and_five_hundred_presets_are_drawn_and_gone_through() -> None:
    rig = SessionRig()
    for number in range(1000):
        client, direction = f"client {number // 40}", "out" if number % 2 else "in"
        name = f"{'long ' * 40}{direction} {number}"
        rig.session.feed(
            "/routing/port",
            (f"{client}:{name}", client, name, "midi" if number % 7 == 0 else "audio", direction, 0, "", 64),
            0.0,
        )
    for number in range(500):
        rig.session.feed("/preset/entry", (f"日本 {number}" * 20, "user", 60, "doc " * 50, ""), 0.0)
    for screen in (RoutingScreen(), PresetScreen()):
        keys = {key: action.run for action in screen.actions for key in action.keys}
        for size in SIZES:
            rig.context.view.width, rig.context.view.height = size
            check_rows(screen, rig.context)
            for key in ("pagedown", "down", "right", "tab"):
                if key in keys:
                    keys[key](rig.context)
            check_rows(screen, rig.context)
