"""JACK server registry: the names of all servers that JACK's shared memory lists, dead ones too (Linux)."""

from __future__ import annotations

import os
import re
from pathlib import Path

REGISTRY = Path("/dev/shm/jack-shm-registry")
"""File that all servers of a machine share, with room for eight (JACK2: common/shm.h, `MAX_SERVERS`)."""


def list_server_names(prefix: str) -> list[str]:
    """Names that begin with ``prefix`` of this user's servers in the registry; none where there is no such file."""
    try:
        registry = REGISTRY.read_bytes()
    except OSError:
        return []
    pattern = rf"jack-{os.getuid()}:({re.escape(prefix)}[^:\0]*):\0"  # JACK2: common/shm.c, `jack_set_server_prefix`
    return [name.decode("ascii", "replace") for name in re.findall(pattern.encode(), registry)]
