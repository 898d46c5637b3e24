from __future__ import annotations

import numpy as np
import pytest

from engines.mir.offline.waveform_overview import COLUMNS, FIRST_FRAMES, WaveformOverview


@pytest.mark.parametrize("piece", [1000, 65_536, 400_000])
def test_columns_are_the_extremes_of_their_frames_however_the_song_came(piece: int) -> None:
    audio = np.random.default_rng(1).normal(0, 0.2, (2, 2_500_000)).astype(np.float32)
    outline = WaveformOverview()
    for start in range(0, audio.shape[1], piece):
        outline.push(audio[:, start : start + piece])
    assert outline.frames_per_column == 4 * FIRST_FRAMES
    columns = outline.columns
    assert columns.shape[1] == -(-audio.shape[1] // outline.frames_per_column) <= 2 * COLUMNS
    for column in (0, 1, 777, 8191, 8192, columns.shape[1] - 1):
        part = audio[:, column * outline.frames_per_column : (column + 1) * outline.frames_per_column]
        assert tuple(columns[:, column]) == (part.min(), part.max())


def test_nothing_has_no_columns() -> None:
    assert WaveformOverview().columns.shape == (2, 0)
