"""Doctor on PipeWire: quantum and rate are shown with the lines that change them, and the way in is named."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bridge.doctor.jack_checks import check_server
from bridge.doctor.pipewire_checks import (
    PipeWireSettings,
    check_pipewire,
    is_running,
    parse_settings,
    read_settings,
)
from bridge.doctor.probe import ServerFigures
from bridge.drivers.pipewire import can_declare_in_callback, parse_version

OLD, NEW, JACKD = "3.0.0.0 (using PipeWire 0.3.65)", "3.0.0.0 (using PipeWire 1.4.2)", "1.9.21"
"""What libjack says of its version, by pipewire-jack of Debian 12 and 13, and by jackd."""

PRINTED = """\
Found "settings" metadata 30
update: id:0 key:'log.level' value:'2' type:''
update: id:0 key:'clock.rate' value:'48000' type:''
update: id:0 key:'clock.allowed-rates' value:'[ 44100, 48000 ]' type:''
update: id:0 key:'clock.quantum' value:'1024' type:''
update: id:0 key:'clock.min-quantum' value:'1024' type:''
update: id:0 key:'clock.max-quantum' value:'2048' type:''
update: id:0 key:'clock.force-quantum' value:'0' type:''
update: id:0 key:'clock.force-rate' value:'0' type:''
"""
"""``pw-metadata -n settings``, 0.3.65, in a virtual machine."""

IN_A_VM = PipeWireSettings(48000, (44100, 48000), 1024, 1024, 2048, 0, 0)
FORCED = PipeWireSettings(48000, (48000,), 1024, 32, 2048, 256, 44100)


def figures(period: int, version: str = OLD, realtime: bool = True) -> ServerFigures:
    return ServerFigures(48000, period, realtime, 1.0, version)


@pytest.mark.parametrize(("text", "version"), [(OLD, (0, 3, 65)), (NEW, (1, 4, 2)), (JACKD, None), ("", None)])
def test_the_version_is_read_from_what_libjack_says(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


def test_latencies_are_declared_in_the_callback_but_for_pipewire_before_1_0() -> None:
    versions = {text: can_declare_in_callback(parse_version(text)) for text in (OLD, NEW, JACKD, "PipeWire 1.0")}
    assert versions == {OLD: False, NEW: True, JACKD: True, "PipeWire 1.0": True}


def test_the_settings_are_read_and_what_is_no_list_of_them_is_none() -> None:
    assert parse_settings(PRINTED) == IN_A_VM
    assert parse_settings("") is None
    assert parse_settings(PRINTED.replace("'2048'", "''")) is None


def test_a_long_quantum_is_a_warning_with_both_lines_that_change_it() -> None:
    finding = check_pipewire(figures(1024), lambda: IN_A_VM)
    assert finding.state == "warn"
    assert "0.3.65" in finding.detail and "quantum 1024 frames, 48000 Hz" in finding.detail
    assert "1024 to 2048" in finding.detail and "44100 48000" in finding.detail and "21 ms" in finding.detail
    assert "pw-metadata -n settings 0 clock.force-quantum 256" in finding.fix
    assert "default.clock.quantum = 256" in finding.fix and "pipewire.conf.d" in finding.fix
    assert "vm.overrides" in finding.fix, "the rule for virtual machines would raise the quantum again"


def test_a_short_quantum_is_fine_and_what_is_forced_is_said() -> None:
    finding = check_pipewire(figures(256, NEW), lambda: FORCED)
    assert finding.state == "ok"
    assert "1.4.2" in finding.detail and "quantum 256 and rate 44100 forced" in finding.detail
    assert "vm.overrides" not in finding.fix


def test_without_its_tool_the_package_is_named() -> None:
    finding = check_pipewire(figures(256), lambda: None)
    assert (finding.state, finding.fix) == ("warn", "install pipewire-bin")


def test_pipewire_that_runs_beside_jackds_libjack_is_named_with_the_way_in() -> None:
    finding = check_pipewire(None, lambda: None, lambda: True)
    assert finding.state == "warn" and "pw-jack sideman run" in finding.fix
    assert check_pipewire(None, lambda: None, lambda: False).state == "ok"
    assert check_pipewire(figures(128, JACKD), lambda: None, lambda: True).state == "ok"


def test_its_socket_says_that_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIPEWIRE_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not is_running()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pipewire-0"))
        assert is_running()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert not is_running()


def test_a_tool_that_is_missing_fails_or_prints_nonsense_gives_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_settings() is None
    tool = tmp_path / "pw-metadata"
    tool.write_text("#!/bin/sh\necho nonsense\n", encoding="utf-8")
    tool.chmod(0o700)
    assert read_settings() is None
    tool.write_text(f'#!/bin/sh\ncat <<"END"\n{PRINTED}END\n', encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert read_settings() == IN_A_VM


def test_jackds_option_for_realtime_is_not_named_on_pipewire() -> None:
    finding, _ = check_server("default", "sideman", lambda *_: figures(256, realtime=False))
    assert finding.state == "warn" and "jackd" not in finding.fix
    finding, _ = check_server("default", "sideman", lambda *_: figures(256, JACKD, realtime=False))
    assert "jackd with -R" in finding.fix
