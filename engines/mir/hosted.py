"""Host beats: the beats of the host's timeline, without any analysis of audio."""

from __future__ import annotations

from math import ceil, floor, isfinite

from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.time import BlockTime
from engines.saved_state import SavedState

TOLERANCE_BEATS = 0.02
"""A position further from the expected one is a jump; rounding and gliding tempi stay below."""


class HostBeats(SavedState):
    """Each whole beat of the host once, at the nearest frame."""

    saved_fields = ("next_frame", "next_position", "next_beat", "tempo", "following")

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.reset()

    def reset(self) -> None:
        """The next block is the first of its timeline."""
        self.following = False
        self.next_frame = 0
        self.next_position = 0.0
        self.next_beat = 0
        self.tempo = 0.0

    def process(self, time: BlockTime) -> list[TimedEvent]:
        """The beats and the tempo change within the block at ``time``, sorted."""
        if not (isfinite(time.beat) and isfinite(time.tempo) and time.tempo > 0):
            self.reset()
            return []
        events: list[TimedEvent] = []
        bar_beats = max(time.bar_beats, 1)
        if time.tempo != self.tempo:
            self.tempo = time.tempo
            events.append(TimedEvent(time.frame, Tempo(time.tempo, 1.0)))
        end = time.frame + self.hop
        continues = self.following and time.frame == self.next_frame
        continues = continues and abs(time.beat - self.next_position) <= TOLERANCE_BEATS
        # On one timeline beats are counted, not searched, so that a beat that two blocks round differently
        # across their border falls neither twice nor never.
        beat = self.next_beat if continues else ceil(time.beat_at(time.frame - 0.5))
        while (frame := floor(time.frame_at(beat) + 0.5)) < end:
            event = Beat(beat % bar_beats, bar_beats, time.tempo, 1.0, beat)
            events.append(TimedEvent(max(frame, time.frame), event))
            beat += 1
        self.following, self.next_beat = True, beat
        self.next_frame, self.next_position = end, time.beat_at(end)
        return events
