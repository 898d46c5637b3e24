"""PipeWire checks: whether it is the JACK server here, its quantum and rate, and the line that changes them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.doctor.finding import Finding
from bridge.doctor.probe import ServerFigures
from bridge.drivers.pipewire import format_version, parse_version

METADATA = "pw-metadata"
SOCKET = "pipewire-0"
CONFIG_FILE = "~/.config/pipewire/pipewire.conf.d/sideman.conf"
LONG_QUANTUM = 512
"""Frames. A longer quantum delays what a musician plays and hears by more than 10 ms at 48 kHz."""
GOOD_QUANTUM = 256
_ANSWER_S = 3.0
_ENTRY = re.compile(r"key:'([^']+)' value:'([^']*)'")


@dataclass(frozen=True, slots=True)
class PipeWireSettings:
    """Settings of a PipeWire server. ``forced_quantum``, ``forced_rate``: 0 where nobody forces one."""

    rate: int
    rates: tuple[int, ...]
    quantum: int
    least_quantum: int
    most_quantum: int
    forced_quantum: int
    forced_rate: int


def parse_settings(text: str) -> PipeWireSettings | None:
    """The settings that ``pw-metadata -n settings`` prints; None where some are missing."""
    found = {key.removeprefix("clock."): re.findall(r"\d+", value) for key, value in _ENTRY.findall(text)}

    def read(key: str) -> int:
        return int(found[key][0])

    try:
        return PipeWireSettings(
            read("rate"),
            tuple(int(rate) for rate in found["allowed-rates"]),
            read("quantum"),
            read("min-quantum"),
            read("max-quantum"),
            read("force-quantum"),
            read("force-rate"),
        )
    except (KeyError, IndexError):
        return None


def read_settings() -> PipeWireSettings | None:
    """The settings of the PipeWire that runs; None where it, or its tool, does not answer."""
    tool = shutil.which(METADATA)
    if tool is None:
        return None
    try:
        done = subprocess.run([tool, "-n", "settings"], capture_output=True, text=True, timeout=_ANSWER_S, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return parse_settings(done.stdout)


def is_running() -> bool:
    """Whether the PipeWire of this user has its socket."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    return bool(folder) and Path(str(folder), SOCKET).is_socket()


def check_pipewire(
    figures: ServerFigures | None,
    read: Callable[[], PipeWireSettings | None] = read_settings,
    runs: Callable[[], bool] = is_running,
) -> Finding:
    """PipeWire as the JACK server. ``figures``: of the server that answered, None: there was none."""
    version = parse_version(figures.version) if figures is not None else None
    if figures is None or version is None:
        if figures is None and runs():
            detail = "it runs, but the libjack that was loaded is jackd's"
            fix = "start through it: pw-jack sideman run (Debian, Ubuntu: apt install pipewire-jack)"
            return Finding("PipeWire", "warn", detail, fix)
        return Finding("PipeWire", "ok", "not the JACK server here; none is needed")
    settings = read()
    detail = f"{format_version(version)} is the JACK server: quantum {figures.period} frames, {figures.rate} Hz"
    if settings is None:
        return Finding("PipeWire", "warn", f"{detail}; {METADATA} does not say more", "install pipewire-bin")
    rates = " ".join(map(str, settings.rates))
    detail += (
        f"; quantum {settings.least_quantum} to {settings.most_quantum}, rates {rates}{_describe_forced(settings)}"
    )
    now = f"{METADATA} -n settings 0 clock.force-quantum {GOOD_QUANTUM}"
    least = min(settings.least_quantum, GOOD_QUANTUM)
    lines = f"default.clock.quantum = {GOOD_QUANTUM} default.clock.min-quantum = {least}"
    if settings.least_quantum > GOOD_QUANTUM:  # the rule for virtual machines raises both
        lines += f" vm.overrides = {{ default.clock.min-quantum = {least} }}"
    change = f"to change it until PipeWire ends: {now}; for good: context.properties = {{ {lines} }} in {CONFIG_FILE}"
    if figures.period > LONG_QUANTUM:
        detail += f": {1000 * figures.period / figures.rate:.0f} ms a period is long for live playing"
        return Finding("PipeWire", "warn", detail, change)
    return Finding("PipeWire", "ok", detail, change)


def _describe_forced(settings: PipeWireSettings) -> str:
    forced = [f"quantum {settings.forced_quantum}"] if settings.forced_quantum else []
    forced += [f"rate {settings.forced_rate}"] if settings.forced_rate else []
    return f", {' and '.join(forced)} forced" if forced else ""
