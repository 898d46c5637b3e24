"""Where the song stands: the host's word, or the latest beats heard, carried on."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite

from bridge.core.control import Control
from bridge.core.events import Beat
from bridge.core.time import BlockTime

HOP = 256
"""Frames of a block, for whatever plays along."""
HOST_JUMP_BEATS, HEARD_JUMP_BEATS = 0.05, 0.3
"""A step of the timeline beyond this is a new place; a beat tracker corrects itself by a good deal."""
LATE_BEATS = 0.125
"""How late a beat may start that a quickening tempo has moved under the earliest frame that can still be played."""
SHORTEST_BEAT_FRAMES = 64
LOOKAHEAD = Control(
    "accompaniment.lookahead_beats", 0.0, 16.0, 1.0, "beats", doc="How long before it sounds a beat is decided."
)
PATIENCE_BEATS = 2.0
"""After so long without a beat the player stops."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Musical time with beat 0 of the bar at each ``(beat + to_bar) % bar_beats == 0``."""

    time: BlockTime
    to_bar: int = 0

    def number(self, beat: int) -> int:
        return (beat + self.to_bar) % max(self.time.bar_beats, 1)

    def first_beat(self, earliest: int) -> int:
        """The first beat that falls at frame ``earliest`` or later."""
        beat = floor(self.time.beat_at(earliest)) - 1
        while self.frame(beat) < earliest:
            beat += 1
        return beat

    def follows(self, before: Timeline | None) -> bool:
        """Whether this is the timeline that ``before`` was, carried on: not another's, no jump."""
        if before is None or before.time.hosted != self.time.hosted:
            return False
        allowed = HOST_JUMP_BEATS if self.time.hosted else HEARD_JUMP_BEATS
        return abs(before.time.beat_at(self.time.frame) - self.time.beat) <= allowed

    def frame(self, beat: float) -> int:
        """The frame, rounded, at which ``beat`` falls."""
        return floor(self.time.frame_at(beat) + 0.5)


def follow(at: BlockTime, heard: Beat | None, heard_frame: int, late_frames: int = 0) -> Timeline | None:
    """The timeline at the block ``at``, whose latest beat ``heard`` was at ``heard_frame``, told ``late_frames`` later;
    None: do not play."""
    if at.hosted:
        sound = at.rolling and at.tempo > 0 and isfinite(at.tempo) and isfinite(at.beat)
        return Timeline(at) if sound else None
    if heard is None or not 0 < heard.tempo < float("inf"):
        return None
    time = BlockTime(heard_frame, at.rate, float(heard.index), heard.tempo, True, max(heard.bar_beats, 1))
    if at.frame - heard_frame - late_frames > PATIENCE_BEATS * time.frames_per_beat:
        return None
    return Timeline(time.moved_to(at.frame), heard.number - heard.index)
