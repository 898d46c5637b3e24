"""rtmidi as Sideman uses it: polled, with a long queue, and without where a machine has no MIDI."""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path

import pytest
import rtmidi

from bridge.controllers import ports
from bridge.controllers.ports import midi_systems
from bridge.controllers.ports.midi_systems import find_missing, open_midi_system
from bridge.controllers.ports.rtmidi_system import QUEUE_MESSAGES, strip_index
from bridge.device_midi import open_virtual_ports
from bridge.errors import ConfigError, DriverError

ROOT = Path(__file__).parents[3]
has_alsa = pytest.mark.skipif(
    rtmidi.API_LINUX_ALSA not in rtmidi.get_compiled_api(), reason="python-rtmidi has no ALSA here"
)


def test_no_callback_of_rtmidi_and_no_port_of_mido_is_ever_used() -> None:
    found = []
    for top in ("bridge", "engines", "demo", "bench", "examples"):
        for path in sorted((ROOT / top).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            is_called = "rtmidi" in text and re.search(r"\.set_callback\b", text)
            if is_called or re.search(r"mido\.(open_|get_(in|out)put_names|backends|set_backend)", text):
                found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_the_queue_keeps_a_burst_that_rtmidis_own_loses() -> None:
    assert QUEUE_MESSAGES >= 4096


@has_alsa
def test_a_machine_without_a_sequencer_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(midi_systems, "SEQUENCER", tmp_path / "seq")
    with caplog.at_level(logging.INFO):
        assert open_midi_system("alsa") is None
    (record,) = caplog.records
    assert str(tmp_path / "seq") in record.message and "modprobe" in record.message
    assert "control_in" in record.message


def test_without_the_library_of_rtmidi_there_are_no_midi_devices_and_all_else_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)  # its import fails, as that of a library that is not there
    monkeypatch.delitem(sys.modules, "bridge.controllers.ports.rtmidi_system")
    monkeypatch.delattr(ports, "rtmidi_system")
    with caplog.at_level(logging.INFO):
        assert open_midi_system() is None
    (record,) = caplog.records
    assert "python-rtmidi does not load" in record.message and "libasound2" in record.message
    with pytest.raises(DriverError, match="libasound2"):
        open_virtual_ports()


@has_alsa
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is allowed to root")
def test_a_sequencer_that_the_user_may_not_open_is_said_with_the_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "seq").touch(mode=0o000)
    monkeypatch.setattr(midi_systems, "SEQUENCER", tmp_path / "seq")
    missing = find_missing("alsa")
    assert missing is not None and "audio" in missing.hint


def test_an_api_that_rtmidi_was_built_without_is_said(caplog: pytest.LogCaptureFixture) -> None:
    names = {"winmm": rtmidi.API_WINDOWS_MM, "coremidi": rtmidi.API_MACOSX_CORE}
    absent = next(name for name, number in names.items() if number not in rtmidi.get_compiled_api())
    with caplog.at_level(logging.INFO):
        assert open_midi_system(absent) is None
    assert len(caplog.records) == 1 and "python-rtmidi" in caplog.records[0].message


def test_an_api_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean jack"):
        open_midi_system("jakc")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["nanoKONTROL2 0", "MIDI Mix 1", "MIDI Mix 2"], ["nanoKONTROL2", "MIDI Mix", "MIDI Mix"]),
        (["MPK mini 3 0", "FaderPort 8 1"], ["MPK mini 3", "FaderPort 8"]),
        (["MIDIIN2 (Launchkey Mini MK4 37  0"], ["MIDIIN2 (Launchkey Mini MK4 37 "]),
        (["MPK mini 3", "X"], ["MPK mini 3", "X"]),
    ],
)
def test_the_number_that_rtmidi_adds_on_windows_is_taken_away(names: list[str], expected: list[str]) -> None:
    assert [strip_index(name, at) for at, name in enumerate(names)] == expected
