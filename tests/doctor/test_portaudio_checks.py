"""Doctor: PortAudio's row, and what a missing JACK means to a sidecar on audio devices."""

from __future__ import annotations

import pytest

from bridge.doctor.finding import Finding
from bridge.doctor.portaudio_checks import JACK_CHECKS, check_portaudio, excuse_jack
from bridge.drivers.portaudio.library import EXTRA_FIX, LIBRARY_FIX
from bridge.settings import AudioSettings

PORTAUDIO, JACK = AudioSettings(system="portaudio"), AudioSettings()
DEVICES: dict[str, list[dict[str, object]]] = {
    "devices": [
        {"name": "BlackHole 16ch", "use": "input and output"},
        {"name": "MacBook Pro Speakers", "use": ""},
    ]
}
HERE, AWAY = "json", "a_package_that_is_not_there"
"""Modules, one of which can be found."""


@pytest.mark.parametrize(("settings", "state"), [(JACK, "ok"), (PORTAUDIO, "missing")])
def test_a_lack_of_the_extra_is_a_fault_only_of_who_uses_it(settings: AudioSettings, state: str) -> None:
    found = check_portaudio(settings, lambda: DEVICES, AWAY)
    assert (found.state, found.fix) == (state, EXTRA_FIX)


@pytest.mark.parametrize(("settings", "state"), [(JACK, "ok"), (PORTAUDIO, "missing")])
def test_a_portaudio_that_does_not_start_says_why(settings: AudioSettings, state: str) -> None:
    why = "PortAudio cannot be loaded: library not found"
    found = check_portaudio(settings, lambda: f"{why}; {LIBRARY_FIX}", HERE)
    assert (found.state, found.detail, found.fix) == (state, why, LIBRARY_FIX)
    other = check_portaudio(settings, lambda: "PortAudio did not list the devices within 20 s", HERE)
    assert "sideman devices" in other.fix and "apt" not in other.fix


def test_the_devices_in_use_are_named() -> None:
    found = check_portaudio(PORTAUDIO, lambda: DEVICES, HERE)
    assert (found.state, found.detail) == ("ok", "2 devices: BlackHole 16ch (input and output)")
    assert "not used" in check_portaudio(JACK, lambda: DEVICES, HERE).detail


def test_devices_that_are_not_there_are_missing() -> None:
    assert check_portaudio(PORTAUDIO, lambda: {"devices": []}, HERE).state == "missing"


def test_jack_is_needed_on_jack_alone() -> None:
    findings = [
        *(Finding(name, "missing", "away", "install it") for name in JACK_CHECKS),
        Finding("rtmidi", "warn", "x"),
    ]
    assert excuse_jack(findings, JACK) == findings
    excused = excuse_jack(findings, PORTAUDIO)
    assert [one.state for one in excused] == ["ok", "ok", "ok", "warn"]
    assert excused[-1] == findings[-1]
