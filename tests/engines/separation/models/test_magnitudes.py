"""Open-Unmix and Spleeter: magnitudes in and out, one file a stem or one with all, masks that sum to one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.audio import STEMS
from bridge.errors import ModelError
from engines.separation.models.adapters.ratio import make_ratio_masks
from engines.separation.models.chunked import PieceSeparator
from engines.separation.models.manifest import ModelFile
from engines.separation.models.model_loader import make_separator
from engines.separation.models.store import Model
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise, open_separator, stem

SMALL = {"window": 64, "hop": 16}
BINS = 33


def several(folder: Path, adapter: str, files: dict[str, Path], **more: object) -> PieceSeparator:
    """One file a stem."""
    (first, path), *rest = files.items()
    parts = []
    for name, other in rest:
        manifest = graphs.manifest_for(other, adapter, [name])
        parts.append(ModelFile(file=manifest.file, sha256=manifest.sha256, stems=(name,)))
    manifest = graphs.manifest_for(path, adapter, [first], more=tuple(parts), **more)
    separator = make_separator(Model(manifest, folder))
    assert isinstance(separator, PieceSeparator)
    return separator


@pytest.mark.parametrize("frames", [1, 160, 999])
@pytest.mark.parametrize("columns", [21, "columns"])
def test_openunmix_with_all_stems_shares_the_mix_by_their_guesses(tmp_path: Path, frames: int, columns: object) -> None:
    guesses = (0.8, 0.4, 0.4, 0.4)
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mag", (1, 2, BINS, columns), guesses)  # type: ignore[arg-type]
    separator, mix = (
        open_separator(path, "openunmix", ("vocals", "drums", "bass", "other"), piece=320, **SMALL),
        noise(frames),
    )
    stems = separator.separate(mix, 44100)
    for name, share in (("vocals", 0.4), ("drums", 0.2), ("bass", 0.2), ("other", 0.2)):
        np.testing.assert_allclose(stem(separator, stems, name), share * mix, atol=1e-6)
    np.testing.assert_allclose(stems.sum(axis=0), mix, atol=1e-6)


def test_openunmix_with_one_file_a_stem_shares_too(tmp_path: Path) -> None:
    files = {
        name: graphs.plain(tmp_path / f"{name}.onnx", "x", (1, 2, BINS, 21), guess)
        for name, guess in (("vocals", 0.6), ("other", 0.2), ("drums", 0.1), ("bass", 0.1))
    }
    separator, mix = several(tmp_path, "openunmix", files, **SMALL), noise(500)
    stems = separator.separate(mix, 44100)
    assert separator.stems == STEMS
    for sound, share in zip(stems, (0.1, 0.1, 0.6, 0.2), strict=True):
        np.testing.assert_allclose(sound, share * mix, atol=1e-6)


def test_openunmix_of_one_stem_is_its_part_of_the_mix(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "x", (1, 2, BINS, 21), 0.7)
    separator, mix = open_separator(path, "openunmix", ["vocals"], **SMALL), noise(500)
    stems = separator.separate(mix, 44100)
    np.testing.assert_allclose(stems, np.stack([0.7 * mix, 0.3 * mix]), atol=1e-6)


def test_openunmix_never_gives_a_stem_more_than_the_mix_has(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "x", (1, 2, BINS, 21), 3.0)
    mix = noise(500)
    np.testing.assert_allclose(
        open_separator(path, "openunmix", ["vocals"], **SMALL).separate(mix, 44100)[0], mix, atol=1e-6
    )


def test_outputs_named_after_stems_are_mapped_by_name(tmp_path: Path) -> None:
    builder = graphs.Builder()
    value = builder.find_input("mix", (1, 2, BINS, 21))
    for name, guess in (("est_other", 0.2), ("est_vocals", 0.8)):
        builder.output(name, builder.node("Mul", value, builder.constant(guess)), (1, 2, BINS, 21))
    path = builder.write(tmp_path / "m.onnx")
    separator, mix = open_separator(path, "openunmix", ["vocals", "other"], **SMALL), noise(320)
    np.testing.assert_allclose(separator.separate(mix, 44100), np.stack([0.8 * mix, 0.2 * mix]), atol=1e-6)


def test_an_output_that_no_stem_names_is_an_error(tmp_path: Path) -> None:
    builder = graphs.Builder()
    value = builder.find_input("mix", (1, 2, BINS, 21))
    for name in ("one", "two"):
        builder.output(name, value, (1, 2, BINS, 21))
    separator = open_separator(builder.write(tmp_path / "m.onnx"), "openunmix", ["vocals", "other"], **SMALL)
    with pytest.raises(ModelError, match=r"no output whose name has 'vocals' in it .*outputs: one"):
        separator.separate(noise(320), 44100)


def test_public_openunmix_shapes_fit(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "x", (1, 2, 2049, 12), 1.0)
    separator, mix = open_separator(path, "openunmix", ["vocals"]), noise(11 * 1024)
    np.testing.assert_allclose(separator.separate(mix, 44100)[0], mix, atol=1e-6)


@pytest.mark.parametrize("shape", [("splits", 2, 21, 32), (2, "splits", 21, 32), (1, 2, 21, 32), (2, 1, 21, 32)])
def test_spleeter_shares_by_squares_in_both_layouts(tmp_path: Path, shape: tuple[object, ...]) -> None:
    files = {
        name: graphs.plain(tmp_path / f"{name}.onnx", "x", shape, guess)  # type: ignore[arg-type]
        for name, guess in (("vocals", 0.3), ("other", 0.1))
    }
    separator, mix = several(tmp_path, "spleeter", files, **SMALL), noise(700)
    assert separator.piece_frames == 320
    stems = separator.separate(mix, 44100)
    np.testing.assert_allclose(stems, np.stack([0.9 * mix, 0.1 * mix]), atol=1e-5)


def test_spleeter_in_one_graph_may_give_masks(tmp_path: Path) -> None:
    builder = graphs.Builder()
    value = builder.find_input("x", (1, 2, 21, 32))
    nothing = builder.node("Mul", value, builder.constant(0.0))
    for name, mask in (("vocals", 0.25), ("other", 0.75)):
        builder.output(name, builder.node("Add", nothing, builder.constant(mask)), (1, 2, 21, 32))
    path = builder.write(tmp_path / "m.onnx")
    separator, mix = open_separator(path, "spleeter", ["vocals", "other"], gives="masks", **SMALL), noise(320)
    np.testing.assert_allclose(separator.separate(mix, 44100), np.stack([0.25 * mix, 0.75 * mix]), atol=1e-6)


def test_spleeter_above_its_bins_goes_by_the_mean_of_its_masks(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "x", (1, 2, 21, 16), 1.0)
    tone = 0.3 * np.sin(2 * np.pi * np.arange(320) * 24 / 64).astype(np.float32)
    mix = np.stack([tone, tone])
    builder = graphs.Builder()
    nothing = builder.node("Mul", builder.find_input("x", (1, 2, 21, 16)), builder.constant(0.0))
    ramp = np.linspace(0.0, 1.0, 16, dtype=np.float32)
    builder.output("vocals", builder.node("Add", nothing, builder.constant(ramp)), (1, 2, 21, 16))
    builder.write(path)
    vocals = open_separator(path, "spleeter", ["vocals"], gives="masks", **SMALL).separate(mix, 44100)[0]
    np.testing.assert_allclose(vocals[:, 64:-64], 0.5 * mix[:, 64:-64], atol=5e-3)


def test_a_spleeter_image_without_a_channel_axis_is_refused(tmp_path: Path) -> None:
    path = graphs.plain(tmp_path / "m.onnx", "x", (1, 3, 21, 32), 1.0)
    with pytest.raises(ModelError, match="no magnitude input"):
        open_separator(path, "spleeter", ["vocals"], **SMALL)


def test_masks_of_all_stems_sum_to_one_in_silence_too() -> None:
    guesses = np.random.default_rng(3).random((4, 2, 5, 6)).astype(np.float32)
    guesses[:, :, 2] = 0.0
    for power in (1, 2):
        masks = make_ratio_masks(guesses, np.ones((2, 5, 6), np.float32), power, whole=True)
        np.testing.assert_allclose(masks.sum(axis=0), 1.0, atol=1e-6)


def test_a_silent_mix_has_no_part_to_give() -> None:
    zero = np.zeros((2, 5, 6), np.float32)
    assert not make_ratio_masks(zero[np.newaxis], zero, 1, whole=False).any()
