"""JACK system: a JACK server as the audio system, with what outlives a driver: connections and hanging notes."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from bridge.drivers.audio_system import AudioFacts
from bridge.drivers.clients import ask_server, default_server
from bridge.drivers.hanging_notes import HangingNotes, RunMark
from bridge.drivers.jack_driver import JackDriver, compile_callbacks
from bridge.routing.patchbay import Patchbay
from bridge.runtime.graph import Graph


class JackSystem:
    """A context manager: the client ``client`` on ``server``, JACK's default one where that is empty.

    ``patchbay``: outlives a driver. Ports that were connected at the old rate are connected again at the new one.
    """

    def __init__(self, server: str, client: str, patchbay: Patchbay) -> None:
        self._server, self._client, self._patchbay = server, client, patchbay
        self._hanging = HangingNotes()
        self._mark: RunMark | None = None

    @property
    def server(self) -> str:
        """The server's name."""
        return self._server or default_server()

    @property
    def title(self) -> str:
        return "on"

    def __enter__(self) -> AudioFacts:
        facts = ask_server(self._server or None, self._client)
        self._mark = RunMark(self.server, self._client)
        if self._mark.write():
            self._hanging.keep_all()  # the last one of our name was killed: its notes may hang
        return facts

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.abandon()

    def abandon(self) -> None:
        """Remove the run marker, unless notes still hang."""
        if self._mark is not None and not self._hanging:
            self._mark.remove()

    def ask(self) -> AudioFacts:
        return ask_server(self._server or None)

    def compile_callback(self) -> None:
        compile_callbacks()

    def make_driver(self, graph: Graph, on_rate: Callable[[int], None]) -> JackDriver:
        return JackDriver(graph, self._client, self._server or None, self._patchbay, on_rate, self._hanging)
