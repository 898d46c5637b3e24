"""PortAudio system: devices of the machine as the audio system, for who has no JACK server."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from bridge.drivers.audio_system import PORTAUDIO, AudioFacts, HungAudioError
from bridge.drivers.portaudio.portaudio_driver import PortAudioDriver
from bridge.drivers.portaudio.stream_opener import StreamOpener
from bridge.runtime.graph import Graph
from bridge.settings import AudioSettings


class PortAudioSystem:
    """A context manager: the devices of ``settings``. ``client``, ``server``: for JACK as PortAudio's host API."""

    def __init__(self, settings: AudioSettings, client: str = "", server: str = "") -> None:
        self._settings, self._client, self._server = settings, client, server
        self._opener: StreamOpener | None = None
        self._title = "on PortAudio"

    @property
    def server(self) -> str:
        return PORTAUDIO

    @property
    def title(self) -> str:
        return self._title

    def __enter__(self) -> AudioFacts:
        return self.ask()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """End PortAudio, unless a stream never closed: PortAudio would wait for it."""
        if self._opener is not None and not isinstance(error, HungAudioError):
            self._opener.close()

    def abandon(self) -> None:
        """Nothing: devices let a process go that ends."""

    def ask(self) -> AudioFacts:
        rate, period = self._get_opener().measure()
        return AudioFacts(rate, period, priority=0)

    def compile_callback(self) -> None:
        from bridge.drivers.portaudio import stream_callback  # noqa: F401  (compiled at import)

    def make_driver(self, graph: Graph, on_rate: Callable[[int], None]) -> PortAudioDriver:
        return PortAudioDriver(graph, self._get_opener(), on_rate)

    def _get_opener(self) -> StreamOpener:
        if self._opener is None:
            self._opener = StreamOpener(self._settings, self._client, self._server)
        return self._opener
