"""DAW session: the port that is offered to a DAW, and the state in which the DAW has proved itself."""

from __future__ import annotations

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_session import PORT_NAME, make_daw_session
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.controllers.mcu.handshake import HostHandshake
from bridge.controllers.mcu.protocol import UNIT_MAIN
from bridge.controllers.ports.session import DeviceSession
from tests.controllers.fake_midi import FakePort
from tests.controllers.mcu.simulated_daw import SimulatedDaw, Track

TICK_S = 0.01
LET_GO = [bytes((0x90, 0x68 + strip, 0)) for strip in range(8)]


class Cable:
    """A session, and the other end of its port: a DAW with a handshake, or without one."""

    def __init__(self, daw: SimulatedDaw, has_handshake: bool = True) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.port = FakePort(PORT_NAME)
        surface = DawSurface(self.bus, make_strips(self.bus.registry))
        self.session: DeviceSession = make_daw_session(self.port, surface)
        self.daw = daw
        self.host = HostHandshake(UNIT_MAIN)
        self.has_handshake = has_handshake
        self.now_s = 100.0
        self._read = 0
        self.session.start(self.now_s)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            self.port.inbox += self.daw.take_output(self.now_s)
            if self.has_handshake:
                self.port.inbox += self.host.update(self.now_s)
            for message in self.port.sent[self._read :]:
                if self.has_handshake:
                    self.port.inbox += self.host.receive(message, self.now_s)
                self.daw.receive(message, self.now_s)
            self._read = len(self.port.sent)
            self.session.update(self.now_s)

    def is_confirmed(self) -> bool:
        return self.session.state == "confirmed"


def gain_db(cable: Cable, stem: str) -> float:
    return cable.bus.get(f"stems.{stem}.gain_db")


def test_a_daw_with_a_handshake_is_confirmed_and_moves_stems() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 0)]))
    assert not cable.is_confirmed()
    cable.run(1.0)
    cable.daw.connect(cable.now_s)
    cable.run(1.0)
    assert cable.is_confirmed()
    assert cable.host.is_confirmed
    assert gain_db(cable, "bass") == -60.0


@pytest.mark.parametrize("message", [b"\xf8", b"\xfe", b"\x90\x3c\x40", b"\xf0\x7e\x7f\x06\x01\xf7"])
def test_other_traffic_leaves_it_a_port(message: bytes) -> None:
    cable = Cable(SimulatedDaw([]), has_handshake=False)
    for _ in range(100):
        cable.port.inbox += [message] * 24
        cable.run(0.1)
    assert not cable.is_confirmed()
    assert cable.port.sent[:8] == LET_GO
    assert len(cable.port.sent) == 9  # and the query


def test_a_daw_that_never_asks_is_served() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 0)]), has_handshake=False)
    cable.daw.connect(cable.now_s)
    cable.run(4.0)
    assert not cable.is_confirmed()
    assert gain_db(cable, "bass") == -60.0
    cable.bus.set("stems.bass.gain_db", 12.0, "osc")
    cable.run(1.0)
    assert cable.daw.tracks[0].fader == 16383


def test_what_the_daw_shows_before_its_handshake_is_complete_counts() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 0)]))
    cable.port.inbox += cable.host.start(cable.now_s)
    cable.daw.connect(cable.now_s)
    cable.run(1.0)
    assert cable.is_confirmed()
    assert gain_db(cable, "bass") == -60.0
    cable.daw.move(0, 16383, cable.now_s)
    cable.run(1.0)
    assert gain_db(cable, "bass") == 12.0


def test_a_daw_that_restarts_is_asked_again_and_its_values_win() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 0)]))
    cable.daw.connect(cable.now_s)
    cable.run(1.0)
    cable.bus.set("stems.bass.gain_db", -20.0, "osc")
    cable.run(0.05)
    cable.host, cable.daw = HostHandshake(UNIT_MAIN), SimulatedDaw([Track("Drums", 16383), Track("Bass", 8000)])
    cable.port.inbox += cable.host.start(cable.now_s)
    cable.daw.connect(cable.now_s)
    cable.daw.touched.add(0)  # our touch of before the restart has yet to end
    cable.run(1.0)
    assert cable.is_confirmed()
    assert gain_db(cable, "drums") == 12.0
    assert gain_db(cable, "bass") == pytest.approx(-60 + 72 * 8000 / 16383)
    assert cable.daw.touched == set()


def test_a_daw_that_asks_every_few_seconds_keeps_its_strips() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 8000)]))
    cable.daw.connect(cable.now_s)
    for i in range(10):
        cable.port.inbox += cable.host.start(cable.now_s)
        cable.run(2.0)
        cable.daw.move(0, 1000 * i, cable.now_s)
        cable.run(1.0)
        assert gain_db(cable, "bass") == pytest.approx(-60 + 72 * 1000 * i / 16383)
    assert cable.is_confirmed()


def test_after_ten_minutes_of_sleep_the_daw_is_looked_for_again() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 8000)]))
    cable.daw.connect(cable.now_s)
    cable.run(1.0)
    cable.now_s += 600.0
    cable.daw.connect(cable.now_s)
    cable.run(3.0)
    assert cable.is_confirmed()
    cable.daw.move(0, 0, cable.now_s)
    cable.run(1.0)
    assert gain_db(cable, "bass") == -60.0


def test_at_the_end_every_fader_is_let_go() -> None:
    cable = Cable(SimulatedDaw([Track("Bass", 8000)]))
    cable.daw.connect(cable.now_s)
    cable.run(1.0)
    cable.bus.set("stems.bass.gain_db", -20.0, "osc")
    cable.run(0.05)
    cable.session.close(cable.now_s)
    assert cable.port.sent[-8:] == LET_GO
    assert cable.session.is_closed
