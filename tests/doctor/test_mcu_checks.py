"""Mackie Control check: the ports by which a DAW finds Sideman, or why there are none."""

from __future__ import annotations

import pytest

from bridge.doctor.mcu_checks import check_mcu
from bridge.errors import DriverError
from bridge.settings import AudioSettings, ControllerSettings, Settings

OVER_JACK = ControllerSettings(control_in="mcu")
NO_SEQUENCER = DriverError("ALSA's sequencer /dev/snd/seq is missing", "load it: sudo modprobe snd-seq")


def find_nothing(_: str) -> None:
    """A machine that has all."""


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        (Settings(), "ok", "the ports Sideman MCU"),
        (Settings(controllers=ControllerSettings(mcu=False)), "ok", "off"),
        (Settings(controllers=ControllerSettings(midi=False)), "ok", "off"),
        (Settings(controllers=OVER_JACK), "ok", "sideman:control_in and sideman:control_out"),
        (Settings(controllers=OVER_JACK, audio=AudioSettings("portaudio")), "warn", "a port of JACK"),
    ],
)
def test_the_ports_for_a_daw_are_named(settings: Settings, state: str, words: str) -> None:
    found = check_mcu(settings, find_nothing, "linux")
    assert (found.state, words in found.detail) == (state, True), found


def test_where_a_system_has_no_ports_the_way_over_jack_is_said() -> None:
    found = check_mcu(Settings(), lambda _: NO_SEQUENCER)
    assert "sequencer /dev/snd/seq is missing" in found.detail
    assert "modprobe" in found.fix and 'control_in = "mcu"' in found.fix
    assert "loopMIDI: Sideman MCU in, Sideman MCU out" in check_mcu(Settings(), find_nothing, "windows").fix
