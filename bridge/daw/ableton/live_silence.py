"""Live silence: why Live does not answer, as far as this machine shows it."""

from __future__ import annotations

from bridge.daw.ableton.live_connection import LOOPBACK, LiveAddress
from bridge.osc.port_owner import find_known_owner

CHOOSE = "choose AbletonOSC as a control surface in Live's Settings, Link, Tempo & MIDI"


def find_other_program(address: LiveAddress) -> str:
    """The program that has AbletonOSC's port, such as ``python3 (process 4711)``; empty where it is Live, nobody, or
    cannot be known. Live then says that AbletonOSC could not bind to the port."""
    owner = find_known_owner(address.port) if address.bind_host == LOOPBACK else ""
    return "" if "live" in owner.casefold() else owner


def describe_silence(address: LiveAddress) -> str:
    """A sentence that says why Live does not answer, and what to do."""
    if other := find_other_program(address):
        return f"UDP port {address.port}, AbletonOSC's, belongs to {other}: end it, then {CHOOSE}"
    return f"Live does not answer: start it, and {CHOOSE}"
