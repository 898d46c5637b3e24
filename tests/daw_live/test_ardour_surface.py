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
from tests.daw_live.ardour import Ardour
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
    with Ardour(server, work / "home") as running:
        running.run(f's = assert(load_session("{work / "s"}", "{NAME}"), "no session")')
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
    folder = Path(ardour.run("return s:path()"))
    expected = {"C major": 1.5, "A minor": round(3.00001 * RATE) / RATE, "verse 1": 0.25}

    def are_saved() -> bool:
        ardour.run('s:save_state("")')
        found = read_markers(folder, NAME)
        return found.keys() == expected.keys() and all(abs(found[name] - at) < 1e-6 for name, at in expected.items())

    until("the markers", are_saved)
