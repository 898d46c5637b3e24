"""Stream rig: the compiled callback, called as PortAudio calls it, with channels and times of the test's own."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from bridge.core.audio import Audio
from bridge.drivers.offline_callback import OfflineCallback
from bridge.drivers.portaudio import stream_callback
from bridge.drivers.portaudio.output_routes import find_routes
from bridge.drivers.portaudio.stream_argument import StreamArgument
from bridge.runtime.shared.layout import Plan
from tests.runtime.callback_driver import NO_ENGINES, RATE, Callback, open_callback

Pointers = ctypes.POINTER(ctypes.c_void_p)


class StreamRig:
    """A stream of two inputs; ``outputs``: as in [audio]; 12 channels. ``function``: address of the callback."""

    def __init__(self, graph: Callback, outputs: tuple[str, ...], function: int, width: type) -> None:
        self.graph = graph
        self._callback = OfflineCallback(graph.context, graph.control, graph.inserts)
        self._routes = find_routes(outputs, 12)
        self.argument = StreamArgument(RATE, 2, (0, 1), self._routes)
        kind: Any = ctypes.CFUNCTYPE(
            ctypes.c_int32, Pointers, Pointers, width, ctypes.POINTER(ctypes.c_double), width, ctypes.c_void_p
        )
        self._function = kind(function)
        self.now_s = 10.0
        """Time of the stream; each call goes on by its frames."""

    def set_cycle(self) -> None:
        """Let the callbacks run the graph."""
        callback = self._callback
        self.argument.set_cycle(self.graph.context, callback.function, callback.argument, callback)

    def call(self, audio: Audio, flags: int = 0) -> Audio:
        """One callback with ``audio``, shape (2, frames); returns the outputs, shape (channels, frames)."""
        frames = audio.shape[1]
        audio = np.ascontiguousarray(audio)
        out = np.full((len(self._routes), frames), 99.0, np.float32)
        sources = (ctypes.c_void_p * 2)(*(row.ctypes.data for row in audio))
        sinks = (ctypes.c_void_p * len(out))(*(row.ctypes.data for row in out))
        times = (ctypes.c_double * 3)(self.now_s, self.now_s, self.now_s)
        answer = self._function(sources, sinks, frames, times, flags, self.argument.address)
        assert answer == stream_callback.CONTINUE
        self.now_s += frames / RATE
        return out


@contextmanager
def open_stream(
    outputs: tuple[str, ...] = (),
    function: int = stream_callback.process.address,
    width: type = ctypes.c_ulong,
    plan: Plan = NO_ENGINES,
) -> Iterator[StreamRig]:
    """A stream over a callback, without engines by default: its input is the mix at once, and so is ``other``."""
    with open_callback(plan) as graph:
        yield StreamRig(graph, outputs, function, width)


def noise(frames: int, seed: int = 0) -> Audio:
    """Noise, shape (2, frames)."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (2, frames)).astype(np.float32)
