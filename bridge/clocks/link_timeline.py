"""Link timeline: the position in a song by a Link session, which itself has beats and no song."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Protocol

JUMP_BEATS = 0.05
"""A deviation above this from where the beat was expected is a jump, 25 ms at 120 BPM; below, a correction. Between two
looks, 20 ms apart, the tempo may change: by 60 BPM that is 0.02 beats."""
ON_THE_BEAT = 1e-3
"""A start so little after a bar line, in beats, is at the bar line."""


class LinkState(Protocol):
    """What is used of a session; see `bridge.clocks.link_session.LinkSnapshot`."""

    @property
    def tempo(self) -> float:
        """Quarter notes per minute."""
        ...

    @property
    def is_playing(self) -> bool:
        """Whether it plays, as far as start and stop are shared."""
        ...

    @property
    def changed_us(self) -> int:
        """When that was last changed."""
        ...

    def beat_at(self, time_us: float, quantum: int) -> float:
        """The beat at ``time_us``."""
        ...

    def time_at(self, beat: float, quantum: int) -> float:
        """The time of ``beat``."""
        ...


@dataclass(frozen=True, slots=True)
class LinkPosition:
    """``beat`` quarter notes from the song's start at ``time_us`` of Link's clock, and whether it rolls from there."""

    time_us: float
    beat: float
    rolling: bool


class LinkTimeline:
    """Follows one session. Its bars are those of the session; where the song begins is chosen here.

    Where start and stop are shared, the song begins with the bar line at or after the start, as Link's other peers have
    it. Else it rolls always, and begins with the bar in which this began to look.
    """

    def __init__(self) -> None:
        self._origin: float | None = None
        self._quantum = 0
        self._seen: tuple[float, float, float] | None = None  # time, session beat, tempo
        self._start_us: int | None = None
        self._rolled = False
        self._held_beat = 0.0
        self.jumps = 0
        """Raised with each start, stop and jump."""

    def update(self, state: LinkState, time_us: float, quantum: int, shares_start: bool) -> LinkPosition:
        """The position at ``time_us``, or at a later time where a start is planned. ``quantum``: beats per bar."""
        beat = state.beat_at(time_us, quantum)
        if self._origin is None or quantum != self._quantum:
            self._origin = floor(beat / quantum) * float(quantum)
            self.jumps += 1
            self._start_us = None
        elif self._seen is not None:
            self._follow_jump(beat, time_us)
        self._quantum, self._seen = quantum, (time_us, beat, state.tempo)
        if not shares_start:
            return self._roll(time_us, beat)
        if not state.is_playing:
            self._start_us = None
            return self._stand(time_us)
        if self._start_us != state.changed_us:
            self._start_us = state.changed_us
            start = state.beat_at(state.changed_us, quantum)
            self._origin = ceil((start - ON_THE_BEAT) / quantum) * float(quantum)
            self.jumps += 1
            self._rolled = True
        if beat < self._origin:
            return LinkPosition(state.time_at(self._origin, quantum), 0.0, True)
        return self._roll(time_us, beat)

    def locate(self, beat: float) -> None:
        """Be near ``beat`` of the song, in the bar of the session: only this peer's numbers of bars change."""
        if self._seen is not None and self._origin is not None:
            now = self._seen[1] - self._origin
            self._origin -= round((beat - now) / self._quantum) * self._quantum
            self.jumps += 1
        self._held_beat = beat

    def _follow_jump(self, beat: float, time_us: float) -> None:
        """Keep the position across a jump of the session, as far as its bars allow."""
        if self._seen is None or self._origin is None:
            return
        seen_us, seen_beat, tempo = self._seen
        moved = beat - seen_beat - (time_us - seen_us) * tempo / 60e6
        bars = round(moved / self._quantum) * self._quantum
        self._origin += bars
        if abs(moved - bars) > JUMP_BEATS:
            self.jumps += 1

    def _roll(self, time_us: float, beat: float) -> LinkPosition:
        if not self._rolled:
            self._rolled, self.jumps = True, self.jumps + 1
        self._held_beat = beat - (self._origin or 0.0)
        return LinkPosition(time_us, self._held_beat, True)

    def _stand(self, time_us: float) -> LinkPosition:
        if self._rolled:
            self._rolled, self.jumps = False, self.jumps + 1
        return LinkPosition(time_us, self._held_beat, False)
