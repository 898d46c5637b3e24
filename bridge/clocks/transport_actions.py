"""Transport actions: start, stop, locate and tap go to the clock that leads, where it can be asked."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from bridge.clocks.clock_source import ClockSource, SteerableSource
from bridge.control.bus import ActionHandler, Bus, Row
from bridge.control.clock_controls import CLOCK_TEMPO, FASTEST_TEMPO_BPM, SLOWEST_TEMPO_BPM
from bridge.control.tap_tempo import TapTempo, fold_tempo
from bridge.core.clock import AUTO, CLOCK_SOURCE, CLOCK_SOURCES, INTERNAL, JACK_CLOCK
from bridge.errors import ControlError, DriverError

log = logging.getLogger(__name__)

TEMPO_PRIOR = "mir.tempo_prior_bpm"
"""A control of the analysis engine, which may be off."""
SOURCE = "action"
LONGEST_SONG_BEATS = 1e6
"""A day at 600 BPM: further on a beat is no place in a song."""


class HostTransport(Protocol):
    """What runs the callback, as far as its transport goes."""

    @property
    def is_connected(self) -> bool:
        """Whether the audio system calls the callback at this moment."""
        ...

    def start_transport(self) -> None:
        """Let the host's transport roll. Raises: DriverError where there is nothing to ask."""
        ...

    def stop_transport(self) -> None:
        """Let the host's transport stand still. Raises: DriverError where there is nothing to ask."""
        ...


class DawTransport(Protocol):
    """A DAW that is driven by messages."""

    @property
    def is_driven(self) -> bool:
        """Whether it is to start, stop and move with the clock."""
        ...

    def start(self) -> None:
        """Let its transport roll. Raises: BridgeError where it cannot be reached."""
        ...

    def stop(self) -> None:
        """Let its transport stand still. Raises: BridgeError, as `start`."""
        ...

    def locate(self, seconds: float) -> None:
        """Move its transport to ``seconds`` from its session's start. Raises: BridgeError, as `start`."""
        ...


class LeadingClock(Protocol):
    """Who leads, and what the sources are."""

    @property
    def lock(self) -> threading.RLock:
        """Held while a source is asked."""
        ...

    @property
    def leader(self) -> str:
        """The name of the source that is the clock, empty for none."""
        ...

    @property
    def tempo(self) -> float:
        """Quarter notes per minute of the clock; 0 where none leads."""
        ...

    def get_source(self, name: str) -> ClockSource | None:
        """The source of that name, None where there is none."""
        ...

    def find_next_frame(self) -> int | None:
        """A frame ahead of the callback, for a start; None while no audio runs."""
        ...


class TransportActions:
    """The handlers of the transport's actions. ``find_host``: raises DriverError while no audio runs.

    A ``daw`` that is driven is asked first, so that nothing has started where it cannot be reached. Then a clock that
    cannot be asked is no error: it comes from the DAW, or follows where that goes. What a clock does is never sent to
    the DAW, only actions are, so nothing comes back in a circle.
    """

    def __init__(
        self, bus: Bus, clock: LeadingClock, find_host: Callable[[], HostTransport], daw: DawTransport | None = None
    ) -> None:
        self._bus, self._clock, self._find_host = bus, clock, find_host
        self._daw = daw if daw is not None and daw.is_driven else None
        self._taps, self._tapping = TapTempo(), threading.Lock()

    def handlers(self) -> Mapping[str, ActionHandler]:
        """The handler of each action, by its name."""
        return {
            "transport.start": self.start,
            "transport.stop": self.stop,
            "transport.locate": self.locate,
            "transport.tap": lambda: self.tap(time.monotonic()),
        }

    def start(self) -> None:
        """Start what leads, and the DAW. Raises: BridgeError where they cannot be asked."""
        self._ask(lambda daw: daw.start(), self._start_clock)

    def stop(self) -> None:
        """Stop what leads, and the DAW. Raises: BridgeError where they cannot be asked."""
        self._ask(lambda daw: daw.stop(), self._stop_clock)

    def locate(self, beat: str) -> None:
        """Move what leads to ``beat``, and the DAW. Raises: BridgeError: no beat, or they cannot be asked."""
        number = _parse_beat(beat)
        seconds = number * 60.0 / (self._clock.tempo or self._bus.get(CLOCK_TEMPO))
        self._ask(lambda daw: daw.locate(seconds), lambda: self._locate_clock(number))

    def _ask(self, ask_daw: Callable[[DawTransport], None], ask_clock: Callable[[], None]) -> None:
        if self._daw is None:
            ask_clock()
            return
        ask_daw(self._daw)
        try:
            ask_clock()
        except ControlError as error:
            log.debug("the DAW alone was asked: %s", error)

    def _start_clock(self) -> None:
        if self._is_host_asked(lambda host: host.start_transport()):
            return
        with self._clock.lock:
            source, frame = self._get_steerable("start")
            source.start(frame)

    def _stop_clock(self) -> None:
        if self._is_host_asked(lambda host: host.stop_transport()):
            return
        with self._clock.lock:
            source, frame = self._get_steerable("stop")
            source.stop(frame)

    def _locate_clock(self, beat: float) -> None:
        if self._find_asked() == JACK_CLOCK and self._clock.leader != INTERNAL:
            raise ControlError(
                "the host's transport is the clock, and is moved in the DAW",
                "locate there, or set clock.source to internal",
            )
        with self._clock.lock:
            source, frame = self._get_steerable("locate")
            source.locate(beat, frame)

    def tap(self, now_s: float) -> list[Row]:
        """A tap on the beat at ``now_s``: the tempo (0: not yet) and the taps.

        From the second one on it sets the tempo of the clock where that can be set, else the tempo prior.
        """
        leading = self._clock.get_source(self._clock.leader)
        steerable = leading if isinstance(leading, SteerableSource) else None
        if steerable is None and TEMPO_PRIOR not in self._bus.registry:
            raise ControlError(
                "the analysis engine has no tempo prior", "choose another engine in sideman.toml, under [engines]"
            )
        with self._tapping:
            bpm, count = self._taps.tap(now_s), self._taps.count
        if bpm is None:
            return [(0.0, count)]
        if steerable is not None:
            tempo = round(fold_tempo(bpm, SLOWEST_TEMPO_BPM, FASTEST_TEMPO_BPM), 1)
            with self._clock.lock:
                steerable.set_tempo(tempo, self._clock.find_next_frame() or 0)
            return [(tempo, count)]
        prior = self._bus.registry.get_control(TEMPO_PRIOR)
        return [(self._bus.set(TEMPO_PRIOR, round(fold_tempo(bpm, prior.low, prior.high), 1), SOURCE), count)]

    def _find_asked(self) -> str:
        """The source that is asked: what the user selected, or what leads; where nothing does, the host."""
        wanted = CLOCK_SOURCES[int(self._bus.get(CLOCK_SOURCE))]
        return (self._clock.leader or JACK_CLOCK) if wanted == AUTO else wanted

    def _is_host_asked(self, ask: Callable[[HostTransport], None]) -> bool:
        """Ask the host where it is to be asked; False where another source is, or the host has no transport."""
        if self._find_asked() != JACK_CLOCK:
            return False
        host = self._find_host()
        try:
            ask(host)
        except DriverError:
            if self._clock.leader == JACK_CLOCK or self._bus.get(CLOCK_SOURCE) != 0 or not host.is_connected:
                raise
            return False
        return True

    def _get_steerable(self, what: str) -> tuple[SteerableSource, int]:
        """The source to ask, and the frame from which on. Raises: ControlError, DriverError."""
        name = self._find_asked()
        source = self._clock.get_source(INTERNAL if name == JACK_CLOCK else name)
        if not isinstance(source, SteerableSource):
            title = source.title if source is not None else name
            raise ControlError(
                f"{title} is the clock, and cannot be asked to {what}",
                f"{what} where it comes from, or set clock.source to internal",
            )
        frame = self._clock.find_next_frame()
        if frame is None:
            raise DriverError("no audio runs at this moment", "wait for the JACK server, or see /health")
        return source, frame


def _parse_beat(text: str) -> float:
    """A beat, as an argument of an action. Raises: ControlError."""
    try:
        beat = float(text)
    except ValueError:
        beat = math.nan
    if not 0.0 <= beat <= LONGEST_SONG_BEATS:
        raise ControlError(
            f"{text!r} is no beat", f"give quarter notes from the song's start, 0 to {LONGEST_SONG_BEATS:g}"
        )
    return beat
