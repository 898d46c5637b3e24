"""Limits of a host process: seconds for each step, memory, and how long a child is kept."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import psutil

SHARE_OF_MEMORY = 0.75
"""Share of the machine's memory that one host process may take; the rest keeps the session going."""
LEAST_MEMORY_BYTES = 2 << 30
"""Both hosts and a Faust compiler map 0.35 GB (measured); a song of ten minutes and its render 0.5 GB."""


def compute_memory_limit() -> int:
    """The address space that a host process may have on this machine, in bytes."""
    return max(int(SHARE_OF_MEMORY * psutil.virtual_memory().total), LEAST_MEMORY_BYTES)


def limit_memory(memory_bytes: int) -> None:
    """Limit the address space of this process, 0: not at all; and write no core dumps: plugins do crash."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows, or a lower limit of the system's
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without progress, and bytes.

    Attributes:
        start_s: For starting the process, before it has touched a plugin.
        load_s: For loading one plugin, its state included. ZamVerb takes 3.7 s on a quiet machine.
        prepare_s: For parameters, prepare and state of one plugin.
        render_s: Between two reports of progress of a render.
        memory_bytes: Address space of the process (RLIMIT_AS); 0: none.
        renders: A child is replaced after so many renders: plugins keep what they should not.
        growth_bytes: A child is replaced when it has grown by so much since its chain was loaded.
    """

    start_s: float = 60.0
    load_s: float = 30.0
    prepare_s: float = 10.0
    render_s: float = 30.0
    memory_bytes: int = field(default_factory=compute_memory_limit)
    renders: int = 50
    growth_bytes: int = 256 << 20
