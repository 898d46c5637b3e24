"""Who leads, the host or the music: which tempo a tracker is to look for, and which of its beats count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite

from bridge.core.clock import ASSIST, FOLLOW, HOST, TEMPO_MODE, TEMPO_MODES
from bridge.core.control import Control
from bridge.core.engine import State
from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.time import BlockTime
from engines.mir.hosted import HostedBeats
from engines.saved_state import SavedState, add_prefix, strip_prefix

MODE = Control(
    TEMPO_MODE, 0, len(TEMPO_MODES) - 1, HOST, kind="choice", choices=TEMPO_MODES,
    doc="Who leads. host: the host's clock where it rolls. assist: the host's tempo, its beats moved onto those heard. "
    "follow: what is heard, within 5 % of the tempo prior; the host's clock counts for nothing, MIDI clock goes out.",
)  # fmt: skip

CLAMP = 0.05
"""How far, of it, the tempo heard may be from the one that leads."""
ROUNDING = 0.002
GAIN = 0.3
"""How much of a heard beat's distance from the host's the host's beats are moved by."""
SLEW_BEATS = 0.005
"""How far they move in a hop: below what `HostedBeats` takes for a jump, and half a beat in a second or two."""


@dataclass(frozen=True, slots=True)
class TempoPrior:
    """The tempo to look for, quarter notes a minute, and how far from it, as a share of it; inf: anywhere."""

    bpm: float
    clamp: float = inf

    def allows(self, bpm: float) -> bool:
        """Whether ``bpm`` lies within the clamp, rounding aside."""
        return abs(bpm - self.bpm) <= (self.clamp + ROUNDING) * self.bpm


def _rolls(at: BlockTime) -> bool:
    return at.hosted and at.rolling and isfinite(at.beat) and isfinite(at.tempo) and at.tempo > 0


def needs_tracking(mode: int, at: BlockTime) -> bool:
    """Whether the beats of the block at ``at`` depend on what is heard: not where a rolling host is trusted."""
    return not (mode == HOST and _rolls(at))


def prior_for(mode: int, at: BlockTime, user_bpm: float) -> TempoPrior:
    """What a tracker has to look for in the block at ``at``. ``user_bpm``: the tempo that the user expects.

    In `follow` it is that tempo alone. The host's would be our own, come back, as soon as the host follows us.
    """
    if mode == FOLLOW:
        return TempoPrior(user_bpm, CLAMP)
    return TempoPrior(at.tempo, CLAMP) if mode == ASSIST and _rolls(at) else TempoPrior(user_bpm)


class TempoArbiter(SavedState):
    """Decides, hop by hop, which beats are said: the host's, the host's moved, or those that were heard.

    ``gate``: the confidence from which a tracker's beat is believed where it moves or replaces the host; it is
    believed until it falls below half of that.
    """

    saved_fields = ("offset", "target", "open")

    def __init__(self, hop: int, gate: float) -> None:
        self._gate = gate
        self.hosted = HostedBeats(hop)
        self.reset()

    def reset(self) -> None:
        """Everything as at the start."""
        self.hosted.reset()
        self.offset, self.target = 0.0, 0.0
        """Beats by which the host's are late against those heard; where they are moving to."""
        self.open = False

    def state(self) -> State:
        return super().state() | add_prefix("hosted", self.hosted.state())

    def restore(self, state: State) -> None:
        super().restore(state)
        self.hosted.restore(strip_prefix("hosted", state))

    def listen(self, mode: int, at: BlockTime, heard: list[TimedEvent], prior: TempoPrior) -> list[TimedEvent]:
        """The beats and changes of tempo to say for the block at ``at``; ``heard``: the tracker's, for it."""
        if mode == FOLLOW or not _rolls(at):
            self.hosted.reset()
            self.offset = self.target = 0.0
            return [event for event in heard if self._believes(event, prior)] if mode == FOLLOW else heard
        if mode == ASSIST:
            self._correct(at, [event for event in heard if self._believes(event, prior)])
            at = replace(at, beat=at.beat - self.offset)
        else:
            self.offset = self.target = 0.0
        return self.hosted.listen(at)

    def _believes(self, event: TimedEvent, prior: TempoPrior) -> bool:
        told = event.payload
        if isinstance(told, Tempo):
            return prior.allows(told.bpm) and told.confidence >= self._gate / 2
        if not isinstance(told, Beat):
            return True
        self.open = told.confidence >= (self._gate / 2 if self.open else self._gate)
        return self.open and prior.allows(told.tempo)

    def _correct(self, at: BlockTime, heard: list[TimedEvent]) -> None:
        """Move the offset towards where the beats that were heard put it."""
        for event in heard:
            if isinstance(event.payload, Beat):
                late = at.beat_at(event.frame) - self.target
                self.target += GAIN * (late - round(late))
        step = self.target - self.offset
        self.offset += min(max(step, -SLEW_BEATS), SLEW_BEATS)
