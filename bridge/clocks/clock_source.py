"""Clock source: something that the engines' time can come from, and what it says at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import FREE


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a clock source says at a moment.

    Attributes:
        time: The position at the frame that was asked for, or from a later frame on where it is about to start. Its
            tempo is right also while it stands, as far as it is known.
        is_present: Whether it is there and could be the clock: it sends, or somebody is connected.
        jumps: Raised with each start, stop and jump, but not where the position is only corrected.
        lock: FREE, SEARCHING or LOCKED of `bridge.runtime.pulse_fit`.
        jitter_ms: How uneven its beats are: the median deviation.
        drift_ppm: By how many millionths its time runs faster than the audio's; 0 where it cannot be known.
    """

    time: BlockTime
    is_present: bool
    jumps: int = 0
    lock: str = FREE
    jitter_ms: float = 0.0
    drift_ppm: float = 0.0

    @property
    def runs(self) -> bool:
        """Whether it is there and rolls."""
        return self.is_present and self.time.rolling


class ClockSource(Protocol):
    """A source of time. Its methods are called from one thread at a time; none takes long.

    ``name``: one of CLOCK_SOURCES. ``title``: what users call it. ``is_line``: its position goes to the callback as the
    clock line; False where the callback has it already (JACK's transport and MIDI clock).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    is_line: ClassVar[bool]

    def attach(self, graph: Graph) -> None:
        """Count frames as ``graph`` does from now on. Also called when a new rate needed a new graph."""
        ...

    def detach(self) -> None:
        """Leave the graph. Also called where none is attached."""
        ...

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:
        """What the source says at stream frame ``frame``, the present.

        ``now_s``: the same moment on any clock that runs on. ``messages``: the MIDI messages about time that came since
        the last call.
        """
        ...


@runtime_checkable
class SteerableSource(ClockSource, Protocol):
    """A source that starts, stops and jumps when it is asked to."""

    def start(self, frame: int) -> None:
        """Roll, from ``frame`` on. Raises: ControlError where it cannot now."""
        ...

    def stop(self, frame: int) -> None:
        """Stand still, from ``frame`` on. Raises: ControlError where it cannot now."""
        ...

    def locate(self, beat: float, frame: int) -> None:
        """Be at ``beat`` (quarter notes from the song's start) at ``frame``. Raises: ControlError, as `start`."""
        ...

    def set_tempo(self, bpm: float, frame: int) -> None:
        """Go on at ``bpm`` quarter notes per minute, from ``frame`` on. Raises: ControlError, as `start`."""
        ...
