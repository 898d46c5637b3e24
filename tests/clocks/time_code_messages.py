"""Messages of MIDI time code, as a sender makes them: at any rate and speed, with jitter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.clocks.time_code import FRAME_RATES, FrameRate
from tests.clocks.clock_rig import RATE

Label = tuple[int, int, int, int]


def list_labels(rate: FrameRate, minutes: int) -> Iterator[Label]:
    """The labels of the first minutes, counted one by one."""
    for minute in range(minutes):
        for second in range(60):
            skipped = 2 if rate.drops and second == 0 and minute % 10 else 0
            for frame in range(skipped, rate.count):
                yield minute // 60, minute % 60, second, frame


def make_piece(quarter: int, labels: Sequence[Label], number: int) -> bytes:
    """The quarter frame that is sent at position ``quarter``, counted from 00:00:00:00."""
    piece = quarter % 8
    hours, minutes, seconds, frames = labels[quarter // 8 * 2]
    values = (frames, frames >> 4, seconds, seconds >> 4, minutes, minutes >> 4, hours, hours >> 4 | number << 1)
    return bytes((0xF1, piece << 4 | values[piece] & 0x0F))


LABELS = {number: list(list_labels(rate, 21)) for number, rate in enumerate(FRAME_RATES)}
"""Labels of 21 minutes, by the number of the rate in FRAME_RATES."""


def make_code(
    first: float, seconds: float, number: int, *, start: int = 0, speed: float = 1.0, late: Sequence[float] = (0.0,)
) -> list[tuple[int, bytes]]:
    """Quarter frames from frame ``first`` on, from position ``start`` (in quarter frames, a multiple of 8)."""
    step = RATE / (4 * FRAME_RATES[number].per_second * speed)
    pieces = range(int(seconds * RATE / step))
    return [
        (round(first + n * step + late[n % len(late)]), make_piece(start + n, LABELS[number], number)) for n in pieces
    ]
