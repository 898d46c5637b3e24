"""Registers of the chord parts: keys, pad and guitar share the chord's notes by height, so that none doubles another.

Three parts that each voice a chord around middle C play the same few notes: the sound gets louder there and not
fuller. An arranger gives each instrument a register of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement, pairwise

NARROWEST_SEMITONES = 11
"""From a register's lowest note to its highest at least: an octave has every note of every chord once."""


def share_registers(ranges: Mapping[str, tuple[int, int]], voices: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """The register of each part, its lowest and highest MIDI note, within its ``ranges``.

    The parts lie one above the other in the order of their ranges' middles, and none reaches into another's register.
    A part of more ``voices`` gets more room. Where there is no room for octaves they overlap as far as they must.
    """
    names = sorted(ranges, key=lambda name: sum(ranges[name]))
    if all(ranges[below][1] < ranges[above][0] for below, above in pairwise(names)):
        return dict(ranges)
    lowest, highest = min(low for low, _ in ranges.values()), max(high for _, high in ranges.values())

    def divide(edges: tuple[int, ...]) -> dict[str, tuple[int, int]]:
        """``edges``: the highest note of each part but the last."""
        bounds = (lowest - 1, *edges, highest)
        return {
            name: (max(ranges[name][0], below + 1), min(ranges[name][1], above))
            for name, (below, above) in zip(names, pairwise(bounds), strict=True)
        }

    def measure_room(edges: tuple[int, ...]) -> tuple[float, float]:
        rooms = [(high - low + 1) / voices[name] for name, (low, high) in divide(edges).items()]
        return min(rooms), sum(rooms)

    best = divide(max(combinations_with_replacement(range(lowest, highest), len(names) - 1), key=measure_room))
    return {name: _widen(register, ranges[name]) for name, register in best.items()}


def _widen(register: tuple[int, int], reach: tuple[int, int]) -> tuple[int, int]:
    """``register`` at NARROWEST_SEMITONES at least, on both sides of its middle and within ``reach``."""
    missing = NARROWEST_SEMITONES - (register[1] - register[0])
    if missing <= 0:
        return register
    low = min(max(register[0] - missing // 2, reach[0]), max(reach[1] - NARROWEST_SEMITONES, reach[0]))
    return low, min(low + NARROWEST_SEMITONES, reach[1])
