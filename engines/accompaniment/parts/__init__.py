"""Parts of the band: each makes its notes of a bar from the bar, the style, the controls and its own state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from engines.accompaniment.parts import bass, drums
from engines.accompaniment.parts.chords import play_chords
from engines.accompaniment.score import Bar, PartState, PerformanceControls, ScoreNote
from engines.accompaniment.style import Style

PlayPart = Callable[[Bar, Style, PerformanceControls, PartState], tuple[list[ScoreNote], PartState]]

CHORD_PARTS = ("keys", "pad", "guitar")

PARTS: Mapping[str, PlayPart] = {
    drums.NAME: drums.play,
    bass.NAME: bass.play,
    **{name: partial(play_chords, name) for name in CHORD_PARTS},
}
"""By name, in the order in which they are written."""
