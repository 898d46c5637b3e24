"""Host session: what checks need from a host process, with audio as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.core.audio import Audio
from chains.document.chain import Chain
from chains.process.messages import LoadResult, MidiNote, ParametersResult, RenderResult, StateResult

BLOCK_FRAMES = 512
"""Frames that plugins get at a time where a check does not say otherwise."""
LARGEST_BLOCK_FRAMES = 8192
"""The largest block of any check; a session is prepared for it, because a larger one later would clear the state."""


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How something is rendered.

    Attributes:
        block_frames: Frames that a plugin gets at a time.
        block_sizes: Sizes of blocks that follow one another instead, again and again, in Pedalboard.
        tail_frames: Frames behind the end of the source.
        is_compensated: The latency is taken off.
        resets: Start from silence; else continue in the plugins' present state.
        tempo_bpm: Tempo for members that follow it.
        notes: Notes for an instrument.
        sidechains: Audio by the name that members use, shape (2, frames).
    """

    block_frames: int = BLOCK_FRAMES
    tail_frames: int = 0
    is_compensated: bool = True
    resets: bool = True
    tempo_bpm: float = 120.0
    notes: Sequence[MidiNote] = ()
    sidechains: Mapping[str, Audio] = field(default_factory=dict)
    block_sizes: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out, shape (2, frames), and what the host says about it."""

    audio: Audio
    result: RenderResult


class HostSession(Protocol):
    """A process with a chain in it. Every method raises `PluginError` with the verdict on what went wrong; after one
    that ended the process only `close` may be called."""

    def load(self, chain: Chain, rate: int) -> LoadResult:
        """Load ``chain`` in place of what was there, prepared for blocks of LARGEST_BLOCK_FRAMES."""

    def render(self, source: Audio, settings: RenderSettings) -> Rendered:
        """Render ``source``, shape (2, frames), through the chain."""

    def read_parameters(self, member: str, values: Mapping[str, float | str]) -> ParametersResult:
        """The parameters of a member after ``values`` were set by name: numbers are raw values from 0 to 1."""

    def save_state(self, member: str) -> StateResult:
        """The state of a member as a .vstpreset in base64; empty where the host cannot save it."""

    def measure_memory(self) -> int:
        """Memory in use by the process, in bytes (resident set)."""

    @property
    def is_running(self) -> bool:
        """Whether the process can take requests."""

    def close(self) -> None:
        """End the process."""


SessionFactory = Callable[[str], HostSession]
"""Opens a session whose plugins are loaded by the host of this name: ``auto``, ``pedalboard``, ``dawdreamer``."""
