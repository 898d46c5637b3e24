"""Ardour's OSC surface: its transport rolls, stops and goes where we say, and markers lie to the sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.daw.osc_surfaces.surface_service import OscSurfaceService
from bridge.drivers.dummy_server import DummyServer
from bridge.errors import ControlError
from bridge.runtime.graph import Graph
from bridge.settings import DawSettings
from engines.backing.accompany_command import accompany
from tests.daw_live.ardour import Ardour, open_ardour
from tests.daw_live.ardour_session import enable_osc, read_markers
from tests.daw_live.rig import NAME, RATE
from tests.waiting import until

pytestmark = [pytest.mark.daw, pytest.mark.live]


@pytest.fixture(scope="module")
def ardour(server: DummyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ardour]:
    """Ardour with an empty session and OSC on its default port."""
    work = tmp_path_factory.mktemp("ardour")
    with Ardour(None, work / "home") as writer:
        writer.run(f's = create_session("{work / "s"}", "{NAME}", {RATE})')
        writer.run('s:save_state("")')
        writer.run("close_session()")
    enable_osc(work / "s", NAME)
    with open_ardour(server, work / "home", work / "s", NAME) as running:
        yield running


def call(action: str, *arguments: str) -> Any:
    """Run an action on Ardour at its default port."""
    service = OscSurfaceService(DawSettings(kind="ardour"))
    service.attach(cast("Graph", SimpleNamespace(plan=SimpleNamespace(rate=RATE))))
    return cast("Any", service.handlers()[action])(*arguments)


@pytest.mark.usefixtures("ardour")
def test_ardours_transport_is_driven(ardour: Ardour) -> None:
    call("daw.locate", "2.5")
    assert ardour.number("s:transport_sample()") == 2.5 * RATE
    assert call("daw.position") == [(2.5, 0)]
    call("daw.start")
    until("it rolls", lambda: call("daw.position")[0][0] > 2.5)
    with pytest.raises(ControlError, match="Ardour rolls"):
        call("daw.marker", "1", "chorus")
    call("daw.stop")
    ardour.wait_until("s:transport_stopped()")


def test_markers_lie_to_the_sample(ardour: Ardour, tmp_path: Path) -> None:
    ardour.wait_until("s:transport_stopped()")
    file = tmp_path / "song.json"
    keys = [{"start_s": 1.5, "label": "C major"}, {"start_s": 3.00001, "label": "A minor"}]
    file.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    call("daw.markers", str(file))
    call("daw.marker", "0.25", "verse 1")
    expected = [(0.25, "verse 1"), (1.5, "C major"), (round(3.00001 * RATE) / RATE, "A minor")]
    wait_for_markers(ardour, expected)


def test_sections_are_added_once_however_often_they_are_sent(ardour: Ardour, tmp_path: Path) -> None:
    ardour.wait_until("s:transport_stopped()")
    before = read_session_markers(ardour)
    sheet = tmp_path / "song.txt"
    sheet.write_text("tempo: 96\n[verse]\n| C | F | G | C |\n[chorus]\n| F | G | C | C |\n", encoding="utf-8")
    accompany(str(sheet), out=tmp_path)
    for _ in range(2):
        rows = call("daw.markers", str(tmp_path / "band.mid"))
    call("daw.marker", "20", "end")  # what comes before it has arrived when it has
    wait_for_markers(ardour, sorted([*before, *((round(at * RATE) / RATE, name) for at, name in rows), (20.0, "end")]))


def read_session_markers(ardour: Ardour) -> list[tuple[float, str]]:
    """Seconds and name of each marker of the session, in order."""
    ardour.run('s:save_state("")')
    return read_markers(Path(ardour.run("return s:path()")), NAME)


def wait_for_markers(ardour: Ardour, expected: list[tuple[float, str]]) -> None:
    def are_saved() -> bool:
        found = read_session_markers(ardour)
        same_names = [name for _, name in found] == [name for _, name in expected]
        return same_names and all(abs(one[0] - wanted[0]) < 1e-6 for one, wanted in zip(found, expected, strict=True))

    until(f"the markers {expected}", are_saved)
