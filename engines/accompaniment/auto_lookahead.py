"""Automatic lookahead: the shortest time ahead of a beat at which the band can plan it without being late."""

from __future__ import annotations

from bridge.core.control import Control
from engines.saved_state import SavedState

LOOKAHEAD_AUTO = Control(
    "accompaniment.lookahead_auto", 0.0, 1.0, 0.0, kind="switch",
    doc="Use the shortest lookahead with which recent beats were on time, in place of the control lookahead_beats.",
)  # fmt: skip
LOOKAHEADS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The choices, in beats."""
FIRST = LOOKAHEADS.index(1.0)
PATIENCE_BEATS, LONGEST_PATIENCE = 32, 256
"""Beats on time before a smaller one is tried; twice as many each time that one proved too small."""


class AutoLookahead(SavedState):
    """Lengthens the lookahead at once when a beat was planned too late, and shortens it after many on time.

    A beat is late where the timeline, after the lookahead began, has moved it before the earliest frame that can still
    be played: a beat tracker corrected itself, or the tempo rose. ``place``: in LOOKAHEADS. ``least``: the shortest
    time, in beats, that any of the last ``on_time`` beats had left. ``counts_from``: beats before it were planned all
    at once and do not count.
    """

    saved_fields = ("place", "least", "on_time", "patience", "counts_from")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.place, self.patience = FIRST, PATIENCE_BEATS
        self.least, self.on_time, self.counts_from = LOOKAHEADS[-1], 0, 0

    @property
    def beats(self) -> float:
        return LOOKAHEADS[self.place]

    def restart(self, beat: int) -> None:
        """A timeline begins, of which ``beat`` is planned first."""
        self.counts_from = beat + int(self.beats) + 1
        self.least, self.on_time = LOOKAHEADS[-1], 0

    def record(self, beat: int, left: float) -> None:
        """``beat`` was planned with ``left`` beats left until it; below 0: too late."""
        if beat < self.counts_from:
            return
        self.least, self.on_time = min(self.least, left), self.on_time + 1
        if left < 0.0 and self.place + 1 < len(LOOKAHEADS):
            needed = self.beats - left
            while self.place + 1 < len(LOOKAHEADS) and self.beats < needed:
                self.place += 1
            self.patience = min(2 * self.patience, LONGEST_PATIENCE)
            self.restart(beat)
        elif self.on_time >= self.patience:
            shorter = LOOKAHEADS[max(self.place - 1, 0)]
            if self.least >= self.beats - shorter:
                self.place = max(self.place - 1, 0)
            self.least, self.on_time = LOOKAHEADS[-1], 0
