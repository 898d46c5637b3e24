"""Recorded session of a real sidecar: it fills every screen, and no screen fails at any time of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.core.screen import Context, View
from tui.core.session import Session
from tui.interface.snapshot import draw_whole, to_lines
from tui.screens import SCREENS
from tui.wire.recording import read_recording
from tui.wire.replay import RecordedRemote, Replay

RECORDING = Path(__file__).parent / "data" / "session.rec"
LARGEST_BYTES = 300_000
STEP_S = 1.5


def replay(to_s: float) -> Session:
    """The recorded session at a time of it."""
    session = Session("127.0.0.1:9123")
    Replay(read_recording(RECORDING), session).advance(to_s)
    return session


def test_the_recording_is_small_and_has_a_whole_session() -> None:
    assert RECORDING.stat().st_size < LARGEST_BYTES
    session = replay(9.0)
    assert session.state == "attached"
    assert len(session.values) == len(session.registry.controls) > 70
    assert session.read("sideman")["server"] == "offline"
    assert session.is_on("stems.vocals.mute") and session.get_choice("accompaniment.band.style") == "jazz"
    assert {row["state"] for row in session.read_rows("health")} == {"running"}
    for reading in ("clock", "mir.chord", "mir.key", "counters", "meters", "latency", "accompaniment.commit"):
        assert session.read_rows(reading), reading


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 10)])
def test_every_screen_is_drawn_at_every_time(size: tuple[int, int]) -> None:
    screens = [make() for make in SCREENS]
    session = Session("127.0.0.1:9123")
    replayed = Replay(read_recording(RECORDING), session)
    context = Context(session, RecordedRemote(lambda _text, _role: None), View("stems", *size))
    while not replayed.is_over:
        replayed.advance(replayed.now_s + STEP_S)
        context.now_s = replayed.now_s
        for screen in screens:
            context.view.screen = screen.name
            lines = to_lines(draw_whole(context, screen, screens)).splitlines()
            assert len(lines) == size[1]
