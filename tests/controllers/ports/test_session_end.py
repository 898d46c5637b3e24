"""End of a device session: on leaving, in a sleep of the computer, and where a port fails."""

from __future__ import annotations

import logging

import pytest

from bridge.controllers.mappings.mapping_file import PacingTable
from tests.controllers.fake_midi import make_mapping
from tests.controllers.ports.session_rig import EXIT, INIT, REPLY, STEP_S, FakeHandshake, Rig


def test_leaving_drops_what_waits_and_sends_the_exit_messages() -> None:
    rig = Rig(make_mapping(exit=[EXIT, "F0 05 F7"], pacing=PacingTable(gap_ms=50.0)))
    for key in range(64):
        rig.surface.shown[key] = 1
    rig.start().run(0.3)
    rig.close()
    assert not rig.is_closed() and rig.surface.released == 1
    rig.run(0.2)
    assert rig.is_closed() and rig.port.is_closed and rig.sent_messages[-2:] == [EXIT, "F0 05 F7"]
    assert len(rig.sent_messages) < 20


def test_a_device_without_a_pace_is_left_at_once() -> None:
    rig = Rig(make_mapping(exit=[EXIT])).start().close()
    assert rig.is_closed() and rig.port.is_closed and rig.sent_messages == [EXIT, EXIT]


def test_a_device_of_any_pace_is_left_within_seconds() -> None:
    rig = Rig(make_mapping(exit=[EXIT] * 50, pacing=PacingTable(gap_ms=100.0))).start().close().run(2.1)
    assert rig.is_closed() and rig.sent_messages[-50:] == [EXIT] * 50


def test_after_leaving_nothing_is_sent_or_received() -> None:
    rig = Rig(make_mapping(exit=[EXIT], keepalive=("A0 00 00", 1.0))).start().close()
    rig.surface.shown[1] = 1
    rig.run(10.0, 0.1).close()
    assert rig.sent_messages == [EXIT, EXIT] and rig.surface.released == 1


def test_a_sleep_ends_a_warning() -> None:
    rig = Rig(make_mapping(warning=("F0 47", "drum mode", ""))).start().receive("F0 47 F7")
    assert rig.session.warning == "drum mode"
    rig.now_s += 600.0
    assert rig.run(STEP_S).session.warning == ""


def test_after_a_sleep_the_device_is_set_up_and_lit_again() -> None:
    rig = Rig(make_mapping(init=[INIT], exit=[EXIT]))
    rig.surface.shown[5] = 1
    rig.start().run(1.0)
    assert rig.sent_messages == [EXIT, INIT, "90 05 01"]
    rig.now_s += 600.0
    rig.run(1.0)
    assert rig.sent_messages == [EXIT, INIT, "90 05 01"] * 2 and rig.surface.released == 1


def test_a_sleep_takes_the_confirmation_away() -> None:
    for handshake in (None, FakeHandshake()):
        rig = Rig(make_mapping(init=[INIT], expect="" if handshake else REPLY), handshake).start().receive(REPLY)
        assert rig.state() == "confirmed"
        rig.now_s += 600.0
        rig.run(STEP_S).receive("F8")
        assert rig.state() == "port"
        assert rig.receive(REPLY).state() == "confirmed"


@pytest.mark.parametrize("failing", ["receive", "send", "both"])
def test_a_port_that_fails_is_gone_and_said_once(failing: str, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(make_mapping(exit=[EXIT])).start()
    rig.port.is_broken = True
    rig.surface.shown[5] = 1
    with caplog.at_level(logging.WARNING):
        rig.run(10.0, 0.1).close().run(1.0)
    assert rig.session.is_gone and rig.port.is_closed and rig.surface.released == 1
    assert [record.message for record in caplog.records] == [
        "Device: Device: the port is gone; plug the device in again"
    ]


def test_a_port_that_fails_as_the_machine_wakes_is_gone_and_not_asked_again() -> None:
    rig = Rig(make_mapping(init=[INIT], exit=[EXIT])).start().run(1.0)
    rig.port.is_broken = True
    rig.now_s += 600.0
    rig.run(1.0)  # the fake port fails a test that uses it after it was closed
    assert rig.session.is_gone and rig.port.is_closed and "gone" in rig.session.failure


def test_an_abandoned_device_is_released_and_its_port_closed() -> None:
    rig = Rig(make_mapping(exit=[EXIT])).start()
    rig.session.abandon(rig.now_s)
    rig.session.abandon(rig.now_s)
    assert rig.session.is_gone and rig.port.is_closed and rig.surface.released == 1 and rig.sent_messages == [EXIT]
