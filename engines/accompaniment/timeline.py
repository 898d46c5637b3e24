"""Timeline: the position in the song, from the host, or extrapolated from the latest detected beat."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite

from bridge.core.control import Control
from bridge.core.events import Beat
from bridge.core.time import BlockTime

HOP = 256
"""Frames of a block of an accompaniment engine."""
HOST_JUMP_BEATS, TRACKER_JUMP_BEATS = 0.05, 0.3
"""A larger step of the timeline is a jump; a beat tracker's corrections are larger than a host's."""
LATE_BEATS = 0.125
"""How late a beat may start when a rising tempo has moved it before the earliest frame that can still be played."""
SHORTEST_BEAT_FRAMES = 64
LOOKAHEAD = Control(
    "accompaniment.lookahead_beats", 0.0, 16.0, 1.0, "beats", doc="How many beats ahead a beat is decided."
)
PATIENCE_BEATS = 2.0
"""Playing stops after this long without a beat."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Musical time with beat 0 of the bar at each ``(beat + to_bar) % bar_beats == 0``."""

    time: BlockTime
    to_bar: int = 0

    def get_number(self, beat: int) -> int:
        return (beat + self.to_bar) % max(self.time.bar_beats, 1)

    def find_first_beat(self, earliest: int) -> int:
        """The first beat that falls at frame ``earliest`` or later."""
        beat = floor(self.time.beat_at(earliest)) - 1
        while self.to_frame(beat) < earliest:
            beat += 1
        return beat

    def follows(self, before: Timeline | None) -> bool:
        """Whether this continues the timeline ``before``: the same clock, no jump."""
        if before is None or before.time.hosted != self.time.hosted:
            return False
        allowed = HOST_JUMP_BEATS if self.time.hosted else TRACKER_JUMP_BEATS
        return abs(before.time.beat_at(self.time.frame) - self.time.beat) <= allowed

    def to_frame(self, beat: float) -> int:
        """The frame, rounded, at which ``beat`` falls."""
        return floor(self.time.frame_at(beat) + 0.5)


def make_timeline(at: BlockTime, beat: Beat | None, beat_frame: int, late_frames: int = 0) -> Timeline | None:
    """The timeline at the block ``at``; None: do not play. The latest ``beat`` was at ``beat_frame``, received
    ``late_frames`` later."""
    if at.hosted:
        sound = at.rolling and at.tempo > 0 and isfinite(at.tempo) and isfinite(at.beat)
        return Timeline(at) if sound else None
    if beat is None or not 0 < beat.tempo < float("inf"):
        return None
    time = BlockTime(beat_frame, at.rate, float(beat.index), beat.tempo, True, max(beat.bar_beats, 1))
    if at.frame - beat_frame - late_frames > PATIENCE_BEATS * time.frames_per_beat:
        return None
    return Timeline(time.moved_to(at.frame), beat.number - beat.index)
