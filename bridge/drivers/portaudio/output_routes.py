"""Output routes: which audio paths the channels of a device carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bridge.core.audio import CHANNELS
from bridge.core.latency import AUDIO_PATHS
from bridge.errors import ConfigError, did_you_mean

ROUTE_LENGTH = len(AUDIO_PATHS)
"""Most paths that are summed in one channel."""
SUM = "+"
NOTHING = "-"
USUAL: tuple[str, ...] = ("mix", "band", "drums", "bass", "vocals", "other")
"""Paths by pairs of channels, where there are enough for more than one."""
STEREO = "mix+band"
"""Paths of a device with one pair."""


def find_routes(wanted: Sequence[str], channels: int, returning: Collection[int] = ()) -> tuple[tuple[int, ...], ...]:
    """For each of the device's ``channels`` the rows of the callback's output, the channels of `AUDIO_PATHS`.

    ``wanted``: for each pair of channels a path, or several joined by "+", or "-" for silence; nothing: as many of
    `USUAL` as there are pairs, `STEREO` where there is one. ``returning``: channels, from 0, whose output comes back as
    the graph's input, since the device is a loopback; pairs with one of them are left out.

    Raises:
        ConfigError: A path is unknown, would come back, or the device has too few channels.
    """
    pairs = channels // CHANNELS
    names = list(wanted) or make_usual_routes(pairs, {channel // CHANNELS for channel in returning})
    if len(names) > pairs or not names:
        raise ConfigError(
            f"[audio] outputs: {max(len(names), 1)} paths need {CHANNELS * max(len(names), 1)} channels, "
            f"and the output has {channels}",
            "name fewer, or join them, such as mix+band; or give another output",
        )
    routes: list[tuple[int, ...]] = []
    for name in names:
        paths = [] if name == NOTHING else [find_path(part.strip()) for part in name.split(SUM)]
        routes += [tuple(path * CHANNELS + side for path in dict.fromkeys(paths)) for side in range(CHANNELS)]
    for channel in returning:
        if channel < len(routes) and routes[channel]:
            raise ConfigError(
                f"[audio] outputs: channel {channel + 1} of this device comes back as the input: it would feed back",
                'leave the pair out by "-", or give another output; BlackHole 16ch has room for all',
            )
    return tuple(routes)


def make_usual_routes(pairs: int, taken: Collection[int]) -> list[str]:
    """Names for so many ``pairs`` of channels, those ``taken`` left out."""
    free = [pair for pair in range(pairs) if pair not in taken]
    names = [STEREO] if len(free) == 1 else USUAL
    used = dict(zip(free, names, strict=False))
    return [used.get(pair, NOTHING) for pair in range(max(used, default=-1) + 1)]


def find_path(name: str) -> int:
    """The index of an audio path. Raises: ConfigError."""
    if name not in AUDIO_PATHS:
        raise ConfigError(f"[audio] outputs: there is no path {name!r}", did_you_mean(name, AUDIO_PATHS))
    return AUDIO_PATHS.index(name)
