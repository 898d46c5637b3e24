"""Chord sheets from a song's true chords, as a user would write them, and the band playing from them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.config import CONFIG_HOME_VARIABLE
from engines.accompaniment.live_sheet import FOLDER, SHEET
from research.accompaniment.evaluation.playing import PlayedNote, play
from research.accompaniment.simulated_input import ChordEvent
from research.accompaniment.songs import AnnotatedSong

NUMBER = 1
"""Of the sheet."""
SETTLED_BEATS = 0.25
"""What sounds so long after a beat began is that beat's chord: a sheet knows beats, no parts of them."""
NOTHING = "N.C."


def format_sheet(song: AnnotatedSong) -> str:
    """A chord for each beat, a line for each bar."""
    lines = [f"metre: {song.bar_beats}/4", f"tempo: {song.bpm:.3f}"]
    for bar in range(song.bars):
        beats = range(bar * song.bar_beats, (bar + 1) * song.bar_beats)
        lines.append(f"| {' '.join(_format_beat(song, beat + SETTLED_BEATS) for beat in beats)} |")
    return "\n".join(lines) + "\n"


def _format_beat(song: AnnotatedSong, beat: float) -> str:
    here = [span.chord for span in song.spans if span.beat <= beat < span.end]
    return here[0].label if here and here[0] is not None and here[0].root >= 0 else NOTHING


@contextmanager
def install_sheet(song: AnnotatedSong) -> Iterator[None]:
    """While it is open the only sheet in the user's folder is that of ``song``, with number NUMBER."""
    before = os.environ.get(CONFIG_HOME_VARIABLE)
    with TemporaryDirectory() as folder:
        sheets = Path(folder) / FOLDER
        sheets.mkdir()
        (sheets / f"{NUMBER} {song.name}.txt").write_text(format_sheet(song), encoding="utf-8")
        os.environ[CONFIG_HOME_VARIABLE] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[CONFIG_HOME_VARIABLE]
            else:
                os.environ[CONFIG_HOME_VARIABLE] = before


def play_from_sheet(
    song: AnnotatedSong, chord_events: Sequence[ChordEvent], values: Mapping[str, float]
) -> list[PlayedNote]:
    """As `playing.play`, with the song's chords on the band's desk."""
    with install_sheet(song):
        return play(song, chord_events, {**values, SHEET.name: float(NUMBER)})
