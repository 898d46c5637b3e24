"""Offline system: a song on a clock of our own as the audio system, for trying things and for tests, without JACK."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from bridge.audiofile.song import Song
from bridge.audiofile.song_stream import SongStream
from bridge.core.latency import AUDIO_PATHS
from bridge.drivers.audio_system import OFFLINE, AudioFacts
from bridge.drivers.offline_driver import OfflineDriver
from bridge.drivers.output_files import OutputFiles
from bridge.drivers.song_transport import PlayOptions, SongTransport
from bridge.runtime.graph import Graph

USUAL_RATES_HZ = (8000, 192_000)
"""A song at another rate is played at DEFAULT_RATE_HZ, unless a rate is asked for: engines refuse what is lower."""
DEFAULT_RATE_HZ = 44100


class OfflineSystem:
    """A context manager: the song ``path``, played as ``options`` say in cycles of ``period`` frames.

    ``rate``: in Hz; 0: the song's own. ``folder``: where the output goes, as float WAV files; None: nowhere.
    ``on_end``: called when the song has ended, also by an error; then `check` raises it.
    """

    def __init__(
        self, path: Path, options: PlayOptions, period: int = 128, rate: int = 0, folder: Path | None = None
    ) -> None:
        self._path, self._options, self._period, self._rate, self._folder = path, options, period, rate, folder
        self.on_end: Callable[[], object] = lambda: None
        self._error: Exception | None = None
        self._stack = ExitStack()

    @property
    def server(self) -> str:
        return OFFLINE

    @property
    def title(self) -> str:
        return f"offline: {self._path.name},"

    def __enter__(self) -> AudioFacts:
        with ExitStack() as opened:
            if not self._rate:
                with Song(self._path) as song:
                    lowest, highest = USUAL_RATES_HZ
                    self._rate = song.rate if lowest <= song.rate <= highest else DEFAULT_RATE_HZ
            self._song = opened.enter_context(SongStream(self._path, self._rate, self._options.repeats))
            folder = self._folder
            self._files = None if folder is None else opened.enter_context(OutputFiles(folder, self._rate))
            self._stack = opened.pop_all()
        return self.ask()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, tb)

    def abandon(self) -> None:
        """Nothing: what would be left are hidden drafts, which the next run removes."""

    def ask(self) -> AudioFacts:
        return AudioFacts(self._rate, self._period, priority=0)

    def compile_callback(self) -> None:
        from bridge.drivers import offline_callback  # noqa: F401  (compiled at import)

    def make_driver(self, graph: Graph, _on_rate: Callable[[int], None]) -> OfflineDriver:
        transport = SongTransport(self._song, self._rate, self._options)
        return OfflineDriver(graph, transport, self._files, self._options.is_virtual, self._end)

    def _end(self, error: Exception | None) -> None:
        self._error = error
        self.on_end()

    def describe_files(self, late_frames: int) -> str:
        """What has been written, as a sentence; empty where nothing was. ``late_frames``: played dry or silent."""
        if self._files is None or not self._files.frames:
            return ""
        late = f"{late_frames:,} frames were late and are dry there" if late_frames else "no frame was late"
        return f"written to {self._folder}: {', '.join(f'{path}.wav' for path in AUDIO_PATHS)}; {late}"

    def check(self) -> None:
        """Raises: what ended the song too early."""
        if self._error is not None:
            raise self._error
