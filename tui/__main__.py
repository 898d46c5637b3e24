"""Entry point of ``python -m tui``: the app without the rest of ``sideman``."""

from __future__ import annotations

import sys


def main() -> None:
    """Parse the command line and run the app."""
    from cyclopts import App

    from tui.command import tui

    app = App(name="tui", help_format="plaintext", version_flags=[])
    app.default(tui)
    sys.exit(app())


if __name__ == "__main__":
    main()
