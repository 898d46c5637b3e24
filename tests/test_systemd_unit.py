"""systemd unit: systemd itself reads it, and finds in it what was meant."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.systemd_unit import format_unit


def verify(folder: Path, text: str) -> str:
    """What systemd says about the unit; nothing is started."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze (package systemd) is not installed")
    unit = folder / "sideman.service"
    unit.write_text(text)
    env = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C"}
    result = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(unit)], env=env, capture_output=True, text=True
    )
    return (f"exit {result.returncode}: " if result.returncode else "") + "\n".join(
        line for line in result.stderr.splitlines() if "sideman" in line
    )


def write_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("folder", ["plain", "with a space", "100% of $HOME"])
def test_systemd_finds_the_program_in_any_folder(tmp_path: Path, folder: str) -> None:
    program = write_program(tmp_path / folder / "python3")
    command = (str(program), "-P", "-m", "bridge", "run")
    assert verify(tmp_path, format_unit(command, {"SIDEMAN_CONFIG_HOME": str(tmp_path / folder)})) == ""
    program.unlink()
    assert "not executable" in verify(tmp_path, format_unit(command, {}))


@pytest.mark.parametrize("folder", ["back\\slash", 'quo"te', "it's"])
def test_a_folder_that_systemd_refuses_is_refused_here(tmp_path: Path, folder: str) -> None:
    program = write_program(tmp_path / folder / "python3")
    with pytest.raises(ConfigError, match="plain name"):
        format_unit((str(program), "run"), {})
    unit = format_unit(("/bin/sh", "run"), {"SIDEMAN_CONFIG_HOME": str(program.parent)})
    assert verify(tmp_path, unit) == ""


def test_a_line_break_would_be_another_line_of_the_unit() -> None:
    with pytest.raises(ConfigError, match="plain name"):
        format_unit(("/opt/a\nExecStartPre=/bin/false", "run"), {})


def test_the_command_prints_the_unit_of_this_installation() -> None:
    result = subprocess.run([sys.executable, "-P", "-m", "bridge", "service"], capture_output=True, text=True)
    assert result.returncode == 0
    assert f'ExecStart="{sys.executable}" "-P" "-m" "bridge" "run"' in result.stdout
    assert "Restart=on-failure" in result.stdout


def test_refused_settings_alone_are_not_tried_again() -> None:
    """2 is how ``sideman run`` ends with refused settings, 1 without a server: tests/test_cli.py."""
    unit = format_unit(("/bin/sh", "run"), {})
    assert "\nRestartPreventExitStatus=2\n" in unit
    assert "\nSuccessExitStatus=143\n" in unit  # of a start that SIGTERM ends: tests/live/test_starting.py
