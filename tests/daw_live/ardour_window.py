"""Ardour with its window, on a screen without a monitor (Xvfb): imports files as its user does, and saves the session.

Its Lua without a window cannot import. So a hook of Lua is put into its settings (``ui_scripts``), which the window
calls ten times a second.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daw_live.ardour import ATTEMPTS, Ardour, ardour_environment, skip_without_ardour
from tests.waiting import HANG_S, until

PROGRAM, SCREEN = "ardour", "Xvfb"
CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour><Config><Option name="try-autostart-engine" value="1"/><Option name="hide-dummy-backend" value="0"/></Config>
<Extra><AudioMIDISetup><EngineStates><State backend="None (Dummy)" driver="Normal Speed" device="Silence"
input-device="" output-device="" sample-rate="{rate}" buffer-size="1024" n-periods="0" input-latency="0"
output-latency="0" input-channels="0" output-channels="0" active="1" use-buffered-io="0" midi-option="" lru="1">
<MIDIDevices/></State></EngineStates></AudioMIDISetup></Extra></Ardour>
"""
"""Settings with which it starts on a clock of its own and asks nothing."""
TIMER_SIGNALS = "001" + "0" * 46
"""Signals of the hook: ``LuaTimerS`` alone, number 46 of 49 (gtk2_ardour/luasignal_syms.h of 7.3)."""
FIRST_CALL = 30
"""Call of the hook that imports. Within the first second Ardour still starts, and an import ends it (7.3)."""
HOOK = """
return function ()
    calls = (calls or 0) + 1
    if calls ~= {first_call} or not Session then return end
    local is_done, problem = pcall (function ()
        {imports}
        Session:save_state ("")
    end)
    local file = io.open ("{report}", "w")
    file:write (is_done and "saved" or problem)
    file:close ()
end
"""
IMPORT = """
        local files = C.StringVector ()
        {paths}
        Editor:do_import (files, Editing.ImportDistinctFiles, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
            ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoUse,
            Temporal.timepos_t (0), ARDOUR.PluginInfo (), ARDOUR.Track (), false)
"""
"""The dialog's *Import* with "as new tracks", "at session start" and "use tempo map of the MIDI file"."""


def skip_without_window() -> None:
    """The test is skipped where Ardour or Xvfb is not installed."""
    skip_without_ardour()
    for program in (PROGRAM, SCREEN):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian 12: apt-get install xvfb ardour)")


def import_into_ardour(work: Path, groups: Sequence[Sequence[Path]], rate: int) -> Path:
    """Make a session in ``work``, import the files of each group, one group after the other; returns its file.

    Where the window ends by itself, it is opened again, and the hook waits twice as long.
    """
    paths = (" ".join(f"files:push_back ({quote(path)})" for path in group) for group in groups)
    imports = "".join(IMPORT.format(paths=line) for line in paths)
    for attempt in range(ATTEMPTS):
        home, folder = work / f"home{attempt}", work / f"s{attempt}"
        report = work / f"report{attempt}"
        with Ardour(None, home) as writer:
            writer.run(f's = create_session("{folder}", "s", {rate})')
            writer.run('s:save_state("")')
        session = folder / "s.ardour"
        lines = session.read_text(encoding="utf-8").splitlines(keepends=True)
        session.write_text("".join(line for line in lines if "<EngineHints" not in line), encoding="utf-8")
        hook = HOOK.format(first_call=FIRST_CALL << attempt, imports=imports, report=report)
        _write_settings(home / "config" / "ardour7", hook, rate)
        if (result := _run_window(session, home, report)) is not None:
            assert result == "saved"
            return session
    pytest.fail(f"Ardour's window ended {ATTEMPTS} times")


def _run_window(session: Path, home: Path, report: Path) -> str | None:
    """What the hook reports; None where Ardour ends before."""

    def read_report() -> str:
        return report.read_text(encoding="utf-8") if report.exists() else ""

    with open_screen() as display, open_window(session, home, display) as window:
        until("the import", lambda: bool(read_report()) or window.poll() is not None)
    return read_report() or None


def quote(text: object) -> str:
    """``text`` as a string of Lua."""
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _write_settings(folder: Path, hook: str, rate: int) -> None:
    (folder / ".a7").touch()  # so it does not greet a new user
    (folder / "config").write_text(CONFIG.format(rate=rate), encoding="utf-8")
    state = f's = {{}} s["n"] = "import" s["s"] = "" s["f"] = {quote(hook)} s["a"] = {{}}'
    content = base64.b64encode(state.encode()).decode()
    callback = f'<LuaCallback id="1" name="import" signals="{TIMER_SIGNALS}">{content}</LuaCallback>'
    (folder / "ui_scripts").write_text(
        f"<UIScripts><ActionHooks>{callback}</ActionHooks></UIScripts>", encoding="utf-8"
    )


@contextmanager
def open_screen() -> Iterator[str]:
    """A screen without a monitor; gives the name of its display."""
    reading, writing = os.pipe()
    command = [SCREEN, "-displayfd", str(writing), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        end(process)


@contextmanager
def open_window(session: Path, home: Path, display: str) -> Iterator[subprocess.Popen[bytes]]:
    """Ardour with ``session`` on ``display``; it is killed at the end, since it would ask whether to save."""
    env = ardour_environment(None, home) | {"DISPLAY": display}
    with (home / "window.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, str(session)], env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(HANG_S)
