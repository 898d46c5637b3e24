"""Ardour surface: Ardour's OSC messages for transport, position and markers (run with Ardour 7.3)."""

from __future__ import annotations

import time

from bridge.daw.osc_surfaces.surface_socket import SurfaceSocket
from bridge.errors import ControlError, DriverError

PORT = 3819
"""Ardour's default."""
LOCATE_S = 5.0
"""A locate reads audio from the disk first; after so long it has failed."""
STAYS_S = 1.0
"""It goes to a marker within some 10 ms, and stays where it has none of that number."""
MOST_MARKERS = 500
POLL_S = 0.01


class ArdourSurface:
    """Ardour at the far end of ``wire``. ``rate``: of its session, in Hz; on one JACK server it is ours.

    In Ardour, the port mode of OSC must be Auto: then answers come to whoever asks.
    """

    def __init__(self, wire: SurfaceSocket, rate: int) -> None:
        self._wire, self._rate = wire, rate
        self._markers: set[int] | None = None  # their frames, once they are asked for

    def start(self) -> None:
        """Let the transport roll."""
        self._wire.send("/transport_play")

    def stop(self) -> None:
        """Let the transport stand still."""
        self._wire.send("/transport_stop")

    def read_position(self) -> tuple[float, bool]:
        """Seconds from the session's start, and whether the transport rolls. Raises: DriverError: no answer."""
        frame, speed = self._wire.ask("/transport_frame")[0], self._wire.ask("/transport_speed")[0]
        if not isinstance(frame, int) or not isinstance(speed, float | int):
            raise DriverError(f"Ardour's position is {frame!r} at speed {speed!r}", "use Ardour 7 or newer")
        return frame / self._rate, speed != 0

    def locate(self, seconds: float) -> None:
        """Move the transport; it is there when this returns. Raises: DriverError: it does not arrive."""
        self._locate_frame(round(seconds * self._rate))

    def _locate_frame(self, frame: int) -> None:
        self._wire.send("/locate", frame, 0)
        deadline = time.monotonic() + LOCATE_S
        while self._wire.ask("/transport_frame")[0] != frame:
            if time.monotonic() > deadline:
                raise DriverError(f"Ardour did not go to frame {frame}", "stop its transport, and see its log")
            time.sleep(POLL_S)

    def add_marker(self, seconds: float, name: str) -> None:
        """Add a marker, unless there is one at the same sample. Ardour adds it where its transport stands, so this
        must not roll.

        Raises:
            ControlError: The transport rolls.
            DriverError: No answer.
        """
        if self.read_position()[1]:
            raise ControlError("Ardour rolls: a marker is added where its transport stands", "stop it first")
        frame = round(seconds * self._rate)
        if self._markers is None:
            self._markers = self._read_markers()
        if frame not in self._markers:
            self._locate_frame(frame)
            self._wire.send("/add_marker", name)
            self._markers.add(frame)

    def _read_markers(self) -> set[int]:
        """The frames of the session's markers. The transport goes to each of them.

        Ardour 7.3 answers no question for its markers, and does not go to the one before. It goes to one by its number
        from 1, in the order of time, and stays where there is none of that number.
        """
        found: set[int] = set()
        beside = 1
        for number in range(1, MOST_MARKERS + 1):
            self._locate_frame(beside)
            self._wire.send("/marker", number)
            deadline = time.monotonic() + STAYS_S
            while (now := self._wire.ask("/transport_frame")[0]) == beside and time.monotonic() < deadline:
                time.sleep(POLL_S)
            if now == beside or not isinstance(now, int):
                return found
            found.add(now)
            beside = now + 1
        raise DriverError(f"the session in Ardour has {MOST_MARKERS} markers or more", "remove some")
