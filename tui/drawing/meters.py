"""Level meters: the bar of a channel with the tick of its peak, on the scale of IEC 60268-18."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.rows import Row, Run
from tui.drawing.share_bar import draw_eighths

FLOOR_DB = -60.0
"""The lower end of the scale."""
HIGH_DB = -6.0
"""From here on the bar is drawn in another role: 6 dB are left."""
CLIP_DB = -0.01
"""At full scale: the highest sample of 16 bits, 32767 / 32768, is -0.0003 dBFS."""
HOLD_S = 1.5
"""The tick of the peak stands this long, then falls."""
TICK_FALL_DB_PER_S = 12.0
"""20 dB in 1.7 s, as a peak programme meter does (IEC 60268-10, type I)."""
BAR_FALL_DB_PER_S = 24.0
"""The bar falls twice as fast as the tick, so that it does not flicker between two blocks."""
TICK = "│"
MUTED_FILL = "░"
MARKS_DB: tuple[int, ...] = (0, -20, -10, -40, -60, -5, -30, -15, -3, -50, -25, -1)
"""Numbers of the scale, those that matter most first: where there is little room, the others are left out."""
_SCALE: tuple[tuple[float, float, float], ...] = (
    (-60.0, 2.5, 0.5),
    (-50.0, 7.5, 0.75),
    (-40.0, 15.0, 1.5),
    (-30.0, 30.0, 2.0),
    (-20.0, 50.0, 2.5),
)
"""IEC 60268-18: from a level in dB on, its deflection in percent, and percent a dB."""
_FLOOR_PERCENT = 2.5


def deflect(level_db: float) -> float:
    """The deflection of a level: 0 at -60 dB, 1 at 0 dB, and on above it in the same way."""
    if level_db <= FLOOR_DB:
        return 0.0
    start, percent, slope = [part for part in _SCALE if level_db > part[0]][-1]
    return (percent + (level_db - start) * slope - _FLOOR_PERCENT) / (100.0 - _FLOOR_PERCENT)


@dataclass(slots=True)
class MeterChannel:
    """A channel's level as it is drawn. The bar rises at once and falls slowly, the tick stands and then falls.

    Attributes:
        bar_db: The level of the bar.
        tick_db: The level of the tick.
        is_clipped: Whether it was at full scale since `clear`.
    """

    bar_db: float = FLOOR_DB
    tick_db: float = FLOOR_DB
    is_clipped: bool = False
    _raised_s: float = 0.0
    _drawn_s: float = 0.0

    def update(self, level_db: float, now_s: float) -> None:
        """Take the level (dBFS) of this moment; ``now_s`` does not go back."""
        elapsed_s = max(now_s - self._drawn_s, 0.0)
        self._drawn_s = now_s
        self.is_clipped = self.is_clipped or level_db >= CLIP_DB
        self.bar_db = max(level_db, self.bar_db - BAR_FALL_DB_PER_S * elapsed_s, FLOOR_DB)
        falls_s = min(now_s - self._raised_s - HOLD_S, elapsed_s)
        fallen_db = self.tick_db - TICK_FALL_DB_PER_S * max(falls_s, 0.0)
        if level_db >= fallen_db:
            self._raised_s = now_s
        self.tick_db = max(level_db, fallen_db, FLOOR_DB)

    def clear(self) -> None:
        """Forget that it was clipped."""
        self.is_clipped = False


def _find_cell(level_db: float, width: int) -> int:
    """The column of a tick at this level, from 0; -1 below the scale."""
    if level_db <= FLOOR_DB:
        return -1
    return min(int(deflect(level_db) * width), width - 1)


def _color(bar: str, width: int, level_db: float, silent: bool) -> list[Run]:
    """A bar in runs: muted; or below -6 dB, above it, and where the level is at full scale the last column."""
    if silent:
        return [(bar, "muted")]
    high = _find_cell(HIGH_DB, width)
    last = width - 1 if level_db >= CLIP_DB else width
    parts = ((bar[:high], "bar"), (bar[high:last], "bar_high"), (bar[max(high, last) :], "bar_clip"))
    return [part for part in parts if part[0]]


def draw_meter(channel: MeterChannel, width: int, silent: bool = False) -> Row:
    """The bar of a channel. ``silent``: its sound is muted, and the bar has another fill."""
    if width < 1:
        return []
    bar = draw_eighths(deflect(channel.bar_db), width)
    if silent:
        bar = MUTED_FILL * len(bar)
    row = _color(bar, width, channel.bar_db, silent)
    return row + _draw_tick(channel.tick_db, len(bar), width, silent)


def _draw_tick(level_db: float, start: int, width: int, silent: bool) -> list[Run]:
    """The columns behind a bar that ends at column ``start``, with the tick where it lies there."""
    tick = _find_cell(level_db, width)
    if tick < start:
        return [(" " * (width - start), "text")]
    role = "muted" if silent else "text"
    return [(" " * (tick - start), "text"), (TICK, role), (" " * (width - tick - 1), "text")]


def draw_stereo_meter(left: MeterChannel, right: MeterChannel, width: int, silent: bool = False) -> Row:
    """Two channels in one row: the left one in the upper halves of the columns, the right one in the lower halves."""
    if width < 1:
        return []
    ends = [round(min(deflect(one.bar_db), 1.0) * width) for one in (left, right)]
    both, longest = min(ends), min(max(ends), width)
    bar = "█" * both + ("▀" if ends[0] > ends[1] else "▄") * (longest - both)
    if silent:
        bar = MUTED_FILL * longest
    row = _color(bar, width, max(left.bar_db, right.bar_db), silent)
    return row + _draw_tick(max(left.tick_db, right.tick_db), longest, width, silent)


def draw_line_meter(left: MeterChannel, right: MeterChannel, width: int, quiet: bool = False) -> Row:
    """The louder of two channels as a thin line with its tick. ``quiet``: a level that is not the first to look at."""
    if width < 1:
        return []
    end = round(min(deflect(max(left.bar_db, right.bar_db)), 1.0) * width)
    tick_db, bar_db = max(left.tick_db, right.tick_db), max(left.bar_db, right.bar_db)
    line: Row = [("━" * end, "off")] if quiet else list(_color("━" * end, width, bar_db, False))
    return [*line, *_draw_tick(tick_db, end, width, quiet)]


def draw_scale(width: int) -> Row:
    """The numbers above meters of ``width`` columns, as many as there is room for; each ends at its level."""
    cells = [" "] * width
    for level in MARKS_DB:
        text = str(level)
        end = width if level == 0 else round(deflect(level) * width)
        start = max(end - len(text), 0) if level > FLOOR_DB else 0
        end = start + len(text)
        if end <= width and all(one == " " for one in cells[max(start - 1, 0) : end + 1]):
            cells[start:end] = text
    return [("".join(cells), "dim")]
