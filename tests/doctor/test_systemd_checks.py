"""systemd check: what systemctl prints of the unit, as systemd 252 printed it, and what is made of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bridge.doctor.systemd_checks import check_systemd

PRINTED = {
    "Result": "success",
    "ExecMainStatus": "0",
    "ExecStart": "{{ path={program} ; argv[]={program} -P -m bridge run ; ignore_errors=no ; "
    "start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}",
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "FragmentPath": "/home/anna/.config/systemd/user/sideman.service",
    "UnitFileState": "enabled",
}
NONE = dict.fromkeys(PRINTED, "") | {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead"}


def write_systemctl(folder: Path, printed: dict[str, str], program: str, status: int = 0) -> None:
    """Write a program ``systemctl`` that prints these properties."""
    lines = "\n".join(f"{name}={value.format(program=program)}" for name, value in printed.items())
    path = folder / "systemctl"
    path.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{lines}\nEND\nexit {status}\n")
    path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="systemd is Linux's")
@pytest.mark.parametrize(
    ("changed", "state", "detail", "fix"),
    [
        ({}, "ok", "it runs, and starts with the desktop", ""),
        ({"UnitFileState": "disabled"}, "ok", "does not start with the desktop", "systemctl --user enable sideman"),
        ({"ActiveState": "inactive", "SubState": "dead"}, "ok", "it does not run (inactive), and starts", ""),
        (
            {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "ExecMainStatus": "2"},
            "warn", "it failed (exit-code, exit status 2)", "journalctl --user -u sideman",
        ),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "ExecMainStatus": "1"},
            "warn", "ended with exit status 1, and is started again", "journalctl --user -u sideman",
        ),
        ({"LoadState": "bad-setting"}, "warn", "does not load it (bad-setting)", "sideman service > /home/anna"),
        ({"ExecStart": "{{ path=/gone/python ; }}"}, "warn", "/gone/python, which is not there", "daemon-reload"),
        ({"ExecStart": "{{ path=/bin/sh ; }}"}, "warn", "another installation: /bin/sh", "daemon-reload"),
        (NONE, "ok", "none", "sideman service prints one"),
    ],
)  # fmt: skip
def test_the_state_of_the_unit_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], state: str, detail: str, fix: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_systemctl(tmp_path, PRINTED | changed, sys.executable)
    found = check_systemd()
    assert (found.state, detail in found.detail, fix in found.fix) == (state, True, True), found


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_without_a_systemd_of_the_user_none_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_systemd().detail == "no systemd of this user answers; none is needed"
    write_systemctl(tmp_path, {}, "", status=1)
    assert check_systemd().detail == "no systemd of this user answers; none is needed"
