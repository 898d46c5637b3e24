"""Insert contract: the interface of what processes the audio of an insert point in the live graph.

The library of processors comes from an entry point in the group ``sideman.inserts``, a callable without an argument
that returns an `InsertLibrary`. `bridge` knows no plugin.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, runtime_checkable

from bridge.core.audio import STEMS, Audio
from bridge.core.file_choice import FileChoice

ENTRY_POINTS = "sideman.inserts"
INSERT_POINTS: tuple[str, ...] = (*STEMS, "mix", "band")
"""Insert points of the graph: in a stem before its faders, in the mix behind its faders, in the band's sound."""


@runtime_checkable
class InsertProcessor(Protocol):
    """A processor of stereo blocks. All calls come from the main thread of one process: plugins demand that."""

    @property
    def latency_frames(self) -> int:
        """Its latency at this moment; it may change with any block."""

    def prepare(self, rate: int, block_frames: int) -> None:
        """Prepare for blocks of ``block_frames`` at ``rate`` Hz.

        Raises:
            EngineError: It cannot run live at this rate; the hint says what to do.
        """

    def process(self, block: Audio, out: Audio) -> None:
        """Process a block, shape (2, block_frames), into ``out`` of the same shape, late by ``latency_frames``."""

    def reset(self) -> None:
        """Continue from silence."""


class InsertLibrary(Protocol):
    """The processors that a user may choose."""

    def list_choices(self) -> tuple[FileChoice, ...]:
        """What can be chosen, sorted by name, and what has a problem; without loading anything.

        Raises:
            BridgeError: The files cannot be listed.
        """

    def stamp_files(self) -> Hashable:
        """The state of the user's files, another one whenever `list_choices` may have changed; cheap."""

    def load(self, name: str) -> InsertProcessor:
        """Load a processor, in the process and thread that will run it.

        Raises:
            BridgeError: It is unknown, cannot be loaded or cannot run live.
        """

    def explain_crash(self, name: str) -> str:
        """Why a process that ran a processor has crashed just now, as a sentence; empty where that is not known.

        Called in the control process: nothing is loaded.

        Raises:
            BridgeError: What is known of it cannot be read or kept.
        """
