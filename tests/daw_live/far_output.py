"""Far output: a JACK client with two inputs that declare a playback latency, as a sound card does."""

from __future__ import annotations

import ctypes
from typing import Any

from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.libjack import PLAYBACK, address, import_jack, load, set_port_latency

NAME = "speakers"


class FarOutput:
    """A context manager: the client runs inside; its output is ``latency`` frames away."""

    def __init__(self, server: DummyServer, latency: int) -> None:
        self._client = import_jack().Client(NAME, servername=server.name, no_start_server=True)
        self._ports = [self._client.inports.register(f"in_{channel}") for channel in (1, 2)]
        callback_type = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)
        self._callback = callback_type(lambda mode, _: self._declare(mode, latency))

    def _declare(self, mode: int, latency: int) -> None:
        for port in self._ports if mode == PLAYBACK else ():
            set_port_latency(port, PLAYBACK, latency, latency)

    def __enter__(self) -> FarOutput:
        load().jack_set_latency_callback(address(self._client._ptr), self._callback, None)
        self._client.activate()
        return self

    def __exit__(self, *_: Any) -> None:
        self._client.deactivate()
        self._client.close()
