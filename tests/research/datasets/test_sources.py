"""The list of recordings and the folder of stems."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.errors import ConfigError
from research.datasets.sources import RATE, StemStore, decode, get_split, read_manifest, set_peak

COLUMNS = "file,class,song,stem,seconds,source,note,gain_db"


def manifest(folder: Path, *names: str) -> Path:
    rows = [f"{name},vocals,,vocals,1,made here,,3.5" for name in names]
    (folder / "MANIFEST.csv").write_text("\n".join([COLUMNS, *rows]), encoding="utf-8")
    return folder


def test_a_recording_is_named_by_its_group_and_piece(tmp_path: Path) -> None:
    (recording,) = read_manifest(manifest(tmp_path, "vocals/anna__take_1.ogg"))
    assert (recording.group, recording.piece, recording.gain_db) == ("anna", "take_1", 3.5)


def test_groups_are_left_out_by_the_beginning_of_their_name(tmp_path: Path) -> None:
    folder = manifest(tmp_path, "vocals/anna__a.ogg", "vocals/bert__a.ogg")
    assert [r.group for r in read_manifest(folder, ["an"])] == ["bert"]


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"MANIFEST\.csv"):
        read_manifest(tmp_path)


def test_mono_goes_to_both_channels_at_the_training_rate_without_dc(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 0.25 + 0.1 * np.sin(np.arange(48000) * 0.05), 48000)
    wave = decode(tmp_path / "a.wav")
    assert wave.shape == (2, RATE)
    assert np.array_equal(wave[0], wave[1])
    assert abs(float(wave.mean())) < 2e-3


def test_a_stem_is_written_as_frames_by_channels_in_int16(tmp_path: Path) -> None:
    stock = StemStore.open(tmp_path)
    wave = np.stack([np.full(100, 0.5, np.float32), np.full(100, -0.5, np.float32)])
    stock.add("a", "bass", wave, group="g", source="s", song="tune")
    stored = np.load(tmp_path / "a.bass.npy")
    assert stored.dtype == np.int16 and stored.shape == (100, 2) and stored.flags.c_contiguous
    assert stored[0].tolist() == [16384, -16384]
    with (tmp_path / "index.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["stem"], row["frames"], row["song"], row["coherent"], row["split"]) == (
        "bass",
        "100",
        "tune",
        "1",
        "train",
    )


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    wave = np.zeros((2, 10), np.float32)
    StemStore.open(tmp_path).add("a", "bass", wave, group="g", source="s")
    again = StemStore.open(tmp_path)
    assert again.has("a", "bass")
    again.add("a", "bass", wave + 0.5, group="g", source="s")
    assert not np.load(tmp_path / "a.bass.npy").any()
    assert len((tmp_path / "index.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_a_song_of_the_report_set_neither_trains_nor_chooses_whatever_its_group(tmp_path: Path) -> None:
    stock = StemStore.open(tmp_path)
    stock.add("a", "drums", np.zeros((2, 10), np.float32), group="anything", source="s", song="ev3-lithium")
    assert stock.rows["a.drums.npy"]["split"] == "report"
    assert get_split("rumpf-kit") == "valid" and get_split("muldjordkit") == "train"


def test_levelling_sets_the_peak_and_leaves_silence_alone() -> None:
    wave = np.array([[0.1, -0.2], [0.0, 0.05]], np.float32)
    assert float(np.abs(set_peak(wave, -6.0)).max()) == pytest.approx(10 ** (-6 / 20))
    assert not set_peak(np.zeros((2, 4), np.float32)).any()
