"""Entry point of ``sideman`` and ``python -m bridge``: Ctrl-C ends it without a traceback from its first moment on."""

from __future__ import annotations

import signal


def main() -> None:
    """Load the commands, which takes a while on a slow machine, and run the one that is asked for."""
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:  # else whoever started us wants no Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bridge.cli import main as run

    signal.signal(signal.SIGINT, asked)
    run()


if __name__ == "__main__":
    main()
