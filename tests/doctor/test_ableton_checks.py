"""Doctor's check of Ableton Live, with the model of AbletonOSC over UDP and without any."""

from __future__ import annotations

import os
import socket

import msgspec
import pytest

from bridge.doctor.ableton_checks import check_ableton
from bridge.settings import AbletonSettings
from tests.daw.ableton.udp_live import UdpLive
from tests.ports import free_port


def test_a_live_that_answers_is_shown_with_its_version() -> None:
    reply_port = free_port()
    with UdpLive(reply_port, tick_s=0.005) as live:
        live.restart()  # its messages without arguments come first
        finding = check_ableton(AbletonSettings(True, port=live.port, reply_port=reply_port, hub_port=0))
    assert (finding.state, finding.detail) == ("ok", f"Live 12.1 answers at 127.0.0.1:{live_port(finding.detail)}")


def live_port(detail: str) -> str:
    return detail.rpartition(":")[2]


def test_no_live_says_what_to_choose() -> None:
    finding = check_ableton(AbletonSettings(True, port=free_port(), reply_port=free_port(), hub_port=0))
    assert finding.state == "warn"
    assert "AbletonOSC as a control surface" in finding.fix


@pytest.mark.parametrize("key", ["reply_port", "hub_port"])
def test_a_port_that_another_program_has_is_named_with_that_program(key: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = int(other.getsockname()[1])
        settings = AbletonSettings(True, port=free_port(), reply_port=free_port(), hub_port=0)
        finding = check_ableton(msgspec.structs.replace(settings, **{key: port}))
    assert finding.detail == f"UDP port {port} belongs to {finding.detail.partition('to ')[2]}"
    assert f"(process {os.getpid()})" in finding.detail
    assert key in finding.fix


def test_a_program_that_has_the_port_of_abletonosc_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = int(other.getsockname()[1])
        finding = check_ableton(AbletonSettings(True, port=port, reply_port=free_port(), hub_port=0))
        assert f"UDP port {port} belongs to" in finding.detail
        assert f"(process {os.getpid()})" in finding.detail
        assert finding.fix.startswith("end it, and choose AbletonOSC")


def test_off_is_no_fault() -> None:
    assert check_ableton(AbletonSettings()).state == "ok"
