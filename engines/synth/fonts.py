"""Sound font search: the environment, the user's folder, the system's folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bridge.config import user_dir
from bridge.errors import ConfigError

VARIABLE = "SIDEMAN_SOUND_FONT"
SUFFIXES = (".sf2", ".sf3")
FONT_FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/sounds/sf2",
    "/usr/local/share/sounds/sf2",
)
"""Folders of Debian, Fedora and Arch, and those below Homebrew's two roots."""
KNOWN_FONTS = (
    "FluidR3_GM.sf2",
    "FluidR3_GM2-2.sf2",
    "TimGM6mb.sf2",
    "MuseScore_General.sf3",
    "default-GM.sf2",
    "default.sf2",
)
"""General MIDI fonts of packages; those with better sound and a quicker start come first."""
FONT_HINT = (
    "install one (Debian: fluid-soundfont-gm, or timgm6mb-soundfont, which is small), put one into {folder}, "
    f"or set {VARIABLE} to a .sf2 or .sf3 file"
)


def find_font() -> Path:
    """The sound font to use: the one that the environment names, else one of the user's, else one of the system's.

    Raises: ConfigError where there is none, or where the environment names no sound font.
    """
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named).expanduser()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            raise ConfigError(f"{VARIABLE}: {path} is no sound font", "name a .sf2 or .sf3 file that is there")
        return path
    mine = user_dir("fonts")
    for folder in (mine, *map(Path, FONT_FOLDERS)):
        for path in _list_fonts(folder):
            return path
    raise ConfigError("no sound font was found", FONT_HINT.format(folder=mine))


def _list_fonts(folder: Path) -> Iterator[Path]:
    """The sound fonts in ``folder``: KNOWN_FONTS first, in their order, then the others by name."""
    if not folder.is_dir():
        return
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    yield from sorted(
        found, key=lambda path: KNOWN_FONTS.index(path.name) if path.name in KNOWN_FONTS else len(KNOWN_FONTS)
    )
