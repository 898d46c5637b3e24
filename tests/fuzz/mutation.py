"""Mutation of inputs without coverage: the same seed gives the same inputs on every machine."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LONGEST = 64
"""Bytes that one mutation takes, copies or moves."""


def mutate(seeds: Sequence[bytes], tokens: Sequence[bytes], count: int, max_bytes: int, seed: int) -> Iterator[bytes]:
    """``count`` inputs, each a seed changed at one to eight places and cut to ``max_bytes``."""
    rng = random.Random(seed)
    for _ in range(count):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 3, 5, 8))):
            _change(data, rng, seeds, tokens)
        yield bytes(data[:max_bytes])


def _change(data: bytearray, rng: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    end = min(at + rng.randint(1, LONGEST), len(data))
    match rng.randrange(8):
        case 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        case 1:
            data[at : at + 1] = bytes([(data[at] if at < len(data) else 0) ^ 1 << rng.randrange(8)])
        case 2:
            del data[at:end]
        case 3:
            data[at:at] = data[at:end] * rng.choice((1, 1, 2, 16))
        case 4:
            width = rng.choice((1, 2, 4, 8))
            number = rng.choice(NUMBERS) & (1 << 8 * width) - 1
            data[at : at + width] = number.to_bytes(width, rng.choice(("big", "little")))
        case 5:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            data[at:end] = other[start : start + LONGEST]
        case 6 if tokens:
            data[at : at + rng.choice((0, end - at))] = rng.choice(tokens)
        case _:
            del data[at:]
