"""Position in the music: the reading ``clock``, carried on to the present moment."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.session import Session
from tui.core.values import read_number

MAX_CARRIED_S = 1.0
"""The clock comes five times a second; without it for longer the music is not taken to go on."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the music is.

    Attributes:
        frame: Now, in the sidecar's stream.
        beat_frames: The length of a beat, in frames; 0 where no tempo is known.
        bar: From 1; 0 where no position is known.
        beat: From 1, with its fraction; 0 where none is known.
        bar_beats: Beats of a bar; 0 where they are not known.
        is_moving: Whether the music goes on.
    """

    frame: float
    beat_frames: float
    bar: int
    beat: float
    bar_beats: int
    is_moving: bool

    @property
    def is_known(self) -> bool:
        """Whether bars can be counted."""
        return self.bar_beats > 0 and self.beat_frames > 0 and self.beat >= 1

    def count_beats(self, frame: float) -> float:
        """Beats from now to ``frame``; negative where it has passed, 0 where no tempo is known."""
        return (frame - self.frame) / self.beat_frames if self.beat_frames > 0 else 0.0

    def find_bar(self, frame: float) -> tuple[int, float]:
        """Bar and beat (from 1) at ``frame``, counted on at this tempo."""
        if not self.is_known:
            return self.bar, self.beat
        beats = self.beat - 1.0 + self.count_beats(frame)
        bars = int(beats // self.bar_beats)
        return self.bar + bars, beats - bars * self.bar_beats + 1.0


def get_rate_hz(session: Session) -> float:
    """The sample rate; 0 where it is not known."""
    return max(read_number(session.read("sideman"), "rate") or read_number(session.read("counters"), "rate"), 0.0)


def compute_position(session: Session, now_s: float) -> Position | None:
    """Where the music is at ``now_s``; None before the first clock."""
    clock = session.read("clock")
    if not clock:
        return None
    rate, tempo = get_rate_hz(session), read_number(clock, "tempo_bpm")
    moving = read_number(clock, "rolling") > 0 or clock.get("leader") == "detected"
    bar, bar_beats = (int(read_number(clock, field)) for field in ("bar", "bar_beats"))
    beat = read_number(clock, "beat")
    carried_s = min(max(session.get_age_s("clock", now_s), 0.0), MAX_CARRIED_S) if moving else 0.0
    if beat >= 1 and bar_beats > 0 and tempo > 0:
        beats = beat - 1.0 + carried_s * tempo / 60.0
        bars = int(beats // bar_beats)
        bar, beat = bar + bars, beats - bars * bar_beats + 1.0
    beat_frames = 60.0 * rate / tempo if tempo > 0 and rate > 0 else 0.0
    return Position(read_number(clock, "frame") + carried_s * rate, beat_frames, bar, beat, bar_beats, moving)
