"""Ableton check: whether Live answers through AbletonOSC, and who has the ports."""

from __future__ import annotations

import socket
import time

from bridge.daw.ableton.live_connection import LiveAddress
from bridge.daw.ableton.live_protocol import LARGEST_DATAGRAM, make_datagram, read_datagram
from bridge.daw.ableton.live_silence import CHOOSE, find_other_program
from bridge.doctor.finding import Finding
from bridge.osc.guard import GuardError
from bridge.osc.port_owner import bind_udp, describe_taken_port
from bridge.settings import AbletonSettings

NAME = "Ableton Live"
VERSION = "/live/application/get/version"
ASK_S, TRIES = 0.3, 3
"""Time that Live has for an answer, three ticks, and how often it is asked."""


def check_ableton(settings: AbletonSettings) -> Finding:
    """Ask Live for its version, where the settings have it on. A sidecar that runs has the reply port itself."""
    if not settings.enabled:
        return Finding(NAME, "ok", "off", "for Live with AbletonOSC: enabled = true under [ableton] in sideman.toml")
    address = LiveAddress(settings.host, settings.port, settings.reply_port)
    if settings.hub_port:
        try:
            bind_udp("127.0.0.1", settings.hub_port, 4096).close()
        except OSError:
            return _report_taken(settings.hub_port, "hub_port")
    try:
        replies = bind_udp(address.bind_host, settings.reply_port, LARGEST_DATAGRAM)
    except OSError:
        return _report_taken(settings.reply_port, "reply_port")
    with replies:
        try:
            version = _ask_version(replies, address)
        except OSError as error:
            return Finding(NAME, "warn", f"{settings.host}: {error}", "correct host under [ableton] in sideman.toml")
    where = f"{settings.host}:{settings.port}"
    if not version:
        other = find_other_program(address)
        detail = f"no answer at {where}" + (f": UDP port {settings.port} belongs to {other}" if other else "")
        return Finding(NAME, "warn", detail, f"{'end it' if other else 'start Live'}, and {CHOOSE}")
    return Finding(NAME, "ok", f"Live {version} answers at {where}")


def _report_taken(port: int, key: str) -> Finding:
    fix = f"right if that is sideman run; else end it, or set {key} under [ableton] in sideman.toml"
    return Finding(NAME, "warn", describe_taken_port(port), fix)


def _ask_version(replies: socket.socket, address: LiveAddress) -> str:
    """The version that Live answers with; empty where it does not answer. Raises: OSError for an unknown host."""
    live = (socket.gethostbyname(address.host), address.port)
    for _ in range(TRIES):
        replies.sendto(make_datagram([(VERSION, ())]), live)
        deadline_s = time.monotonic() + ASK_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            replies.settimeout(left_s)
            try:
                datagram = replies.recv(LARGEST_DATAGRAM)
            except (TimeoutError, ConnectionError):
                break
            try:
                messages = read_datagram(datagram)
            except (GuardError, ValueError):
                continue
            found = [args for name, args in messages if name == VERSION and len(args) >= 2]
            if found:
                return ".".join(str(part) for part in found[0][:2])
    return ""
