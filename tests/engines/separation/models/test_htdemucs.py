"""HTDemucs: waveform and spectral core, four and six stems, a bag of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.errors import ModelError
from engines.separation.models.adapters.htdemucs import to_inner_spectrum, to_outer_audio
from engines.separation.models.manifest import ModelFile
from engines.separation.models.model_loader import make_separator
from engines.separation.models.store import Model
from engines.separation.models.torch_stft import Stft
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise, open_separator, stem

DEMUCS = ("drums", "bass", "other", "vocals")
SIX = (*DEMUCS, "guitar", "piano")
SMALL = {"window": 64, "hop": 16}
EDGE = 64
"""Within a window of its ends the core's way back is not exact; so it was trained."""


def without_nyquist(mix: Audio) -> Audio:
    """The core's spectrum lacks Nyquist; a mix without it is given back whole."""
    return ((mix + np.roll(mix, 1, axis=1)) / 2).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 160, 161, 1000])
def test_the_waveform_s_stems_are_mapped_by_name(tmp_path: Path, frames: int) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, 160), (0.1, 0.2, 0.3, 0.4))
    separator, mix = open_separator(path, "htdemucs", DEMUCS), noise(frames)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("drums", "bass", "vocals", "other")
    for name, gain in zip(DEMUCS, (0.1, 0.2, 0.3, 0.4), strict=True):
        np.testing.assert_allclose(stem(separator, stems, name), gain * mix, atol=1e-6)
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)


def test_six_stems_are_six(tmp_path: Path) -> None:
    gains = (0.1, 0.2, 0.3, 0.15, 0.05, 0.2)
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, 160), gains)
    separator, mix = open_separator(path, "htdemucs", SIX), noise(500)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("drums", "bass", "vocals", "other", "guitar", "piano")
    for name, gain in zip(SIX, gains, strict=True):
        np.testing.assert_allclose(stem(separator, stems, name), gain * mix, atol=1e-6)


def test_the_piece_is_the_graph_s_or_where_that_is_open_the_manifest_s(tmp_path: Path) -> None:
    fixed = graphs.write_stacked_graph(tmp_path / "a.onnx", "mix", (1, 2, 160), (1.0, 0.0, 0.0, 0.0))
    free = graphs.write_stacked_graph(tmp_path / "b.onnx", "mix", (1, 2, "frames"), (1.0, 0.0, 0.0, 0.0))
    assert open_separator(fixed, "htdemucs", DEMUCS, piece=999).piece_frames == 160
    assert open_separator(free, "htdemucs", DEMUCS, piece=999).piece_frames == 999
    assert open_separator(free, "htdemucs", DEMUCS).piece_frames == 343980


@pytest.mark.parametrize("flat", [False, True])
def test_the_core_s_stem_is_the_sum_of_both_branches(tmp_path: Path, flat: bool) -> None:
    waveform_gains, spectrum_gains = (0.1, 0.0, 0.2, 0.0), (0.0, 0.3, 0.2, 0.2)
    path = graphs.core(tmp_path / "m.onnx", (1, 2, 320), (1, 4, 32, 20), waveform_gains, spectrum_gains, flat)
    separator, mix = open_separator(path, "htdemucs", DEMUCS, **SMALL), without_nyquist(noise(320))
    stems = separator.separate(mix, 44100)
    inside = slice(EDGE, -EDGE)
    for name, a, b in zip(DEMUCS, waveform_gains, spectrum_gains, strict=True):
        found = stem(separator, stems, name)[:, inside]
        np.testing.assert_allclose(found, (a + b) * mix[:, inside], atol=2e-3)


def test_the_core_s_spectrum_has_the_shape_of_public_exports() -> None:
    mix = np.zeros((2, 343980), np.float32)
    assert to_inner_spectrum(Stft(4096, 1024, normalised=True), mix).shape == (2, 2048, 336)


def test_the_core_s_channels_are_left_real_left_imaginary_right_real_right_imaginary(tmp_path: Path) -> None:
    path = graphs.core(tmp_path / "m.onnx", (1, 2, 320), (1, 4, 32, 20), (0.0,) * 4, (1.0, 0.0, 0.0, 0.0))
    mix = noise(320)
    mix[1] = 0.0
    stems = open_separator(path, "htdemucs", DEMUCS, **SMALL).separate(mix, 44100)
    assert np.abs(stems[0, 0]).max() > 0.1
    assert not stems[0, 1].any()


def test_the_core_s_way_back_is_right_in_the_middle() -> None:
    stft, mix = Stft(64, 16, normalised=True), without_nyquist(noise(333))
    found = to_outer_audio(stft, to_inner_spectrum(stft, mix), 333)
    np.testing.assert_allclose(found[:, EDGE:-EDGE], mix[:, EDGE:-EDGE], atol=2e-3)


def test_a_bag_uses_of_each_file_what_it_keeps(tmp_path: Path) -> None:
    first = graphs.write_stacked_graph(tmp_path / "drums.onnx", "mix", (1, 2, 160), (0.4, 9.0, 9.0, 9.0))
    second = graphs.write_stacked_graph(tmp_path / "rest.onnx", "mix", (1, 2, 160), (9.0, 0.3, 0.2, 0.1))
    more = graphs.manifest_for(second, "htdemucs", DEMUCS)
    part = ModelFile(file=more.file, sha256=more.sha256, stems=DEMUCS, keep=("bass", "other", "vocals"))
    manifest = graphs.manifest_for(first, "htdemucs", DEMUCS, keep=("drums",), more=(part,))
    separator, mix = make_separator(Model(manifest, tmp_path)), noise(400)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("drums", "bass", "vocals", "other")
    for sound, gain in zip(stems, (0.4, 0.3, 0.1, 0.2), strict=True):
        np.testing.assert_allclose(sound, gain * mix, atol=1e-6)


def test_a_bag_of_files_with_different_lengths_is_refused(tmp_path: Path) -> None:
    first = graphs.write_stacked_graph(tmp_path / "a.onnx", "mix", (1, 2, 160), (1.0,))
    second = graphs.write_stacked_graph(tmp_path / "b.onnx", "mix", (1, 2, 320), (1.0,))
    more = graphs.manifest_for(second, "htdemucs", ["bass"])
    part = ModelFile(file=more.file, sha256=more.sha256, stems=("bass",))
    with pytest.raises(ModelError, match=r"different lengths \(160, 320 frames\)"):
        make_separator(Model(graphs.manifest_for(first, "htdemucs", ["drums"], more=(part,)), tmp_path))


def test_too_few_stems_are_an_error_that_shows_both_shapes(tmp_path: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, 160), (0.1, 0.2, 0.3))
    separator = open_separator(path, "htdemucs", DEMUCS)
    with pytest.raises(ModelError, match=r"m\.onnx: no waveform output \(1, 4, 2, 160\).*stems \(1, 3, 2, 160\)"):
        separator.separate(noise(160), 44100)


def test_a_spectrum_of_another_window_is_an_error_that_shows_both_shapes(tmp_path: Path) -> None:
    path = graphs.core(tmp_path / "m.onnx", (1, 2, 320), (1, 4, 32, 20), (0.0,) * 4, (1.0,) * 4)
    separator = open_separator(path, "htdemucs", DEMUCS, window=128, hop=16)
    with pytest.raises(ModelError, match=r"input mag: expected \(1, 4, 32, 20\), found \(1, 4, 64, 20\)"):
        separator.separate(noise(320), 44100)


def test_a_graph_of_another_kind_is_an_error_that_shows_what_it_has(tmp_path: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "spec", (1, 4, 32, 20), (0.1,))
    with pytest.raises(ModelError, match=r"no waveform input .*inputs: spec \(1, 4, 32, 20\)"):
        open_separator(path, "htdemucs", DEMUCS)
