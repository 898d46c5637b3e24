"""Song markers: where the keys of a song begin, from the song map that ``sideman analyze`` writes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bridge.errors import ConfigError

LARGEST_BYTES = 64 << 20
"""A song map of an hour has 2 MB."""


class KeyMarker(msgspec.Struct, frozen=True):
    """A key from ``start_s`` on, in seconds of the song."""

    start_s: float
    label: str


class KeyMap(msgspec.Struct, frozen=True):
    """The part of a song map that is read here; the rest of the file is ignored."""

    keys: list[KeyMarker]


def read_song_markers(path: Path) -> list[tuple[float, str]]:
    """Seconds and name of each marker, in order.

    Raises:
        ConfigError: The file cannot be read, or is no song map.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path} is larger than a song map", "give the .json of `sideman analyze`")
        spans = msgspec.json.decode(path.read_bytes(), type=KeyMap).keys
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} is no song map: {error}", "give the .json of `sideman analyze`") from error
    return sorted((span.start_s, span.label) for span in spans if span.start_s >= 0)
