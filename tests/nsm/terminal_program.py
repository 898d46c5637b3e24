"""Terminal program: it runs a command on a terminal of its own (a pseudo-terminal), and ends with it, as xterm does."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import pty, sys
pty.spawn(sys.argv[2:])
"""


def write_terminal(folder: Path) -> Path:
    """Write the program ``xterm`` into ``folder``; a command comes behind -e."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "xterm"
    path.write_text(_PROGRAM.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
