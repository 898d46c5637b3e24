"""Stream opener: chooses the devices of the settings and opens a stream on them, each time anew."""

from __future__ import annotations

import logging
import time

from bridge.drivers.portaudio.device_stream import DeviceStream, StreamPlan, measure_callbacks
from bridge.drivers.portaudio.devices import AudioDevice, find_devices, has_words
from bridge.drivers.portaudio.jack_links import cut_links
from bridge.drivers.portaudio.library import JACK_API, PortAudioLibrary
from bridge.drivers.portaudio.output_routes import find_routes
from bridge.drivers.portaudio.stream_argument import StreamArgument
from bridge.drivers.portaudio.stream_watch import find_declared_period
from bridge.errors import ConfigError, DriverError
from bridge.settings import AudioSettings

log = logging.getLogger(__name__)

LOOPBACKS = ("blackhole", "loopback", "soundflower", "vb-cable", "cable output", "cable input", "vb-audio")
"""Names of devices that give their output back as their input, channel by channel."""
LISTINGS, LISTING_PAUSE_S = 8, 0.2
"""Attempts to list a device with outputs, and the time between two. PipeWire's libjack may know none at first, longer
beside other load."""
FIRST_CALLBACKS_S = 5.0
"""Longest time until a device that was opened calls; JACK and PipeWire do within 0.1 s."""


class StreamOpener:
    """Opens streams on the devices of ``settings``. ``client``, ``server``: for JACK as PortAudio's host API.

    One stream at a time is open.
    """

    def __init__(self, settings: AudioSettings, client: str, server: str) -> None:
        self._settings = settings
        self._server = server
        self._library = PortAudioLibrary(client, server)
        self._stream: DeviceStream | None = None

    @property
    def library(self) -> PortAudioLibrary:
        """PortAudio."""
        return self._library

    def close(self) -> None:
        """End PortAudio, where no stream is open, or still closing."""
        if self._stream is None or not self._stream.is_closing:
            self._library.close()

    def find_rate(self) -> int:
        """The rate in Hz at which a stream would be opened now: of the settings, or the output's own.

        Raises:
            DriverError: A device is not there, or the last stream has not closed yet.
        """
        self._restart()
        return self._plan().rate

    def measure(self) -> tuple[int, int]:
        """Open a silent stream for a moment: its rate in Hz, and the period by which delays are declared, in frames.

        Raises:
            BridgeError: A device is not there, or refuses.
        """
        self._restart()
        plan = self._plan()
        argument = self._make_argument(plan)

        def wait(count: int) -> None:
            deadline_s = time.monotonic() + FIRST_CALLBACKS_S
            while argument.callbacks < count:
                if time.monotonic() > deadline_s:
                    raise DriverError(
                        f"the audio device {plan.output.name} was opened, and does not call", "plug it in again"
                    )
                time.sleep(0.005)

        fewest, most = measure_callbacks(self._library, plan, argument, wait)
        return plan.rate, find_declared_period(fewest, most)

    def open(self, rate: int) -> DeviceStream:
        """Open a stream of ``rate`` Hz, silent until it gets a cycle; its caller closes it.

        Raises:
            BridgeError: A device is not there, or refuses.
        """
        self._restart()
        plan = self._plan()
        if plan.rate != rate:
            raise DriverError(f"the audio device {plan.output.name} runs at {plan.rate} Hz now", "nothing: it is tried")
        stream = DeviceStream(self._library, plan, self._make_argument(plan))
        self._stream = stream.__enter__()
        if plan.output.api == JACK_API:
            self._cut_links()
        return stream

    def _restart(self) -> None:
        if self._stream is not None and self._stream.is_closing:
            raise DriverError("the audio device has not let the last stream go yet", "end Sideman, and start it again")
        for attempt in range(LISTINGS):
            if attempt:
                time.sleep(LISTING_PAUSE_S)
            self._library.restart()
            if any(device.has_channels(is_input=False) for device in self._library.list_devices()):
                return

    def _cut_links(self) -> None:
        """Undo what PortAudio connected, unless the user named what is connected."""
        if not (self._settings.input or self._settings.output):
            count = cut_links(self._library.client_name, self._server or None)
            log.debug("%d links that PortAudio had made were cut", count)

    def _plan(self) -> StreamPlan:
        wanted = self._settings
        source, output = find_devices(self._library.list_devices(), wanted.api, wanted.input, wanted.output)
        inputs = 0
        if source is not None:
            if source.inputs > 1 and max(wanted.input_channels) > source.inputs:
                raise ConfigError(
                    f"[audio] input_channels: {source.name} has {source.inputs} channels",
                    f"give numbers from 1 to {source.inputs}",
                )
            inputs = min(max(wanted.input_channels), source.inputs)
        outputs = find_routes(wanted.outputs, output.outputs, self._find_returning(source, output))
        return StreamPlan(wanted.rate or output.rate, source, inputs, output, len(outputs))

    def _find_returning(self, source: AudioDevice | None, output: AudioDevice) -> set[int]:
        """The output's channels, from 0, that come back as the graph's input."""
        if source is None or source.name != output.name or not any(has_words(one, output.name) for one in LOOPBACKS):
            return set()
        return {channel - 1 for channel in self._settings.input_channels}

    def _make_argument(self, plan: StreamPlan) -> StreamArgument:
        mono = plan.inputs == 1
        ins = [0 if mono else channel - 1 for channel in self._settings.input_channels]
        returning = self._find_returning(plan.input, plan.output)
        routes = find_routes(self._settings.outputs, plan.output.outputs, returning)
        return StreamArgument(plan.rate, plan.inputs, ins, routes)
