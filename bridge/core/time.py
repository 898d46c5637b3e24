"""Musical and sample time: block time and tempo map. No system clock is read here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

TICKS_PER_BEAT = 480
"""Resolution of musical material (PPQN, also the SMF division). MIDI clock has MIDI_CLOCK_TICKS_PER_BEAT instead."""
SLOWEST_BPM, FASTEST_BPM = 10.0, 600.0
"""Tempi that a clock can have: beyond them lie bunches of ticks and gaps."""


@dataclass(frozen=True, slots=True)
class BlockTime:
    """The position of a block in samples and in music.

    Attributes:
        frame: The first frame of the block, counted from the start of the stream.
        rate: The sampling rate in Hz.
        beat: The musical position at that frame, in quarter notes from the start of the song.
        tempo: The tempo in quarter notes per minute.
        rolling: False while the transport is stopped; ``beat`` then does not advance.
        bar_beats: Quarter notes per bar.
        hosted: True where the position comes from the host (JACK transport or MIDI clock), False where it was detected
            or assumed.
    """

    frame: int
    rate: int
    beat: float = 0.0
    tempo: float = 120.0
    rolling: bool = False
    bar_beats: int = 4
    hosted: bool = False

    @property
    def frames_per_beat(self) -> float:
        """The length of a quarter note in frames, not rounded."""
        return 60.0 * self.rate / self.tempo

    def beat_at(self, frame: float) -> float:
        """The beat at ``frame``, by this block's tempo."""
        return self.beat + ((frame - self.frame) / self.frames_per_beat if self.rolling else 0.0)

    def frame_at(self, beat: float) -> float:
        """The frame, not rounded, at which ``beat`` falls by this block's tempo."""
        return self.frame + (beat - self.beat) * self.frames_per_beat

    def moved_to(self, frame: int) -> BlockTime:
        """The position at another frame of the same timeline."""
        return replace(self, frame=frame, beat=self.beat_at(frame))


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From ``beat`` on the tempo is ``tempo`` quarter notes per minute."""

    beat: float
    tempo: float


class TempoMap:
    """Piecewise constant tempo over a song: converts beats to frames and back."""

    def __init__(self, changes: Sequence[TempoChange], rate: int) -> None:
        """``changes``: in ascending order, the first at beat 0. ``rate``: in Hz.

        Raises:
            ValueError: The changes are not in ascending order from beat 0, or a tempo is not above 0.
        """
        if not changes or changes[0].beat != 0.0:
            raise ValueError("a tempo map starts at beat 0")
        if any(change.tempo <= 0 for change in changes):
            raise ValueError("a tempo is above 0")
        self.rate = rate
        self._beats = [change.beat for change in changes]
        self._tempos = [change.tempo for change in changes]
        self._frames = [0.0]
        for before, after in pairwise(changes):
            if after.beat <= before.beat:
                raise ValueError(f"tempo changes must ascend: beat {after.beat} after {before.beat}")
            self._frames.append(self._frames[-1] + (after.beat - before.beat) * 60.0 * rate / before.tempo)

    def frame_at(self, beat: float) -> float:
        """The frame, not rounded, of ``beat``."""
        i = max(bisect_right(self._beats, beat) - 1, 0)
        return self._frames[i] + (beat - self._beats[i]) * 60.0 * self.rate / self._tempos[i]

    def beat_at(self, frame: float) -> float:
        """The beat at ``frame``."""
        i = max(bisect_right(self._frames, frame) - 1, 0)
        return self._beats[i] + (frame - self._frames[i]) * self._tempos[i] / (60.0 * self.rate)

    def tempo_at(self, beat: float) -> float:
        """Quarter notes per minute at ``beat``."""
        return self._tempos[max(bisect_right(self._beats, beat) - 1, 0)]
