"""Tick grid: the frames that ticks can arrive at, where a driver puts all of a period on its first one."""

from __future__ import annotations

from cmath import exp
from math import gcd, pi

GRID_TICKS = 240
"""Ticks over which a grid is searched, 5 s at 120 BPM: at nearly any tempo some of them are neighbours in the grid."""
SPREAD_TICKS = 192
"""Ticks over which it is found whether they are spread evenly over the grid: 4 s at 120 BPM."""
FEWEST_SPREAD_TICKS = 48
"""Ticks from which on that is known: two beats."""
SPREAD_HARMONICS = 4
"""Ticks at one place of the grid, or at two, three or four alternating ones, are not spread."""
MOST_UNEVEN = 0.3
"""Up to this mean of the unit vectors at the places of the ticks in the grid, 0 to 1, they are spread evenly."""


class TickGrid:
    """The grid of a clock's ticks. ``jitter_frames``: how late a tick may be besides.

    Whole multiples of the period are all that lies between the ticks: their greatest common divisor is the period. Of
    other ticks it is a few frames after some ticks.
    """

    def __init__(self, jitter_frames: float) -> None:
        self._jitter = jitter_frames
        self.forget()

    def forget(self) -> None:
        """The clock begins anew, or the grid has moved."""
        self._last: int | None = None
        self._found, self._before, self._count = 0, 0, 0
        self._forget_places(0)

    def _forget_places(self, frames: int) -> None:
        self._places_of, self._placed = frames, 0
        self._places = [0j] * SPREAD_HARMONICS

    @property
    def frames(self) -> int:
        """The distance of the grid in frames; as long as nothing contradicts it, that of the ticks; 0: unknown."""
        return gcd(self._found, self._before)

    @property
    def is_spread(self) -> bool:
        """Whether the ticks come at all places of the grid alike.

        Then an error that the grid makes shows the place of the line in it. At 117.2 BPM, 48 kHz and a period of 1024
        ticks are nearly a period apart: for minutes all are at one place, and nothing says how far in the period.
        """
        known = self._placed >= FEWEST_SPREAD_TICKS and self._places_of == self.frames
        return known and max(map(abs, self._places)) < MOST_UNEVEN

    def push(self, frame: int) -> None:
        """A tick at ``frame``."""
        if self._last is not None:
            self._found = gcd(self._found, frame - self._last)
            self._count += 1
            if self._count >= GRID_TICKS:
                self._before, self._found, self._count = self._found, 0, 0
        self._last = frame

    def measure_error(self, frame: int, expected: float) -> float:
        """By how many frames the tick pushed last, at ``frame``, is later than a line that expects it at ``expected``.

        The line is that of the mean arrival. Where ticks are spread over the grid, the error is what is left without
        the grid's own: from the first frame of the period that the line says.
        """
        grid = self.frames
        if 2 * grid < self._jitter:
            return frame - expected
        self._note_place(grid, (expected - frame) / grid)
        if grid <= self._jitter or not self.is_spread:
            return frame - expected
        border = (expected - frame) / grid - 0.5
        nearest = round(border)
        share = min(max(0.5 + (border - nearest) * grid / self._jitter, 0.0), 1.0)
        return -grid * (nearest + share)

    def _note_place(self, grid: int, place: float) -> None:
        if grid != self._places_of:
            self._forget_places(grid)
        self._placed += 1
        part = 1.0 / min(self._placed, SPREAD_TICKS)
        unit = exp(2j * pi * place)
        power = unit
        for harmonic, mean in enumerate(self._places):
            self._places[harmonic] = mean + part * (power - mean)
            power *= unit
