"""OSC surface service: the actions that drive the transport of Ardour or Reaper and set markers in it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from bridge.control.bus import ActionHandler, Row
from bridge.daw.osc_surfaces import ardour_surface, reaper_surface
from bridge.daw.osc_surfaces.song_markers import read_song_markers
from bridge.daw.osc_surfaces.surface_socket import SurfaceSocket
from bridge.errors import ControlError, DriverError
from bridge.runtime.graph import Graph
from bridge.runtime.service import Service
from bridge.settings import DawSettings

LONGEST_S = 3 * 3600.0
"""The longest time of a session: Ardour takes frames of 32 bits, which last 3.1 h at 192 kHz."""
LONGEST_NAME = 200
AGAIN = "again"

T = TypeVar("T")


class OscSurface(Protocol):
    """What a DAW can be asked over OSC."""

    def start(self) -> None:
        """Let the transport roll."""

    def stop(self) -> None:
        """Let the transport stand still."""

    def read_position(self) -> tuple[float, bool]:
        """Seconds from the start, and whether the transport rolls. Raises: BridgeError."""
        ...

    def locate(self, seconds: float) -> None:
        """Move the transport. Raises: DriverError."""

    def add_marker(self, seconds: float, name: str) -> None:
        """Add a marker. Raises: BridgeError."""


class OscSurfaceService(Service):
    """Service of the DAW's OSC surface. It sends only when an action asks for it; one action at a time."""

    def __init__(self, settings: DawSettings) -> None:
        self._settings, self._rate = settings, 0
        self._sent: set[tuple[float, str]] = set()  # markers in a DAW that does not say which it has
        self._lock = threading.Lock()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Nothing is open between two actions."""

    def attach(self, graph: Graph) -> None:
        self._rate = graph.plan.rate

    def handlers(self) -> dict[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "daw.start": self.start,
            "daw.stop": self.stop,
            "daw.locate": lambda seconds: self.locate(parse_seconds(seconds)),
            "daw.position": self.read_position,
            "daw.marker": self.add_marker,
            "daw.markers": self.add_markers,
        }

    @property
    def is_driven(self) -> bool:
        """Whether the transport's actions go to the DAW too."""
        return self._settings.transport

    def start(self) -> None:
        """Let its transport roll. Raises: BridgeError."""
        self._ask(lambda daw: daw.start())

    def stop(self) -> None:
        """Let its transport stand still. Raises: BridgeError."""
        self._ask(lambda daw: daw.stop())

    def locate(self, seconds: float) -> None:
        """Move its transport to ``seconds`` from the session's start. Raises: BridgeError."""
        self._ask(lambda daw: daw.locate(seconds))

    def read_position(self) -> list[Row]:
        """Seconds, and 1 where the transport rolls."""
        seconds, rolling = self._ask(lambda daw: daw.read_position())
        return [(seconds, int(rolling))]

    def add_marker(self, seconds: str, name: str) -> None:
        """Add a marker. Raises: BridgeError."""
        at, text = parse_seconds(seconds), " ".join(name.split())
        if not text.isprintable() or not 0 < len(text) <= LONGEST_NAME:
            raise ControlError(f"marker name {name[:40]!r}", f"give 1 to {LONGEST_NAME} printable characters")
        self._ask(lambda daw: daw.add_marker(at, text))

    def add_markers(self, file: str, again: str = "") -> list[Row]:
        """Add a marker for each section or key of a song; returns a row for each: seconds and name.

        What Reaper has been sent since the start is left out, unless ``again`` is "again"; Ardour has no marker twice.

        Raises:
            BridgeError: The file has no markers, or the DAW cannot be reached.
        """
        if again not in ("", AGAIN):
            raise ControlError(f"{again!r} is no second argument of daw.markers", f"give {AGAIN}, or nothing")
        markers = [(round(seconds, 6), name[:LONGEST_NAME]) for seconds, name in read_song_markers(Path(file))]
        if self._settings.kind == "reaper" and not again:
            markers = [one for one in markers if one not in self._sent]

        def add_all(daw: OscSurface) -> None:
            for seconds, name in markers:
                daw.add_marker(seconds, name)
                self._sent.add((seconds, name))

        self._ask(add_all)
        return [(seconds, name) for seconds, name in markers]

    def _ask(self, ask: Callable[[OscSurface], T]) -> T:
        settings = self._settings
        if not settings.kind:
            raise ControlError("no DAW is set up", 'set kind = "ardour" or "reaper" under [daw] in sideman.toml')
        is_ardour = settings.kind == "ardour"
        port = settings.port or (ardour_surface.PORT if is_ardour else reaper_surface.PORT)
        if is_ardour and not self._rate:
            raise DriverError("no audio runs at this moment", "wait for the JACK server, or see /health")
        with self._lock, SurfaceSocket(settings.kind.capitalize(), settings.host, port) as wire:
            surface: OscSurface
            if is_ardour:
                surface = ardour_surface.ArdourSurface(wire, self._rate)
            else:
                surface = reaper_surface.ReaperSurface(wire)
            return ask(surface)


def parse_seconds(text: str) -> float:
    """Seconds from the session's start, as an argument of an action. Raises: ControlError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= LONGEST_S:
        raise ControlError(f"{text!r} is no time", f"give seconds from the session's start, 0 to {LONGEST_S:g}")
    return seconds
