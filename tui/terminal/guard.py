"""Guard process of the terminal: it starts the app, and restores the terminal however the app ends.

A process that is killed leaves the terminal raw, without echo, cursor and line wrap, on the alternate screen. So a
small process waits beside it. It is a file of its own that imports nothing but the standard library: Python runs it
without site-packages, in less than 10 MB.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from tui.core.options import Options

RESET = (
    "\x18\x1b\\"  # ends a sequence that was cut off
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?2026l"  # paste, focus, size reports, synchronised output
    "\x1b[<u\x1b[>4;0m"  # keyboard protocols
    "\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[0m"  # alternate screen, cursor, line wrap, attributes
)
"""Undoes what the app asks of a terminal."""
WRITE_S = 2.0
"""A terminal that stands still is not waited for longer."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Passed on to the app, which then ends in order."""
IGNORED = (signal.SIGINT, signal.SIGQUIT)
"""Meant for the app: the terminal sends them to both."""
KILLED = "sideman tui was ended by signal {number}; the sound goes on. sideman tui attaches again."
ENTRY = "tui.terminal.application"
"""The module that the guarded process runs."""


def run_guarded(options: Options) -> NoReturn:
    """Become the guard of an app with these options. Does not return.

    Raises:
        OSError: Python cannot be started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    command = (sys.executable, "-m", ENTRY, options.to_text())
    os.execv(sys.executable, (sys.executable, "-S", "-E", "-s", __file__, *command))


def guard(command: list[str]) -> int:
    """Run a command and return its exit status; the terminal is as before afterwards."""
    attributes = read_attributes()
    child = os.spawnv(os.P_NOWAIT, command[0], command)

    def pass_on(number: int, _frame: object) -> None:
        try:
            os.kill(child, number)
        except ProcessLookupError:
            return

    for number in SIGNALS:
        signal.signal(number, pass_on)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        restore(attributes)
        write(2, f"{KILLED.format(number=-code)}\n".encode())
        return 128 - code
    restore_attributes(attributes)
    return code


def read_attributes() -> list[object] | None:
    """The attributes of the terminal; None where there is none."""
    try:
        import termios

        return list(termios.tcgetattr(0))
    except (ImportError, OSError, ValueError):
        return None
    except Exception:  # noqa: BLE001 - termios.error is none of the above
        return None


def restore(attributes: list[object] | None) -> None:
    """Put the terminal back: modes, attributes, and nothing left of what it sent meanwhile."""
    if attributes is None:
        return
    import termios

    try:
        termios.tcflush(0, termios.TCOFLUSH)
    except termios.error:
        return  # the terminal has gone
    write(1, RESET.encode())
    restore_attributes(attributes)
    try:
        termios.tcflush(0, termios.TCIFLUSH)
    except termios.error:
        return


def restore_attributes(attributes: list[object] | None) -> None:
    """Set the attributes of the terminal, also from the background."""
    if attributes is None:
        return
    import termios

    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        termios.tcsetattr(0, termios.TCSANOW, attributes)  # type: ignore[arg-type]
    except termios.error:
        return
    finally:
        signal.signal(signal.SIGTTOU, before)


def write(descriptor: int, data: bytes) -> None:
    """Write to a terminal, for WRITE_S at most."""
    deadline_s = time.monotonic() + WRITE_S
    try:
        while data and (left_s := deadline_s - time.monotonic()) > 0:
            if select.select([], [descriptor], [], left_s)[1]:
                data = data[os.write(descriptor, data[:64]) :]
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
