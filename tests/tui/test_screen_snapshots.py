"""Snapshots of the screens: the sample session as text, at the sizes of the mock-ups.

``SIDEMAN_WRITE_SNAPSHOTS=1 pytest tests/tui/test_screen_snapshots.py`` writes them anew: look at the difference.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.sample_session import make_sample
from tui.core.rows import ROLES, measure_row, to_text
from tui.core.screen import Screen
from tui.interface.snapshot import draw_whole, to_lines
from tui.screens import SCREENS

FOLDER = Path(__file__).parent / "snapshots"
SIZES = ((80, 24), (160, 50))
WRITE = "SIDEMAN_WRITE_SNAPSHOTS"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day do not depend on where the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("make_screen", SCREENS, ids=lambda one: one().name)
def test_a_screen_is_drawn_as_its_snapshot(make_screen: Callable[[], Screen], size: tuple[int, int]) -> None:
    rig = make_sample(*size)
    screen = make_screen()
    rig.context.view.screen = screen.name
    rows = draw_whole(rig.context, screen)
    assert {measure_row(row) for row in rows} == {size[0]}
    assert {role for row in rows for _, role in row} <= set(ROLES)
    path = FOLDER / f"{screen.name}_{size[0]}x{size[1]}.txt"
    if os.environ.get(WRITE):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(to_lines(rows), encoding="utf-8")
    assert to_lines(rows) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("make_screen", SCREENS, ids=lambda make: make().name)
def test_ascii_has_whole_keys_and_no_other_sign_in_60_columns(make_screen: Callable[[], Screen]) -> None:
    rig = make_sample()
    rig.context.view.width, rig.context.view.height, rig.context.view.ascii = 60, 20, True
    rows = draw_whole(rig.context, make_screen(), [make() for make in SCREENS])
    assert to_text(rows[-1]).rstrip().endswith("? help")
    assert all(to_text(row).isascii() for row in rows)
