"""Pictures of the terminal app: every screen as SVG for docs/tui, or one as text to look at.

python tools/tui_pictures.py                        writes docs/tui/*.svg
python tools/tui_pictures.py stems --size 80x24     prints the screen; --roles: its roles
python tools/tui_pictures.py stems --out FOLDER     writes its SVGs there, in colour and in grey
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.tui.sample_session import make_sample
from tui.core.rows import Row
from tui.drawing.svg import draw_svg
from tui.drawing.themes import THEMES
from tui.interface.interface import Interface
from tui.interface.snapshot import to_lines, to_role_lines
from tui.screens import SCREENS

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "tui"
SIZES = ((80, 24), (160, 50))


def draw_screen(name: str, width: int, height: int) -> list[Row]:
    """The rows of a screen with the sample session."""
    rig = make_sample(width, height)
    rig.context.view.screen = name
    return Interface(rig.context, [make() for make in SCREENS]).draw(rig.context.now_s)


def parse_size(text: str) -> tuple[int, int]:
    """Columns and rows of ``80x24``."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def write_pictures(name: str, folder: Path, theme: str, with_grey: bool) -> list[Path]:
    """The SVGs of a screen at both sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for width, height in SIZES:
        rows = draw_screen(name, width, height)
        for grey in (False, True) if with_grey else (False,):
            path = folder / f"{name}_{width}x{height}{'_grey' if grey else ''}.svg"
            path.write_text(draw_svg(rows, width, THEMES[theme], grey), encoding="utf-8")
            written.append(path)
    return written


def main() -> int:
    """Parse the command line and draw."""
    names = [make().name for make in SCREENS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("screen", nargs="?", choices=names)
    parser.add_argument("--size", type=parse_size, default=(80, 24))
    parser.add_argument("--roles", action="store_true")
    parser.add_argument("--theme", choices=list(THEMES), default="calm")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.screen and given.out is None:
        rows = draw_screen(given.screen, *given.size)
        sys.stdout.write(to_role_lines(rows) if given.roles else to_lines(rows))
        return 0
    for name in [given.screen] if given.screen else names:
        for path in write_pictures(name, given.out or FOLDER, given.theme, given.out is not None):
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
