"""Link session: Ableton Link's shared tempo and beat, joined without a change to anybody's tempo."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from bridge.control.link_controls import LINK_FIX, LINK_MODULE, LINK_PROBLEM
from bridge.errors import DriverError

SETTLE_S = 0.6
"""So long after its making a peer joins. Joined at once, 4 of 12 newcomers set everybody's tempo; after 0.5 s none did
(github.com/Ableton/link/issues/146)."""
MISSING = DriverError(LINK_PROBLEM, LINK_FIX)


@dataclass(frozen=True, slots=True)
class LinkSnapshot:
    """The session at one moment. Its times are microseconds of Link's clock.

    Attributes:
        tempo: Quarter notes per minute.
        peers: How many others are in the session.
        is_playing: Whether it plays, as far as start and stop are shared.
        changed_us: When that was last changed; ahead of now where a start is planned.
        state: Link's own object.
    """

    tempo: float
    peers: int
    is_playing: bool
    changed_us: int
    state: Any

    def beat_at(self, time_us: float, quantum: int) -> float:
        """The beat at ``time_us``. Peers share its remainder by ``quantum`` (beats), and nothing but that."""
        return float(self.state.beatAtTime(round(time_us), float(quantum)))

    def time_at(self, beat: float, quantum: int) -> float:
        """The time of ``beat``, the inverse of `beat_at`."""
        return float(self.state.timeAtBeat(beat, float(quantum)))


class LinkSession:
    """A context manager: a peer of the session on this network inside, from ``settle_s`` after its start on.

    Without others it is a session of its own at ``tempo``, and those who join later take that.
    """

    def __init__(self, tempo: float, settle_s: float = SETTLE_S) -> None:
        self._tempo, self._settle_s = tempo, settle_s
        self._link: Any = None
        self._clock: Any = None
        self._made_us = 0

    def __enter__(self) -> LinkSession:
        """Raises: DriverError where the package is missing."""
        if find_spec(LINK_MODULE) is None:
            raise MISSING
        import link

        self._link = link.Link(self._tempo)
        self._clock = self._link.clock()
        self._made_us = self.now_us
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._link.enabled = False
        self._link = self._clock = None

    @property
    def now_us(self) -> int:
        """The present on Link's clock, in microseconds: CLOCK_MONOTONIC_RAW on Linux."""
        return int(self._clock.micros())

    @property
    def is_joined(self) -> bool:
        """Whether others see this peer."""
        return bool(self._link.enabled)

    def update(self, now_us: float) -> None:
        """Join if it is time to. ``now_us``: the present on Link's clock."""
        if not self.is_joined and now_us - self._made_us >= 1e6 * self._settle_s:
            self._link.enabled = True

    def capture(self) -> LinkSnapshot:
        """The session now."""
        state = self._link.captureAppSessionState()
        peers = int(self._link.numPeers()) if self.is_joined else 0
        return LinkSnapshot(float(state.tempo()), peers, bool(state.isPlaying()), int(state.timeForIsPlaying()), state)

    def share_start_stop(self, is_shared: bool) -> None:
        """Let start and stop of others count here, and ours there, from now on."""
        if bool(self._link.startStopSyncEnabled) != is_shared:
            self._link.startStopSyncEnabled = is_shared

    def set_tempo(self, bpm: float, at_us: float) -> None:
        """Set everybody's tempo from ``at_us`` on. Only ever where the user asks for it."""
        state = self._link.captureAppSessionState()
        state.setTempo(bpm, round(at_us))
        self._link.commitAppSessionState(state)

    def set_playing(self, is_playing: bool, at_us: float) -> None:
        """Start or stop all that share start and stop, at ``at_us``."""
        state = self._link.captureAppSessionState()
        state.setIsPlaying(is_playing, round(at_us))
        self._link.commitAppSessionState(state)
