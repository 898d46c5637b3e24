"""Charts of Frets on Fire as truth."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from bridge.errors import ConfigError
from research.mir.evaluation.charts import RECORDINGS, find_charted


def test_beats_follow_the_tempo_map_and_the_recordings_sum_to_the_song(tmp_path: Path) -> None:
    song = tmp_path / "song"
    song.mkdir()
    track = mido.MidiTrack(
        [
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=4 * 480),
        ]
    )
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(song / "notes.mid")
    for name in RECORDINGS:
        (song / name).touch()
    (found,) = find_charted(tmp_path)
    assert [path.name for path in found.files] == list(RECORDINGS)
    assert found.truth.beats is not None
    assert found.truth.beats[:7].tolist() == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0])
    assert (found.truth.bar_beats, found.truth.downbeats) == (3, None)


def test_a_folder_without_charts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no song"):
        find_charted(tmp_path)
