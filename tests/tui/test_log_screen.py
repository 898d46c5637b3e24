"""Log screen: lines of all readings by time, filters, scrolling, and the export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.keys import press, show, type_text
from tests.tui.rig import SessionRig
from tui.core.session import MAX_ARRIVALS
from tui.models.log_lines import LogFilter, LogLine, LogLines
from tui.screens.log import LogScreen

NOW_MS = 1_764_338_527_000
"""14:02:07 UTC."""


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def rig() -> SessionRig:
    """A session whose clock is known: second 100 is 14:02:07."""
    rig = SessionRig()
    rig.session.source = "osc:127.0.0.1:50000"
    rig.bus.publish("sideman", "sideman", "1", 2, "a", "h", 1, 0, "default", 44100, "running")
    rig.bus.publish("clock", 441_000, NOW_MS, 1, 1, 1.0, 4, 120.0, "host", "locked", 0.1, 0, "jack", 0.0, "")
    return rig


def list_texts(screen: LogScreen, rig: SessionRig) -> list[str]:
    """The lines between the rules, without blanks at both ends."""
    lines = show(screen, rig).splitlines()
    first, last = (at for at, line in enumerate(lines) if "────" in line)
    return [line.strip() for line in lines[first + 1 : last] if line.strip()]


def test_lines_of_all_readings_are_in_the_order_of_their_times(rig: SessionRig) -> None:
    screen = LogScreen()
    rig.context.now_s = 100.5
    rig.bus.set("stems.vocals.mute", True, "osc:127.0.0.1:50000")
    rig.bus.set("stems.bass.gain_db", -3, "osc:10.0.0.2:9000")
    rig.bus.publish("controllers.message", "nano", "CC 7", 64, "stems.bass.gain_db")
    rig.bus.publish("mir.chord", 441_000 - 44_100, "Am7", 0.91)
    rig.bus.publish("accompaniment.commit", 500_000, 9, "foreseen", "loop", 1.2)
    rig.bus.publish("routing.event", NOW_MS + 100, "cut", "a:1", "b:1")
    rig.bus.publish("log", NOW_MS + 600, "warning", "osc", "late")
    assert list_texts(screen, rig) == [
        "14:02:06.000 mir   mir               chord Am7, 0.91",
        "14:02:07.100 jack  a                 cut a:1 ▸ b:1",
        "14:02:07.500 osc   you               stems.vocals.mute on",
        "14:02:07.500 osc   10.0.0.2:9000     stems.bass.gain_db -3.0 dB",
        "14:02:07.500 midi  nano              CC 7 = 64 ▸ stems.bass.gain_db",
        "14:02:07.500 plan  band              beat 9 foreseen, loop, 1.2 beats ahead",
        "14:02:07.600 WARN  osc               late",
    ]


def test_the_chord_that_is_played_is_a_line_where_it_changes(rig: SessionRig) -> None:
    screen = LogScreen()
    for frame, label in enumerate(("Am", "Am", "D7", "D7", "Am")):
        rig.bus.publish("accompaniment.chord", 441_000 + frame, label, 0.9)
    assert [line.split()[-1] for line in list_texts(screen, rig)] == ["Am", "D7", "Am"]


def test_history_comes_in_at_its_place_and_only_once(rig: SessionRig) -> None:
    screen = LogScreen()
    rig.bus.publish("log", NOW_MS, "info", "a", "new")
    assert len(list_texts(screen, rig)) == 1
    for args in ((NOW_MS - 5000, "info", "a", "old"), (NOW_MS, "info", "a", "new")):
        rig.session.feed("/history/row", ("/log", *args), 101.0)
    assert [line[-3:] for line in list_texts(screen, rig)] == ["old", "new"]


def test_kinds_texts_and_warnings_are_filtered(rig: SessionRig) -> None:
    screen = LogScreen()
    rig.bus.set("stems.vocals.mute", True, "osc:10.0.0.2:9000")
    rig.bus.publish("log", NOW_MS, "error", "osc", "no such control")
    rig.bus.publish("log", NOW_MS, "info", "app", "started")
    press(screen, rig, "o")
    assert [line[-7:] for line in list_texts(screen, rig)] == ["control", "started"]
    press(screen, rig, "o", "w")
    assert len(list_texts(screen, rig)) == 1
    press(screen, rig, "w", "slash")
    type_text(rig, "vocals | st*ed")
    assert len(list_texts(screen, rig)) == 2
    assert "2 of 3 lines" in show(screen, rig)
    press(screen, rig, "escape")
    assert len(list_texts(screen, rig)) == 3


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [("", True), ("VOCALS", True), ("stems*mute", True), ("mute*stems", False), ("x|vocals", True), ("|", True)],
)
def test_a_filter_knows_or_and_anything(text: str, is_shown: bool) -> None:
    line = LogLine(1, 0.0, "osc", "you", "stems.vocals.mute on")
    assert LogFilter(text=text).make_test()(line) is is_shown


def test_scrolling_stands_still_while_more_comes(rig: SessionRig) -> None:
    screen = LogScreen()
    for number in range(100):
        rig.bus.publish("log", NOW_MS + number, "info", "a", f"line {number}")
    assert list_texts(screen, rig)[-1].endswith("line 99")
    press(screen, rig, "pageup", "up")
    before = list_texts(screen, rig)
    assert before[-1].endswith("line 88")
    rig.bus.publish("log", NOW_MS + 200, "info", "a", "more")
    assert list_texts(screen, rig) == before
    assert "stands still, 12 newer" in show(screen, rig)
    press(screen, rig, "G")
    assert list_texts(screen, rig)[-1].endswith("more")
    press(screen, rig, "p")
    rig.bus.publish("log", NOW_MS + 300, "info", "a", "even more")
    assert list_texts(screen, rig)[-1].endswith(" more")
    press(screen, rig, "home")
    assert list_texts(screen, rig)[0].endswith("line 0")


def test_no_more_lines_are_kept_than_the_limit(rig: SessionRig) -> None:
    lines = LogLines()
    for number in range(MAX_ARRIVALS + 50):
        rig.session.feed("/log", (NOW_MS + number, "info", "a", f"line {number}"), 100.0)
        if number % 999 == 0:
            lines.update(rig.session)
    lines.update(rig.session)
    assert len(lines.lines) == len(lines.shown) == MAX_ARRIVALS
    assert lines.shown[0].text == "line 50"


def test_what_is_shown_is_exported_and_an_earlier_export_is_kept(
    rig: SessionRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    screen = LogScreen()
    rig.bus.publish("log", NOW_MS, "error", "osc", "wrong ♫")
    rig.bus.set("stems.vocals.mute", True, "hand")
    press(screen, rig, "w", "e", "w", "e")
    first, second = (
        (tmp_path / name).read_text().splitlines() for name in ("sideman-log.jsonl", "sideman-log-2.jsonl")
    )
    assert [json.loads(line) for line in first] == [
        {"time_ms": NOW_MS, "kind": "log", "level": "error", "source": "osc", "text": "wrong ♫"}
    ]
    assert len(second) == 2
    assert rig.messages[-1][1] == "good"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["sideman-log-2.jsonl", "sideman-log.jsonl"]


def test_a_folder_that_cannot_be_written_is_said(
    rig: SessionRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    screen = LogScreen()
    rig.bus.set("stems.vocals.mute", True, "hand")
    press(screen, rig, "e")
    assert rig.messages[-1][1] == "error"


def test_without_a_clock_lines_come_in_their_order_and_have_no_time() -> None:
    rig, screen = SessionRig(), LogScreen()
    rig.bus.set("stems.vocals.mute", True, "hand")
    rig.bus.set("stems.bass.mute", True, "hand")
    assert [line[:1] for line in list_texts(screen, rig)] == ["–", "–"]
