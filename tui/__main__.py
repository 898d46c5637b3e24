"""Entry point of ``python -m tui``: the app without the rest of ``sideman``."""

from __future__ import annotations

import sys


def main() -> None:
    """Parse the command line and run the app."""
    from cyclopts import App, Parameter

    from tui.command import tui

    no_empty_defaults = Parameter(show_default=lambda value: str(value) if value else None)
    app = App(name="sideman tui", help_format="plaintext", version_flags=[], default_parameter=no_empty_defaults)
    app["--help"].show = False
    app.default(tui)
    sys.exit(app())


if __name__ == "__main__":
    main()
