"""How hard the music plays, bar by bar, by its onsets, and which section that sounds like."""

from __future__ import annotations

from engines.accompaniment.form import AUTO, SECTIONS
from engines.saved_state import SavedState

VERSE, CHORUS, BREAK = (SECTIONS.index(name) for name in ("verse", "chorus", "break"))
LOUDER, NO_LOUDER = 1.3, 1.05
"""A bar with so much more than is usual begins a chorus; it lasts until there is hardly more than is usual."""
CALMER, NO_CALMER = 0.4, 0.7
"""Likewise for a break."""
LEAST_BARS = 4
"""So many bars are heard before anything is said, and a section lasts so long at least."""
USUAL_BARS = 16
"""What is usual is the mean of about so many bars."""


class Energy(SavedState):
    """Adds up the strengths of onsets; at each bar line compares the bar with those before it.

    ``kind``: the section that it sounds like, of SECTIONS; AUTO until it has changed for the first time.
    """

    saved_fields = ("heard", "bar", "usual", "bars", "kind", "since")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.heard, self.usual = 0.0, 0.0
        self.bar, self.bars, self.since = 0, 0, 0
        self.kind = AUTO

    def hear(self, strength: float) -> None:
        """An onset of ``strength`` 0 to 1."""
        self.heard += strength

    def advance(self, bar: int) -> None:
        """It is in ``bar`` now; a bar that was not heard from its start to its end does not count."""
        if bar == self.bar:
            return
        if bar == self.bar + 1:
            self._judge(self.heard)
        self.bar, self.heard = bar, 0.0

    def _judge(self, level: float) -> None:
        before = self.usual
        self.bars += 1
        self.since += 1
        self.usual += (level - self.usual) / min(self.bars, USUAL_BARS)
        if self.bars <= LEAST_BARS or self.since < LEAST_BARS or before <= 0.0:
            return
        kind, share = self.kind, level / before
        if share > LOUDER:
            kind = CHORUS
        elif share < CALMER:
            kind = BREAK
        elif (self.kind == CHORUS and share < NO_LOUDER) or (self.kind == BREAK and share > NO_CALMER):
            kind = VERSE
        if kind != self.kind:
            self.kind, self.since = kind, 0
