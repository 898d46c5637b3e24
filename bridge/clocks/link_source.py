"""Ableton Link as a clock source: beats of a session by Link's clock, at the frames of the audio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import ceil
from typing import ClassVar, Protocol, runtime_checkable

from bridge.clocks.clock_source import SourceState
from bridge.clocks.link_frame_fit import FrameFit
from bridge.clocks.link_session import LinkSession, LinkSnapshot
from bridge.clocks.link_timeline import LinkTimeline
from bridge.control.bus import Bus
from bridge.control.clock_controls import CLOCK_BAR
from bridge.control.link_controls import (
    FASTEST_LINK_BPM,
    LINK_OFFSET,
    LINK_ON,
    LINK_START_STOP,
    LINK_TEMPO,
    SLOWEST_LINK_BPM,
)
from bridge.core.clock import CLOCK_SOURCE, CLOCK_SOURCES, LINK
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import ControlError, DriverError
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import FREE, LOCKED, SEARCHING
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe

log = logging.getLogger(__name__)

SOURCE = "link"
"""Source of its changes of the tempo, in the log of changes."""
SLOWEST_LOOK_US = 200
"""A pair of frame and time that took longer to look up was interrupted, and is left out."""


@runtime_checkable
class FrameClock(Protocol):
    """A driver that knows the frame between two callbacks too, as JACK's does."""

    def find_frame(self) -> int | None:
        """The stream frame now, None while no audio runs."""
        ...


class LinkSource:
    """The session is joined while the user wants it: `LINK_ON` is on, or the clock's source is link.

    ``find_driver``: what runs the callback; raises DriverError while no audio runs. Where it is no `FrameClock`, the
    frame is that of the callbacks, on average. ``open_session``: makes the session, from our tempo.
    """

    name: ClassVar[str] = LINK
    title: ClassVar[str] = "Ableton Link"
    is_line: ClassVar[bool] = True

    def __init__(
        self,
        bus: Bus,
        find_driver: Callable[[], object],
        open_session: Callable[[float], LinkSession] = LinkSession,
    ) -> None:
        self._bus, self._find_driver, self._open_session = bus, find_driver, open_session
        self._graph: Graph | None = None
        self._fit = FrameFit(1)
        self._opened = ExitStack()
        self._session: LinkSession | None = None
        self._timeline = LinkTimeline()
        self._past_jumps = 0  # of the timelines before this one
        self._tempo = 0.0  # as the control had it last
        self._problem = ""

    def attach(self, graph: Graph) -> None:
        """Begin a new line through the frames of ``graph``; the session goes on."""
        self._graph, self._fit = graph, FrameFit(graph.plan.rate)
        self._past_jumps += 1

    def detach(self) -> None:
        """Leave the session: nobody updates it from here on."""
        self._graph = None
        self._leave()

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:  # noqa: ARG002
        absent = SourceState(BlockTime(frame, self._fit.rate), False)
        if self._graph is None or not self._follow_wish():
            return absent
        session = self._session
        if session is None:
            return absent
        session.share_start_stop(self._shares_start)
        session.update(session.now_us)
        self._measure(session)
        snapshot = session.capture()
        if not session.is_joined or observe(self._graph.arrays.state, w.FREEWHEEL):
            return absent
        self._follow_tempo(session, snapshot)
        if snapshot.peers == 0 or not self._fit.is_ready:
            return absent
        return self._find_state(snapshot, frame)

    def start(self, frame: int) -> None:
        """Start all that share start and stop. Raises: ControlError where ours is not shared."""
        self._require_shared().set_playing(True, self._find_link_time(frame))

    def stop(self, frame: int) -> None:
        """Stop all that share start and stop. Raises: ControlError where ours is not shared."""
        self._require_shared().set_playing(False, self._find_link_time(frame))

    def locate(self, beat: float, frame: int) -> None:  # noqa: ARG002
        """Count the bars so that this is near ``beat``. The session's bars, and everybody else, stay as they are."""
        self._timeline.locate(beat)

    def set_tempo(self, bpm: float, frame: int) -> None:
        """Set everybody's tempo. Raises: ControlError where no session is joined."""
        self._require_session().set_tempo(bpm, self._find_link_time(frame))

    @property
    def _shares_start(self) -> bool:
        return bool(self._bus.get(LINK_START_STOP))

    def _follow_wish(self) -> bool:
        """Join or leave as the user wants; whether a session is there."""
        wanted = self._bus.get(LINK_ON) or CLOCK_SOURCES[int(self._bus.get(CLOCK_SOURCE))] == LINK
        if not wanted:
            self._leave()
        elif self._session is None:
            self._join()
        return self._session is not None

    def _join(self) -> None:
        try:
            self._session = self._opened.enter_context(self._open_session(self._bus.get(LINK_TEMPO)))
        except DriverError as error:
            if str(error) != self._problem:
                log.warning("Ableton Link: %s", error)
            self._problem = str(error)
            return
        self._tempo, self._problem = 0.0, ""
        log.info("joining the Ableton Link session of this network")

    def _leave(self) -> None:
        if self._session is not None:
            self._session = None
            self._opened.close()
            log.info("left the Ableton Link session")
        self._past_jumps += self._timeline.jumps
        self._timeline = LinkTimeline()

    def _measure(self, session: LinkSession) -> None:
        before_us = session.now_us
        frame = self._find_frame()
        after_us = session.now_us
        if frame is not None and after_us - before_us <= SLOWEST_LOOK_US:
            self._fit.push((before_us + after_us) / 2.0, frame)

    def _find_frame(self) -> float | None:
        try:
            driver = self._find_driver()
        except DriverError:
            return None
        if isinstance(driver, FrameClock):
            return driver.find_frame()
        if self._graph is None:
            return None
        state = self._graph.arrays.state
        return observe(state, w.HEAD) - observe(state, w.PERIOD) / 2.0

    def _follow_tempo(self, session: LinkSession, snapshot: LinkSnapshot) -> None:
        """Send what the user has set, and show what the session has."""
        wanted = self._bus.get(LINK_TEMPO)
        if self._tempo and wanted != self._tempo:
            session.set_tempo(wanted, session.now_us)
            self._tempo = wanted
        elif snapshot.tempo != self._tempo and SLOWEST_LINK_BPM <= snapshot.tempo <= FASTEST_LINK_BPM:
            self._tempo = self._bus.set(LINK_TEMPO, snapshot.tempo, SOURCE)

    def _find_state(self, snapshot: LinkSnapshot, frame: int) -> SourceState:
        fit, quantum = self._fit, int(self._bus.get(CLOCK_BAR))
        at = self._timeline.update(snapshot, self._find_link_time(frame), quantum, self._shares_start)
        first = frame
        if at.time_us > self._find_link_time(frame):  # a planned start
            first = ceil(fit.frame_at(at.time_us + self._offset_us))
        beat = at.beat + (self._find_link_time(first) - at.time_us) * snapshot.tempo / 60e6 if at.rolling else at.beat
        time = BlockTime(first, fit.rate, beat, snapshot.tempo, at.rolling, quantum, True)
        lock = FREE if not at.rolling else LOCKED if fit.is_locked else SEARCHING
        jitter_ms = 1000.0 * fit.jitter_frames / fit.rate
        return SourceState(time, True, self._past_jumps + self._timeline.jumps, lock, jitter_ms, fit.drift_ppm)

    @property
    def _offset_us(self) -> float:
        return 1000.0 * self._bus.get(LINK_OFFSET)

    def _find_link_time(self, frame: float) -> float:
        """The time, on Link's clock, of the beat that the input has at ``frame``."""
        return self._fit.time_at(frame) - self._offset_us

    def _require_session(self) -> LinkSession:
        if self._session is None or not self._fit.is_ready:
            raise ControlError("no Ableton Link session is joined", f"set {LINK_ON} to on")
        return self._session

    def _require_shared(self) -> LinkSession:
        session = self._require_session()
        if not self._shares_start:
            raise ControlError(
                "Ableton Link shares tempo and beat here, and no start and stop", f"set {LINK_START_STOP} to 1"
            )
        return session
