"""A stand-in for the DAW: one client that sends, another that takes back, both on one time.

Two clients, because a single one would close a loop in JACK's graph, and JACK adds a period to a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

from bridge.core.audio import CHANNELS, Audio
from bridge.core.events import TimedEvent
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.drivers.jack_recorder import Ports, Tape, start_together

AUDIO_RETURNS: tuple[str, ...] = tuple(f"{path}_{i + 1}" for path in AUDIO_PATHS for i in range(CHANNELS))


class StandIn:
    """A context manager: connected to the sidecar called ``client`` inside."""

    def __init__(self, client: str, server: str | None, frames: int, name: str = "daw") -> None:
        self._client, self.frames = client, frames
        sends = tuple(f"out_{i + 1}" for i in range(CHANNELS))
        self.player = Tape(f"{name}-send", server, frames, Ports(play=sends, midi_play="midi_out"))
        self.recorder = Tape(f"{name}-return", server, frames, Ports(record=AUDIO_RETURNS, midi_record=MIDI_PORTS))
        self._stack = ExitStack()

    def load(self, audio: Audio, midi: Sequence[TimedEvent] = ()) -> None:
        """What to send, from tape frame 0 on; before entering."""
        self.player.load(audio, midi)

    def __enter__(self) -> StandIn:
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
        """Roll both tapes, a few periods or ``margin_frames`` from now."""
        start_together(self.player, self.recorder, margin_frames=margin_frames)

    @property
    def started_at(self) -> int:
        """JACK's frame time of tape frame 0."""
        return self.player.started_at

    def wait(self, timeout_s: float) -> None:
        """Return when both tapes are through."""
        self.player.wait(timeout_s)
        self.recorder.wait(timeout_s)

    def run_freewheeling(self, timeout_s: float) -> None:
        """Start, and let the server run as fast as the workers can; back in real time at the end."""
        rate = int(self.player.client.samplerate)
        self.start(margin_frames=rate // 4)  # the tapes are set before time begins to run
        self.player.client.set_freewheel(True)
        try:
            self.wait(timeout_s)
        finally:
            self.player.client.set_freewheel(False)

    def returned(self, path: str) -> Audio:
        """What came back of an audio path, shape (channels, frames)."""
        row = AUDIO_RETURNS.index(f"{path}_1")
        return self.recorder.recorded[row : row + CHANNELS]

    def returned_midi(self, port: str) -> list[TimedEvent]:
        """What came back of a MIDI port, in tape frames."""
        return self.recorder.midi(port)
