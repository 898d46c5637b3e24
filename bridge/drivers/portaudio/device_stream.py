"""Device stream: one open stream of PortAudio that calls the compiled callback.

Closing waits for the device, for ever if it does not come round (PortAudio waits ten minutes for a JACK server that
died). So it is done in a thread of its own, which is given up after `CLOSE_S`; it may end later, and no other stream
can be opened before.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from bridge.drivers.audio_system import HungAudioError
from bridge.drivers.portaudio.devices import AudioDevice
from bridge.drivers.portaudio.library import PortAudioLibrary
from bridge.drivers.portaudio.stream_argument import LOG_EXPECTED, LOG_FRAME, LOG_LENGTH, StreamArgument

CLOSE_S = 5.0
"""Longest time for a stream to close, as for a client of JACK; it takes 0.1 s."""
ANY_FRAMES = 0
"""Frames of a callback: as the device gives them. Any number, even the device's own, would be added to the delay."""

HINTS = (
    ("paInvalidSampleRate", "set the device to another rate, or leave out [audio] rate"),
    ("paDeviceUnavailable", "end the program that uses the device, or give another"),
    ("paInvalidChannelCount", "give fewer outputs, or another device; sideman devices lists them"),
    ("paBadIODeviceCombination", "give an input and an output of one device, or make an aggregate device of both"),
)


class HungDeviceError(HungAudioError):
    """A device that does not let its stream go: only the end of this process does."""

    def __init__(self) -> None:
        super().__init__(
            f"the audio device did not let the stream go within {CLOSE_S:.0f} s; Sideman ends without it",
            "start Sideman again",
        )


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """Which devices a stream opens: ``rate`` in Hz; channels of each, counted from the first."""

    rate: int
    input: AudioDevice | None
    inputs: int
    output: AudioDevice
    outputs: int


class DeviceStream:
    """A context manager: a stream runs inside and calls `stream_callback.process` with ``argument``."""

    def __init__(self, library: PortAudioLibrary, plan: StreamPlan, argument: StreamArgument) -> None:
        self._library, self.plan, self.argument = library, plan, argument
        self._closing: threading.Thread | None = None
        self._is_open = False

    def __enter__(self) -> DeviceStream:
        """Raises: DriverError where PortAudio refuses it."""
        from bridge.drivers.portaudio.stream_callback import process  # compiles or loads machine code

        ffi, lib, plan = self._library.ffi, self._library.lib, self.plan
        self._handle = ffi.new("PaStream**")
        kept = [
            ffi.NULL if device is None or not channels else self._make_parameters(device, channels, is_input)
            for device, channels, is_input in ((plan.input, plan.inputs, True), (plan.output, plan.outputs, False))
        ]
        code = lib.Pa_OpenStream(
            self._handle,
            *kept,
            float(plan.rate),
            ANY_FRAMES,
            lib.paNoFlag,
            ffi.cast("PaStreamCallback*", process.address),
            ffi.cast("void*", self.argument.address),
        )
        self._library.check(code, f"{plan.output.name} at {plan.rate} Hz", HINTS)
        self._is_open = True
        try:
            self._library.check(lib.Pa_StartStream(self._handle[0]), plan.output.name, HINTS)
        except BaseException:
            self.close()
            raise
        return self

    def _make_parameters(self, device: AudioDevice, channels: int, is_input: bool) -> object:
        ffi, lib = self._library.ffi, self._library.lib
        info = lib.Pa_GetDeviceInfo(device.index)
        latency = info.defaultLowInputLatency if is_input else info.defaultLowOutputLatency
        layout = lib.paFloat32 | lib.paNonInterleaved
        return ffi.new("PaStreamParameters*", (device.index, channels, layout, latency, ffi.NULL))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop and close, at once. Raises: HungDeviceError where it is not closed after `CLOSE_S`."""
        if not self._is_open:
            return
        if self._closing is None:
            self._closing = threading.Thread(target=self._close, name="portaudio-close", daemon=True)
            self._closing.start()
        self._closing.join(CLOSE_S)
        if self._closing.is_alive():
            raise HungDeviceError

    def _close(self) -> None:
        self._library.lib.Pa_AbortStream(self._handle[0])
        self._library.lib.Pa_CloseStream(self._handle[0])
        self._is_open = False

    @property
    def is_closing(self) -> bool:
        """Whether closing was begun, and has not ended yet."""
        return self._closing is not None and self._is_open

    @property
    def is_active(self) -> bool:
        """Whether PortAudio says that it calls."""
        return self._is_usable and self._library.lib.Pa_IsStreamActive(self._handle[0]) == 1

    @property
    def load(self) -> float:
        """The share of a callback's time that the callbacks use, as PortAudio says."""
        return float(self._library.lib.Pa_GetStreamCpuLoad(self._handle[0])) if self._is_usable else 0.0

    @property
    def _is_usable(self) -> bool:
        return self._is_open and self._closing is None

    def find_frame(self) -> int | None:
        """The frame time now, between two callbacks too; None where the stream has no time."""
        if not self._is_usable or not self.argument.callbacks:
            return None
        last = self.argument.read_last()
        now_s = float(self._library.lib.Pa_GetStreamTime(self._handle[0]))
        return int(last[LOG_FRAME] + np.floor((now_s - last[LOG_EXPECTED]) * self.plan.rate)) if now_s > 0.0 else None


def measure_callbacks(
    library: PortAudioLibrary, plan: StreamPlan, argument: StreamArgument, wait: Callable[[int], None]
) -> tuple[int, int]:
    """Open a silent stream and close it again: the fewest and the most frames of a callback.

    ``wait``: returns when ``argument`` counts so many callbacks, or raises a DriverError.
    """
    with contextlib.ExitStack() as opened:
        opened.enter_context(DeviceStream(library, plan, argument))
        wait(MEASURED_CALLBACKS)
        counts = argument.read_log()[1:, LOG_LENGTH].astype(np.int64)  # the first may be of another length
    return int(counts.min()), int(counts.max())


MEASURED_CALLBACKS = 9
"""Callbacks by which a stream is judged before it is used; 0.1 s with periods of 512 frames."""
