"""Audio system: what calls the graph's callback. JACK is one, a song on a clock of our own is another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bridge.errors import DriverError
from bridge.routing.patchbay import LinkEvent
from bridge.routing.routing_service import LinkTask

if TYPE_CHECKING:  # it needs numba, and the doctor says what is wrong where that does not load
    from bridge.runtime.graph import Graph

OFFLINE = "offline"
"""The server of a sidecar that plays a song without JACK."""
PORTAUDIO = "portaudio"
"""The server of a sidecar that runs on devices, without JACK."""


class HungAudioError(DriverError):
    """An audio system that does not let this process go: it ends, and no other driver can be opened in it."""

    is_hung = True


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """Sampling rate in Hz, period in frames; ``priority``: of the callback's thread, 0 without real time."""

    rate: int
    period: int
    priority: int


class Driver(AbstractContextManager["Driver"], Protocol):
    """Runs the callback of one graph while its context is open."""

    @property
    def is_connected(self) -> bool:
        """Whether the audio system calls the callback at this moment."""
        ...

    @property
    def dsp_load(self) -> float:
        """The share of a period that the audio system uses up, as it says itself; 1: all of it."""
        ...

    def start_transport(self) -> None:
        """Let the host's transport roll. Raises: DriverError where there is nothing to ask."""
        ...

    def stop_transport(self) -> None:
        """Let the host's transport stand still. Raises: DriverError where there is nothing to ask."""
        ...

    def run_task(self, task: LinkTask) -> list[LinkEvent]:
        """Run a task on the connections of all ports. Raises: BridgeError where there are no ports, or it failed."""
        ...


class AudioSystem(AbstractContextManager[AudioFacts], Protocol):
    """What drivers are made for. Entering it asks what it runs at. Raises: BridgeError where it cannot work."""

    @property
    def server(self) -> str:
        """The JACK server's name, ``offline`` or ``portaudio``."""
        ...

    @property
    def title(self) -> str:
        """What the sidecar runs on, in the words of the line that says so."""
        ...

    def ask(self) -> AudioFacts:
        """What it runs at now. Raises: BridgeError where it does not run."""
        ...

    def compile_callback(self) -> None:
        """Compile the callback, or load it from the cache. Compiling takes a minute."""
        ...

    def make_driver(self, graph: Graph, on_rate: Callable[[int], None]) -> Driver:
        """A driver for ``graph``; ``on_rate`` is called when the rate is no longer the graph's."""
        ...

    def abandon(self) -> None:
        """Leave nothing behind: this process ends at once. From any thread."""
        ...
