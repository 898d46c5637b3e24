"""Energy detector: the onset energy of each bar against the average, and the section that it suggests."""

from __future__ import annotations

from engines.accompaniment.form import AUTO, SECTIONS
from engines.saved_state import SavedState

VERSE, CHORUS, BREAK = (SECTIONS.index(name) for name in ("verse", "chorus", "break"))
CHORUS_ENERGY_RATIO, NO_LOUDER = 1.3, 1.05
"""A bar of this many times the average energy begins a chorus, which lasts until one below the second figure."""
BREAK_ENERGY_RATIO, NO_CALMER = 0.4, 0.7
"""Likewise for a break."""
LEAST_BARS = 4
"""Bars before the first section is detected, and the shortest section."""
AVERAGED_BARS = 16
"""Bars that the energy is averaged over, about."""


class Energy(SavedState):
    """Adds up the strengths of onsets, and at each bar line compares the bar with the average.

    ``kind``: the detected section, of SECTIONS; AUTO until the first change.
    """

    saved_fields = ("strength", "bar", "average", "bars", "kind", "since")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.strength, self.average = 0.0, 0.0
        self.bar, self.bars, self.since = 0, 0, 0
        self.kind = AUTO

    def push_onset(self, strength: float) -> None:
        """An onset of ``strength`` 0 to 1."""
        self.strength += strength

    def advance(self, bar: int) -> None:
        """Go on to ``bar``; a bar that was not received from its start to its end does not count."""
        if bar == self.bar:
            return
        if bar == self.bar + 1:
            self._detect_section(self.strength)
        self.bar, self.strength = bar, 0.0

    def _detect_section(self, level: float) -> None:
        before = self.average
        self.bars += 1
        self.since += 1
        self.average += (level - self.average) / min(self.bars, AVERAGED_BARS)
        if self.bars <= LEAST_BARS or self.since < LEAST_BARS or before <= 0.0:
            return
        kind, share = self.kind, level / before
        if share > CHORUS_ENERGY_RATIO:
            kind = CHORUS
        elif share < BREAK_ENERGY_RATIO:
            kind = BREAK
        elif (self.kind == CHORUS and share < NO_LOUDER) or (self.kind == BREAK and share > NO_CALMER):
            kind = VERSE
        if kind != self.kind:
            self.kind, self.since = kind, 0
