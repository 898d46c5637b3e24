"""Insert contract: the interface of what processes the audio of an insert point in the live graph.

The library of processors comes from an entry point in the group ``sideman.inserts``, a callable without an argument
that returns an `InsertLibrary`. `bridge` knows no plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from bridge.core.audio import STEMS, Audio
from bridge.core.file_choice import FileChoice
from bridge.errors import BridgeError

ENTRY_POINTS = "sideman.inserts"
INSERT_POINTS: tuple[str, ...] = (*STEMS, "mix", "band")
"""Insert points of the graph: in a stem before its faders, in the mix behind its faders, in the band's sound."""


def rank_point(point: str) -> int:
    """The place of an insert point in the signal path, to sort by; an unknown one is the last."""
    return INSERT_POINTS.index(point) if point in INSERT_POINTS else len(INSERT_POINTS)


@runtime_checkable
class InsertProcessor(Protocol):
    """A processor of stereo blocks. All calls come from the main thread of one process: plugins demand that."""

    @property
    def latency_frames(self) -> int:
        """Its latency at this moment; it may change with any block."""

    def prepare(self, rate: int, block_frames: int, report_progress: Callable[[], object]) -> None:
        """Prepare for blocks of ``block_frames`` at ``rate`` Hz; ``report_progress``: called now and then, before each
        step that may take long.

        Raises:
            EngineError: It cannot run live at this rate; the hint says what to do.
        """

    def process(self, block: Audio, out: Audio) -> None:
        """Process a block, shape (2, block_frames), into ``out`` of the same shape, late by ``latency_frames``."""

    def reset(self) -> None:
        """Continue from silence."""


@dataclass(frozen=True, slots=True)
class InsertFailure:
    """How the process of a processor has failed.

    Attributes:
        pid: Its number.
        was_playing: Whether it had been prepared.
        returncode: As of `subprocess.Popen`, where it ended by itself.
        stderr: What it printed last.
        hang: Whether it computed or stood still for ``limit_s`` seconds, and was ended; empty: it ended by itself.
    """

    pid: int
    was_playing: bool
    returncode: int = 0
    stderr: str = ""
    hang: Literal["", "busy", "still"] = ""
    limit_s: float = 0.0


class InsertLibrary(Protocol):
    """The processors that a user may choose."""

    def list_choices(self) -> tuple[FileChoice, ...]:
        """What can be chosen, sorted by name, and what has a problem; without loading anything.

        Raises:
            BridgeError: The files cannot be listed.
        """

    def stamp_files(self) -> Hashable:
        """The state of the user's files, another one whenever `list_choices` may have changed; cheap."""

    def list_lacks(self) -> tuple[BridgeError, ...]:
        """What is missing or blocked, so that some choices do not work, each with its fix; without loading anything.

        Raises:
            BridgeError: It cannot be read.
        """

    def load(self, name: str) -> InsertProcessor:
        """Load a processor, in the process and thread that will run it.

        Raises:
            BridgeError: It is unknown, cannot be loaded or cannot run live.
        """

    # What follows is called in the control process: nothing is loaded.

    def compute_load_limit(self, name: str) -> float:
        """Seconds without progress after which the preparation of a processor hangs.

        Raises:
            BridgeError: It cannot be read.
        """

    def find_loading(self, pid: int) -> str:
        """What a process is loading now; empty where nothing, or it is not known."""

    def explain_failure(self, name: str, failure: InsertFailure) -> str:
        """Why the process of a processor has failed just now, as a sentence with the fix, and count it.

        Raises:
            BridgeError: What is known of it cannot be read or kept.
        """

    def forget_process(self, pid: int) -> None:
        """Count nothing against what a process was loading: it was ended for another reason.

        Raises:
            BridgeError: That cannot be kept.
        """
