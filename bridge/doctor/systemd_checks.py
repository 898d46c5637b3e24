"""systemd check: the user's service that starts Sideman at login, whether it is set up, fails or runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bridge.doctor.finding import Finding

NAME = "systemd unit"
UNIT = "sideman.service"
PROPERTIES = (
    "LoadState",
    "FragmentPath",
    "ExecStart",
    "ActiveState",
    "SubState",
    "Result",
    "ExecMainStatus",
    "UnitFileState",
)
JOURNAL = "journalctl --user -u sideman says why"
ANSWER_S = 3.0
_PROGRAM = re.compile(r"path=(?P<path>.+?) ;")


def ask_systemd() -> dict[str, str] | None:
    """The properties of the unit; None where no systemd of this user answers."""
    tool = shutil.which("systemctl")
    if tool is None:
        return None
    command = [tool, "--user", "show", UNIT, f"--property={','.join(PROPERTIES)}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return None
    if done.returncode != 0:
        return None
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def check_systemd(ask: Callable[[], Mapping[str, str] | None] = ask_systemd, program: str = sys.executable) -> Finding:
    """The unit of `bridge.systemd_unit`. Nothing is started or changed. ``program``: that of this installation."""
    unit = ask()
    if unit is None:
        return Finding(NAME, "ok", "no systemd of this user answers; none is needed")
    if unit["LoadState"] == "not-found":
        return Finding(NAME, "ok", "none", "to start with the desktop: sideman service prints one (docs/service.md)")
    again = f"sideman service > {unit['FragmentPath'] or UNIT}; systemctl --user daemon-reload"
    if unit["LoadState"] != "loaded":
        return Finding(NAME, "warn", f"systemd does not load it ({unit['LoadState']})", again)
    found = _PROGRAM.search(unit["ExecStart"])
    started = found["path"] if found else ""
    if not os.access(started, os.X_OK):
        return Finding(NAME, "warn", f"it starts {started or 'nothing'}, which is not there", again)
    if Path(started).parent != Path(program).parent:
        return Finding(NAME, "warn", f"it starts another installation: {started}", again)
    status = f"exit status {unit['ExecMainStatus']}"
    if unit["ActiveState"] == "failed":
        return Finding(NAME, "warn", f"it failed ({unit['Result']}, {status})", JOURNAL)
    if unit["SubState"] == "auto-restart":
        return Finding(NAME, "warn", f"it ended with {status}, and is started again in some seconds", JOURNAL)
    state = "it runs" if unit["ActiveState"] == "active" else f"it does not run ({unit['ActiveState']})"
    if unit["UnitFileState"] == "enabled":
        return Finding(NAME, "ok", f"{state}, and starts with the desktop")
    return Finding(NAME, "ok", f"{state}, and does not start with the desktop", "systemctl --user enable sideman")
