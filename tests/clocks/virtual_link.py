"""Virtual Link session: a session and its other peer on a time that a test gives, for hours that must not pass.

`tests.clocks.link_process` runs the real library beside a real peer; here its arithmetic is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from bridge.clocks.link_session import LinkSession, LinkSnapshot


class VirtualTimeline:
    """Beats of a session: ``beat`` at ``time_us``, from there on at ``tempo``. It has the part of Link's own state."""

    def __init__(self, tempo: float, time_us: float, beat: float = 0.0) -> None:
        self._tempo, self._time_us, self._beat = tempo, time_us, beat

    def tempo(self) -> float:
        return self._tempo

    def beatAtTime(self, time_us: float, quantum: float) -> float:
        return self._beat + (time_us - self._time_us) * self._tempo / 60e6

    def timeAtBeat(self, beat: float, quantum: float) -> float:
        return self._time_us + (beat - self._beat) * 60e6 / self._tempo


class VirtualNetwork:
    """The session of everybody else: whether a peer is there, and its timeline. ``find_us``: the time of all."""

    def __init__(self, find_us: Callable[[], float]) -> None:
        self.find_us = find_us
        self.peers = 0
        self.timeline = VirtualTimeline(120.0, 0.0)

    def set_tempo(self, bpm: float) -> None:
        """A peer changes everybody's tempo; the beat goes on from where it is."""
        now = self.find_us()
        self.timeline = VirtualTimeline(bpm, now, self.timeline.beatAtTime(now, 4.0))

    def open_session(self, tempo: float) -> VirtualLinkSession:
        return VirtualLinkSession(self, tempo)


class VirtualLinkSession(LinkSession):
    """Our membership in a `VirtualNetwork`, joined at once. Start and stop are not shared."""

    def __init__(self, network: VirtualNetwork, tempo: float) -> None:
        super().__init__(tempo)
        self._network = network

    def __enter__(self) -> VirtualLinkSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass

    @property
    def now_us(self) -> int:
        return round(self._network.find_us())

    @property
    def is_joined(self) -> bool:
        return True

    def update(self, now_us: float) -> None:
        pass

    def capture(self) -> LinkSnapshot:
        timeline = self._network.timeline
        return LinkSnapshot(timeline.tempo(), self._network.peers, False, 0, timeline)

    def share_start_stop(self, is_shared: bool) -> None:
        pass

    def set_tempo(self, bpm: float, at_us: float) -> None:
        self._network.set_tempo(bpm)
