"""PipeWire in place of jackd: whether libjack is PipeWire's, which version, and what that means for a client."""

from __future__ import annotations

import functools
import re
from typing import TypeAlias

from bridge.drivers.libjack import read_version

Version: TypeAlias = tuple[int, ...]

SAFE_LATENCY_CALLBACK: Version = (1, 0)
"""PipeWire since which port latencies may be set inside the latency callback. In 0.3.65 libjack calls the buffer-size
callback from within `jack_port_set_latency_range`, with a lock held that it takes for every callback: the client stands
still for ever. Versions between the two were not tried."""

_VERSION = re.compile(r"PipeWire (\d+(?:\.\d+)*)")


def parse_version(text: str) -> Version | None:
    """The version of PipeWire in ``text``, which libjack says of itself; None where it is not PipeWire's."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found[1].split(".")) if found else None


@functools.cache
def find_pipewire() -> Version | None:
    """The version of PipeWire whose libjack this process has loaded; None: it is jackd's.

    Raises:
        DriverError: There is no libjack.
    """
    return parse_version(read_version())


def can_declare_in_callback(version: Version | None) -> bool:
    """Whether a client may set the latencies of its ports in JACK's latency callback."""
    return version is None or version >= SAFE_LATENCY_CALLBACK


def format_version(version: Version) -> str:
    """The version as text, such as 0.3.65."""
    return ".".join(map(str, version))
