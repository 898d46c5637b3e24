"""Where the song stands: the host's word, or the latest beats heard, carried on."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite

from bridge.core.events import Beat
from bridge.core.time import BlockTime

PATIENCE_BEATS = 2.0
"""After so long without a beat the player stops."""


@dataclass(frozen=True, slots=True)
class Line:
    """Musical time with beat 0 of the bar at each ``(beat + to_bar) % bar_beats == 0``."""

    time: BlockTime
    to_bar: int = 0

    def number(self, beat: int) -> int:
        return (beat + self.to_bar) % max(self.time.bar_beats, 1)

    def frame(self, beat: float) -> int:
        """The frame, rounded, at which ``beat`` falls."""
        return floor(self.time.frame_at(beat) + 0.5)


def follow(at: BlockTime, heard: Beat | None, heard_frame: int) -> Line | None:
    """The timeline at the block ``at``, whose latest beat ``heard`` was at ``heard_frame``; None: do not play."""
    if at.hosted:
        sound = at.rolling and at.tempo > 0 and isfinite(at.tempo) and isfinite(at.beat)
        return Line(at) if sound else None
    if heard is None or not 0 < heard.tempo < float("inf"):
        return None
    time = BlockTime(heard_frame, at.rate, float(heard.index), heard.tempo, True, max(heard.bar_beats, 1))
    if at.frame - heard_frame > PATIENCE_BEATS * time.frames_per_beat:
        return None
    return Line(time.moved_to(at.frame), heard.number - heard.index)
