"""PortAudio checks: whether the sidecar can run on audio devices without JACK, and on which."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

from bridge.doctor.finding import Finding
from bridge.drivers.audio_system import PORTAUDIO
from bridge.drivers.portaudio.library import EXTRA_FIX, LIBRARY_FIX, MODULE
from bridge.settings import AudioSettings

NAME = "PortAudio"
ANSWER_S = 20.0
"""Longest time for PortAudio to list the devices; it takes a second here, with the start of a process."""
JACK_CHECKS = ("libjack", "jackd", "JACK server")
"""Findings that say nothing about a sidecar on audio devices."""


def ask_devices() -> dict[str, list[dict[str, object]]] | str:
    """The answer of ``sideman devices --json``, from a process of its own; else why there is none."""
    command = [sys.executable, "-P", "-m", "bridge", "devices", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
        answer: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return f"PortAudio did not list the devices within {ANSWER_S:.0f} s"
    except (OSError, ValueError):
        return " ".join(done.stderr.split()).removeprefix("sideman: ") or "PortAudio does not list the devices"
    return answer


def check_portaudio(
    settings: AudioSettings,
    ask: Callable[[], dict[str, list[dict[str, object]]] | str] = ask_devices,
    module: str = MODULE,
) -> Finding:
    """PortAudio and the devices that ``settings`` choose. Where the sidecar runs on JACK its lack is no warning."""
    is_used = settings.system == PORTAUDIO
    if find_spec(module) is None:
        if is_used:
            return Finding(NAME, "missing", "sounddevice is not installed, and [audio] system asks for it", EXTRA_FIX)
        return Finding(NAME, "ok", "sounddevice is not installed; with JACK none is needed", EXTRA_FIX)
    answer = ask()
    if isinstance(answer, str):
        detail = answer.removesuffix(f"; {LIBRARY_FIX}")  # a row has its fix apart
        fix = LIBRARY_FIX if detail != answer else "sideman devices tries it again"
        return Finding(NAME, "missing" if is_used else "ok", detail, fix)
    used = [f"{one['name']} ({one['use']})" for one in answer["devices"] if one["use"]]
    count = len(answer["devices"])
    if is_used and not used:
        return Finding(NAME, "missing", f"{count} devices, none as [audio] asks for", "sideman devices lists them")
    detail = f"{count} devices" + (f": {', '.join(used)}" if is_used else "; not used, the sidecar runs on JACK")
    return Finding(NAME, "ok", detail, "" if is_used else "without JACK: sideman run --audio portaudio")


def excuse_jack(findings: list[Finding], settings: AudioSettings) -> list[Finding]:
    """``findings``, without those on JACK as faults of a sidecar that runs on audio devices."""
    if settings.system != PORTAUDIO:
        return findings
    return [
        replace(one, state="ok", detail=f"{one.detail}; not needed, the sidecar runs on audio devices", fix="")
        if one.name in JACK_CHECKS and one.state != "ok"
        else one
        for one in findings
    ]
