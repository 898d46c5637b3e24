"""Tests of tail ends: where a sound has become silent, searched from its end."""

from __future__ import annotations

import numpy as np
import pytest

from chains.render.tail_end import SILENT_PEAK, find_tail_end

FROM = 1000


@pytest.mark.parametrize(
    ("sounding", "end"),
    [
        ([], FROM),
        ([(0, 5)], FROM),
        ([(1, 1000)], 1001),
        ([(0, 5000), (1, 190_000)], 190_001),
        ([(1, 199_999)], 200_000),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_tail_ends_behind_its_last_sound(sounding: list[tuple[int, int]], end: int, sign: float) -> None:
    audio = np.full((2, 200_000), SILENT_PEAK * 0.99, np.float32)
    for channel, frame in sounding:
        audio[channel, frame] = SILENT_PEAK * 1.01 * sign
    assert find_tail_end(audio, FROM) == end


def test_a_sound_without_a_tail_ends_where_it_ends() -> None:
    assert find_tail_end(np.ones((2, FROM), np.float32), FROM) == FROM
    assert find_tail_end(np.zeros((2, 0), np.float32), 0) == 0
