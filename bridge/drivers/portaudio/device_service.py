"""Audio device service: publishes which devices the sidecar runs on, their state and their drift."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from bridge.control.bus import Bus, Row
from bridge.drivers.portaudio.portaudio_driver import PortAudioDriver
from bridge.errors import DriverError
from bridge.runtime.service import Service

READING = "audio.device"
UPDATE_S = 0.5


class AudioDeviceService(Service):
    """Publishes `READING` on ``bus`` when it changes. ``find_driver``: raises DriverError while no audio runs."""

    def __init__(self, bus: Bus, find_driver: Callable[[], object]) -> None:
        self._bus, self._find_driver = bus, find_driver
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audio-device", daemon=True)
        self._row: Row = ("", "", "", 0, 0.0, 0, 0)

    def __enter__(self) -> AudioDeviceService:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(UPDATE_S):
            self.update()

    def update(self) -> None:
        """Publish how it is now, if that changed."""
        try:
            driver = self._find_driver()
        except DriverError:
            driver = None
        row: Row = ("gone", *self._row[1:])
        if isinstance(driver, PortAudioDriver) and (stream := driver.stream) is not None:
            source, output = stream.plan.input, stream.plan.output
            row = (
                "running",
                "" if source is None else source.name,
                output.name,
                stream.plan.rate,
                round(driver.drift.ppm, 1),
                stream.argument.flag_count,
                driver.reopenings,
            )
        if row != self._row:
            self._row = row
            self._bus.publish(READING, *row)
