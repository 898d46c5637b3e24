"""Limits of a host process: seconds for each step, and memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without progress, and bytes.

    Attributes:
        load_s: For loading one plugin, its state included. ZamVerb takes 3.7 s on a quiet machine.
        prepare_s: For parameters, prepare and state of one plugin.
        render_s: Between two reports of progress of a render.
        memory_bytes: Address space of the process (RLIMIT_AS); 0: none.
    """

    load_s: float = 30.0
    prepare_s: float = 10.0
    render_s: float = 30.0
    memory_bytes: int = 0
