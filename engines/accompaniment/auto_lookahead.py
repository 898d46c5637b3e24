"""How long before a beat the band decides: as the dial says, or as little as the timeline allows."""

from __future__ import annotations

from bridge.core.control import Control
from engines.saved_state import SavedState

LOOKAHEAD_AUTO = Control(
    "accompaniment.lookahead_auto", 0.0, 1.0, 0.0, kind="switch",
    doc="Take the least lookahead with which no beat of late came too late, in place of the dial's.",
)  # fmt: skip
LOOKAHEADS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Beats, from which it takes one."""
FIRST = LOOKAHEADS.index(1.0)
PATIENCE, LONGEST_PATIENCE = 32, 256
"""Beats on time before a smaller one is tried; twice as many each time that one proved too small."""


class AutoLookahead(SavedState):
    """Takes a longer lookahead at once where a beat was decided too late, a shorter one only after many on time.

    A beat is late where the timeline has moved it, after the lookahead began, to before what can still be played: a
    tracker that corrects itself, a tempo that rises. ``place``: in LOOKAHEADS. ``least``: the shortest time, in beats,
    that any of the last ``calm`` beats had left. ``counts_from``: beats before it were decided all at once and tell
    nothing.
    """

    saved_fields = ("place", "least", "calm", "patience", "counts_from")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.place, self.patience = FIRST, PATIENCE
        self.least, self.calm, self.counts_from = LOOKAHEADS[-1], 0, 0

    @property
    def beats(self) -> float:
        return LOOKAHEADS[self.place]

    def begin(self, beat: int) -> None:
        """A timeline begins, of which ``beat`` is decided first."""
        self.counts_from = beat + int(self.beats) + 1
        self.least, self.calm = LOOKAHEADS[-1], 0

    def decided(self, beat: int, left: float) -> None:
        """``beat`` was decided when ``left`` beats were left until it; below 0: it came too late."""
        if beat < self.counts_from:
            return
        self.least, self.calm = min(self.least, left), self.calm + 1
        if left < 0.0 and self.place + 1 < len(LOOKAHEADS):
            needed = self.beats - left
            while self.place + 1 < len(LOOKAHEADS) and self.beats < needed:
                self.place += 1
            self.patience = min(2 * self.patience, LONGEST_PATIENCE)
            self.begin(beat)
        elif self.calm >= self.patience:
            shorter = LOOKAHEADS[max(self.place - 1, 0)]
            if self.least >= self.beats - shorter:
                self.place = max(self.place - 1, 0)
            self.least, self.calm = LOOKAHEADS[-1], 0
