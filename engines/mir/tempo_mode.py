"""Tempo mode: arbitration between the host's beats and the tracker's (host, assist, follow)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite

from bridge.core.clock import ASSIST, FOLLOW, HOST, TEMPO_MODE, TEMPO_MODES
from bridge.core.control import Control
from bridge.core.engine import State
from bridge.core.events import Beat, Tempo, TimedEvent
from bridge.core.time import BlockTime
from engines.mir.hosted import HostBeats
from engines.saved_state import SavedState, add_prefix, strip_prefix

MODE = Control(
    TEMPO_MODE, 0, len(TEMPO_MODES) - 1, HOST, kind="choice", choices=TEMPO_MODES,
    doc="The tempo source. host: the host's clock while it rolls. assist: the host's tempo, its beats moved onto the "
    "detected ones. follow: the detected tempo, within 5 % of the tempo prior; the host's clock is ignored, MIDI clock "
    "is sent.",
)  # fmt: skip

MAX_TEMPO_DEVIATION = 0.05
"""The detected tempo may differ from the prior by this share of it."""
TEMPO_ROUNDING = 0.002
GAIN = 0.3
"""The share of a detected beat's distance from the host's that the host's beats are moved by."""
SLEW_BEATS = 0.005
"""The most they move in a hop: below what `HostBeats` takes for a jump, and half a beat in a second or two."""


@dataclass(frozen=True, slots=True)
class TempoPrior:
    """The expected tempo, quarter notes per minute, and the greatest deviation, as a share of it; inf: any."""

    bpm: float
    clamp: float = inf

    def allows(self, bpm: float) -> bool:
        """Whether ``bpm`` lies within the clamp, rounding aside."""
        return abs(bpm - self.bpm) <= (self.clamp + TEMPO_ROUNDING) * self.bpm


def _is_rolling(time: BlockTime) -> bool:
    return time.hosted and time.rolling and isfinite(time.beat) and isfinite(time.tempo) and time.tempo > 0


def choose_prior(mode: int, time: BlockTime, user_bpm: float) -> TempoPrior:
    """The tracker's prior in the block at ``time``. ``user_bpm``: the tempo that the user expects.

    In `follow` it is that tempo alone. The host's would be our own, sent back, as soon as the host follows us.
    """
    if mode == FOLLOW:
        return TempoPrior(user_bpm, MAX_TEMPO_DEVIATION)
    return TempoPrior(time.tempo, MAX_TEMPO_DEVIATION) if mode == ASSIST and _is_rolling(time) else TempoPrior(user_bpm)


class TempoArbiter(SavedState):
    """Decides, hop by hop, which beats are reported: the host's, the host's with an offset, or the tracker's.

    ``gate``: the confidence from which the tracker's beats move or replace the host's; the gate closes at half of that.
    """

    saved_fields = ("offset", "target", "open")

    def __init__(self, hop: int, gate: float) -> None:
        self._gate = gate
        self.host_beats = HostBeats(hop)
        self.reset()

    def reset(self) -> None:
        """Everything as at the start."""
        self.host_beats.reset()
        self.offset, self.target = 0.0, 0.0
        """Beats by which the host's are late against the detected ones; the value that this moves to."""
        self.open = False

    def state(self) -> State:
        return super().state() | add_prefix("host_beats", self.host_beats.state())

    def restore(self, state: State) -> None:
        super().restore(state)
        self.host_beats.restore(strip_prefix("host_beats", state))

    def process(self, mode: int, time: BlockTime, tracked: list[TimedEvent], prior: TempoPrior) -> list[TimedEvent]:
        """The beats and tempo changes to report for the block at ``time``; ``tracked``: the tracker's, for it."""
        if mode == FOLLOW or not _is_rolling(time):
            self.host_beats.reset()
            self.offset = self.target = 0.0
            return [event for event in tracked if self._passes_gate(event, prior)] if mode == FOLLOW else tracked
        if mode == ASSIST:
            self._update_offset(time, [event for event in tracked if self._passes_gate(event, prior)])
            time = replace(time, beat=time.beat - self.offset)
        else:
            self.offset = self.target = 0.0
        return self.host_beats.process(time)

    def _passes_gate(self, event: TimedEvent, prior: TempoPrior) -> bool:
        payload = event.payload
        if isinstance(payload, Tempo):
            return prior.allows(payload.bpm) and payload.confidence >= self._gate / 2
        if not isinstance(payload, Beat):
            return True
        self.open = payload.confidence >= (self._gate / 2 if self.open else self._gate)
        return self.open and prior.allows(payload.tempo)

    def _update_offset(self, time: BlockTime, tracked: list[TimedEvent]) -> None:
        """Move the offset towards the one of the detected beats."""
        for event in tracked:
            if isinstance(event.payload, Beat):
                late = time.beat_at(event.frame) - self.target
                self.target += GAIN * (late - round(late))
        step = self.target - self.offset
        self.offset += min(max(step, -SLEW_BEATS), SLEW_BEATS)
