"""Live chord sheet: the user's sheet, repeated from the song's first bar on."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np

from bridge.config import user_dir
from bridge.core.control import Control
from bridge.core.engine import State
from bridge.core.events import Chord
from bridge.errors import ConfigError
from engines.accompaniment.arranger import arrange
from engines.accompaniment.score import Bar
from engines.accompaniment.sheet import read_sheet
from engines.accompaniment.sheet_file import read_text

log = logging.getLogger(__name__)

FOLDER = "sheets"
SHEET = Control(
    "accompaniment.band.sheet", 0.0, 127.0, 0.0, kind="integer",
    doc="The chord sheet to play: the file in the folder sheets whose name begins with this number, such as "
    "3 autumn.txt. Its chords and sections have priority over the analysed ones. 0: none.",
)  # fmt: skip
_NUMBERED = re.compile(r"0*(?P<number>\d+)(?!\d).*\.txt")


def find_sheet(number: int) -> Path:
    """The file of sheet ``number`` in the user's folder; of several the first by name."""
    folder = user_dir(FOLDER)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in files:
        match = _NUMBERED.fullmatch(path.name)
        if match is not None and int(match["number"]) == number and path.is_file():
            return path
    raise ConfigError(f"no chord sheet {number} in {folder}", f"save one there as '{number} name.txt'")


class LiveSheet:
    """The sheet of a number, read when the number is selected. An unreadable sheet is logged and not played."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._number, self._text = 0, ""
        self._bars: tuple[Bar, ...] = ()

    def select(self, number: int) -> None:
        """Play sheet ``number`` from now on; 0: none. Its file is read when the number changes, and only then."""
        if number == self._number:
            return
        self.reset()
        self._number = number
        if number:
            try:
                path = find_sheet(number)
                self._set_text(read_text(path, path.name), path.name)
            except (ConfigError, OSError) as error:
                log.warning("%s", error)

    def _set_text(self, text: str, name: str) -> None:
        self._bars = arrange(read_sheet(text, name))
        self._text = text

    def find_bar(self, beat: int) -> tuple[Bar, Chord] | None:
        """The bar of the sheet that is due at ``beat`` of the song, and the chord; None without a sheet, or before the
        song begins."""
        if not self._bars or beat < 0:
            return None
        bar, number = divmod(beat, self._bars[0].beats)
        due = self._bars[bar % len(self._bars)]
        return due, due.chords[number]

    def state(self) -> State:
        text = np.frombuffer(self._text.encode(), np.uint8).copy()
        return {"number": np.array(self._number), "text": text}

    def restore(self, state: State) -> None:
        self.reset()
        self._number = int(state["number"])
        if text := bytes(state["text"].tolist()).decode():
            self._set_text(text, FOLDER)
