"""MIDI learn on a real server: from a device that nobody knows to a fader that is the vocals, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.core.events import TimedEvent
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import start_together
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.live.test_controllers import LONG_S, RATE, TestPads, at
from tests.waiting import until

pytestmark = pytest.mark.live

VOCALS = "stems.vocals.gain_db"
BOX, FADER = "Fader Box", "cc 79 ch 9"
MOVE_S = 0.02


def make_moves(length_s: int) -> list[TimedEvent]:
    """A fader that goes up and down all the time, a value each 20 ms, as controller 79 on channel 9."""
    positions = [*range(20, 110, 2), *range(110, 20, -2)]
    count = round(length_s / MOVE_S) - 1
    return [at(index * MOVE_S, bytes((0xB8, 79, positions[index % len(positions)]))) for index in range(count)]


def test_from_an_unknown_device_to_a_fader_that_is_vocals_and_back(
    module_server: DummyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "mappings" / "fader_box.toml"
    with (
        sidecar_on(module_server, NO_ENGINES) as sidecar,
        TestPads(module_server, make_moves(LONG_S), LONG_S, BOX) as box,
    ):
        bus = sidecar.bus

        def find_binding() -> str:
            """The state of the fader's binding, empty where there has never been one."""
            rows = [row for row in bus.get_rows("controllers.binding") if row[2] == FADER]
            return str(rows[0][4]) or "bound" if rows else ""

        start_together(box.recorder, margin_frames=RATE // 2)
        box.connect()
        until("the device is seen", lambda: BOX in {row[0] for row in bus.get_rows("controllers.device")})
        bus.trigger("learn.start", VOCALS)
        until(
            "the fader is found",
            lambda: (1, BOX, FADER, "absolute") in {r[:4] for r in bus.get_rows("learn.candidate")},
        )
        assert bus.get(VOCALS) == 0
        bus.trigger("learn.take", "1")
        assert (bus.get_latest("learn.state") or ())[:4] == ("learned", VOCALS, BOX, FADER)
        assert file.exists()
        until("the fader moves the vocals", lambda: bus.get(VOCALS) != 0)
        until("the binding is listed", lambda: find_binding() not in ("", "removed"))
        bus.trigger("learn.undo")
        assert not file.exists()
        until("the binding is gone", lambda: find_binding() == "removed")
