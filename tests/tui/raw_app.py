"""Raw application: puts its terminal into the modes of the app, says so, and waits for a signal."""

from __future__ import annotations

import os
import signal
import sys
import tty

MODES = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[?1015h\x1b[?2004h\x1b[?1004h\x1b[>1u"


def main() -> int:
    """Set the modes and wait. SIGTERM ends it without restoring anything; the argument is the exit status then."""
    status = int(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(status))
    tty.setraw(0)
    os.write(1, f"{MODES}READY {os.getpid()}.".encode())
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
