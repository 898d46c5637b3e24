"""Reaper surface: messages of Reaper's Default.ReaperOSC (from its documentation; not run with Reaper)."""

from __future__ import annotations

from bridge.daw.osc_surfaces.surface_socket import SurfaceSocket
from bridge.errors import ControlError

PORT = 8000
"""The local listen port that Reaper offers."""
INSERT_MARKER = 40157
"""Action "Markers: Insert marker at current position"."""


class ReaperSurface:
    """Reaper at the far end of ``wire``, with its pattern config Default.ReaperOSC. It sends to its own device port
    alone, so nothing is read from it."""

    def __init__(self, wire: SurfaceSocket) -> None:
        self._wire = wire

    def start(self) -> None:
        """Let the transport roll (``PLAY t/play``)."""
        self._wire.send("/play", 1.0)

    def stop(self) -> None:
        """Let the transport stand still (``STOP t/stop``)."""
        self._wire.send("/stop", 1.0)

    def read_position(self) -> tuple[float, bool]:
        """Refused. Raises: ControlError."""
        raise ControlError("Reaper does not answer questions for its position", "follow it by MIDI clock or JACK")

    def locate(self, seconds: float) -> None:
        """Move the cursor (``TIME f/time``, in seconds)."""
        self._wire.send("/time", float(seconds))

    def add_marker(self, seconds: float, name: str) -> None:  # noqa: ARG002
        """Add a marker. Reaper numbers it; ``name`` is not sent, the default patterns only name markers that exist."""
        self.locate(seconds)
        self._wire.send(f"/action/{INSERT_MARKER}", 1.0)
