"""PipeWire in place of jackd: whether libjack is PipeWire's, which version, and what that means for a client."""

from __future__ import annotations

import functools
import re
from typing import TypeAlias

from bridge.drivers.libjack import library_name, read_version
from bridge.errors import DriverError

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


def refuse_beside_pipewire() -> None:
    """Refuse to start a jackd, which no client of this process would reach.

    Raises:
        DriverError: The libjack of this process is PipeWire's.
    """
    if library_name() is not None and find_pipewire() is not None:
        raise DriverError(
            "a JACK server of our own cannot be used here: the libjack of this process is PipeWire's",
            "give --server default to use PipeWire itself, or start it without pw-jack",
        )


def format_version(version: Version) -> str:
    """The version as text, such as 0.3.65."""
    return ".".join(map(str, version))
