"""Shipped mappings on a real server: a device with its name and its messages, as they come from the maker's list."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_recorder import start_together
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.live.test_controllers import RATE, TestPads, at
from tests.waiting import until

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    ("name", "mapping", "press", "release", "lit", "first", "last"),
    [
        (
            "APC mini mk2 Control", "akai_apc_mini_mk2", "90 67 7F", "80 67 00", "90 67 01",
            "F0 47 7F 4F 62 00 01 00", "F0 47 7F 4F 62 00 01 00",
        ),
        (
            "Launchpad X LPX MIDI", "novation_launchpad_x", "90 0E 50", "90 0E 00", "90 0E 05",
            "F0 00 20 29 02 0C 0E 01", "F0 00 20 29 02 0C 0E 00",
        ),
        (
            "Launchkey MK3 49 LKMK3 DAW", "novation_launchkey_mk3", "90 73 7F", "90 73 00", "90 73 05",
            "9F 0C 7F", "9F 0C 00",
        ),
    ],
    ids=["apc_mini_mk2", "launchpad_x", "launchkey_mk3"],
)  # fmt: skip
def test_a_device_is_known_by_its_name_mutes_a_stem_and_is_left_as_it_was(
    module_server: DummyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, mapping: str, press: str, release: str, lit: str, first: str, last: str,
) -> None:  # fmt: skip
    """Without engines: what the mapping does to the band is left out, and the stems work. The recorder keeps the first

    eight bytes of a message.
    """
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    events = [at(6, bytes.fromhex(press)), at(6.1, bytes.fromhex(release))]
    with TestPads(module_server, events, 9, name) as pads:
        with sidecar_on(module_server, NO_ENGINES) as sidecar:
            start_together(pads.recorder, margin_frames=RATE // 2)
            pads.connect()
            until("the set-up", lambda: bytes.fromhex(first) in pads.messages)
            until("the light", lambda: bytes.fromhex(lit) in pads.messages)
            assert sidecar.bus.get("stems.other.mute") == 1.0
            rows = sidecar.bus.get_rows("controllers.device")
            assert [row[1] for row in rows if row[4] != "removed"] == [mapping]
        until("the last message", lambda: pads.messages[-1] == bytes.fromhex(last))
        pads.recorder.wait(60)
        sound = pads.recorder.recorded[0]
    assert sound[5 * RATE : 6 * RATE].max() == 1.0
    assert sound[int(6.6 * RATE) : 7 * RATE].max() == 0.0
