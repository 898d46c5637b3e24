"""Fake DAW for demo and tests: one client sends, another records what returns, on one time line.

Two clients, because a single one would close a loop in JACK's graph, and JACK adds a period to a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import TimedEvent
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.drivers.jack_recorder import JackRecorder, Ports, start_together

AUDIO_RETURNS: tuple[str, ...] = tuple(f"{path}_{i + 1}" for path in AUDIO_PATHS for i in range(CHANNELS))


class FakeDaw:
    """A context manager: connected to the sidecar called ``client`` inside."""

    def __init__(self, client: str, server: str | None, frames: int, name: str = "daw") -> None:
        self._client, self.frames = client, frames
        sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
        self.player = JackRecorder(f"{name}-send", server, frames, Ports(play=sends, midi_play="midi_out"))
        self.recorder = JackRecorder(
            f"{name}-return", server, frames, Ports(record=AUDIO_RETURNS, midi_record=MIDI_PORTS)
        )
        self._stack = ExitStack()

    def load(self, audio: Audio, midi: Sequence[TimedEvent] = ()) -> None:
        """Set what is sent, from recording frame 0 on; call it before entering."""
        self.player.load(audio, midi)

    def __enter__(self) -> FakeDaw:
        with ExitStack() as opened:
            opened.enter_context(self.player)
            opened.enter_context(self.recorder)
            sends = {f"out_{i + 1}": f"{self._client}:in_{i + 1}" for i in range(CHANNELS)}
            self.player.connect(sends | {"midi_out": f"{self._client}:midi_in"})
            self.recorder.connect({port: f"{self._client}:{port}" for port in (*AUDIO_RETURNS, *MIDI_PORTS)})
            self._stack = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def start(self, margin_frames: int = 0) -> None:
        """Start player and recorder, a few periods or ``margin_frames`` from now."""
        start_together(self.player, self.recorder, margin_frames=margin_frames)

    @property
    def started_at(self) -> int:
        """JACK's frame time of recording frame 0."""
        return self.player.started_at

    def wait(self, timeout_s: float) -> None:
        """Return when player and recorder are at their end."""
        self.player.wait(timeout_s)
        self.recorder.wait(timeout_s)

    def run_freewheeling(self, timeout_s: float) -> None:
        """Start, and let the server run as fast as the workers can; back in real time at the end."""
        rate = int(self.player.client.samplerate)
        self.start(margin_frames=rate // 4)  # both are armed before time runs fast
        self.player.client.set_freewheel(True)
        try:
            self.wait(timeout_s)
        finally:
            self.player.client.set_freewheel(False)

    def read_audio(self, path: str) -> Audio:
        """The returned audio of a path, shape (channels, frames)."""
        row = AUDIO_RETURNS.index(f"{path}_1")
        return self.recorder.recorded[row : row + CHANNELS]

    def read_midi(self, port: str) -> list[TimedEvent]:
        """The returned messages of a MIDI port, in recording frames."""
        return self.recorder.read_midi(port)
