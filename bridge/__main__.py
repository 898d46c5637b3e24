"""Entry point of ``sideman`` and ``python -m bridge``: Ctrl-C ends it without a traceback from its first moment on."""

from __future__ import annotations

import os
import signal
import sys

PROGRAMS_GROUP = "sideman.programs"
"""Entry points of programs with a command line of their own; the name is the word behind ``sideman``."""
PROGRAMS = ("tui",)
"""The words that are looked up there. All others need `bridge.cli`, whose import takes 0.3 s of a core."""


def run_program(word: str) -> None:
    """Run the program of that name, if it is installed, and do not return."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=PROGRAMS_GROUP, name=word):
        program = entry.load()
        sys.argv[:2] = [f"{sys.argv[0]} {word}"]
        program()


def main() -> None:
    """Load the commands, which takes a while on a slow machine, and run the one that is asked for."""
    if not sys.argv[1:] and os.environ.get("NSM_URL"):
        sys.argv.append("run")  # a session manager starts programs without arguments
    if sys.argv[1:2] and sys.argv[1] in PROGRAMS:
        run_program(sys.argv[1])
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:  # else whoever started us wants no Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bridge.cli import main as run

    signal.signal(signal.SIGINT, asked)
    run()


if __name__ == "__main__":
    main()
