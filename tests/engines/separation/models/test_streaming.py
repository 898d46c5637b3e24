"""Streaming models: memories carried, the delay taken off, in pieces as whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ModelError
from engines.separation.models.adapters.streaming import StreamingSeparator
from engines.separation.models.manifest import StatePair
from engines.separation.models.onnx_graph import open_graph
from engines.separation.separator import ResumableSeparator, StreamableSeparator
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import noise

STEMGEN = ("drums", "bass", "vocals", "other")
GAINS = (0.1, 0.2, 0.3, 0.4)


def open_streaming(path: Path, stems: tuple[str, ...] = STEMGEN, **more: object) -> StreamingSeparator:
    return StreamingSeparator(graphs.manifest_for(path, "streaming", stems, **more), open_graph(path))


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 16, 100])
def test_the_delay_is_taken_off_and_stems_come_by_name(tmp_path: Path, frames: int) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS)
    separator, mix = open_streaming(path, ("other", "vocals", "bass", "drums"), synthesis=20), noise(frames)
    stems = separator.separate(mix, 44100)
    assert separator.stems == STEMGEN
    assert (separator.hop_frames, separator.delay_frames) == (8, 12)
    for sound, gain in zip(stems, (0.4, 0.3, 0.2, 0.1), strict=True):
        np.testing.assert_allclose(sound, gain * mix, atol=1e-7)


@pytest.mark.parametrize("sizes", [(1,), (7, 3), (8,), (64, 1, 5)])
def test_in_pieces_it_gives_what_it_gives_whole_to_the_bit(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS[:3])
    separator, mix = open_streaming(path, STEMGEN[:3], synthesis=20), noise(203)
    assert isinstance(separator, StreamableSeparator)
    whole = separator.separate(mix, 44100)
    separator.begin(44100)
    parts, at, i = [], 0, 0
    while at < mix.shape[1]:
        size = sizes[i % len(sizes)]
        parts.append(separator.push(mix[:, at : at + size]))
        at, i = at + size, i + 1
    np.testing.assert_array_equal(np.concatenate([*parts, separator.finish()], axis=2), whole)


def test_a_stem_that_it_lacks_is_the_mix_minus_the_others(tmp_path: Path) -> None:
    separator = open_streaming(
        graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, (0.25,)), ("vocals",), synthesis=20
    )
    mix = noise(100)
    stems = separator.separate(mix, 44100)
    assert separator.stems == ("vocals", "other")
    np.testing.assert_allclose(stems, np.stack([0.25 * mix, 0.75 * mix]), atol=1e-7)


def test_reset_clears_the_states(tmp_path: Path) -> None:
    separator = open_streaming(graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS), synthesis=20)
    fresh = separator.separate(noise(100), 44100)
    separator.push(noise(100, seed=2))
    separator.reset()
    separator.begin(44100)
    np.testing.assert_array_equal(np.concatenate([separator.push(noise(100)), separator.finish()], axis=2), fresh)


def test_begin_clears_the_states(tmp_path: Path) -> None:
    separator = open_streaming(graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS), synthesis=20)
    fresh = separator.separate(noise(100), 44100)
    separator.push(noise(99, seed=2))
    np.testing.assert_array_equal(separator.separate(noise(100), 44100), fresh)


@pytest.mark.parametrize("name", ["next_history", "history_next", "new_history", "history_out"])
def test_memories_are_found_by_the_usual_names(tmp_path: Path, name: str) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS, name)
    np.testing.assert_allclose(
        open_streaming(path, synthesis=20).separate(noise(50), 44100).sum(axis=0), noise(50), atol=1e-6
    )


def test_a_memory_of_another_name_is_an_error_and_the_manifest_can_tell(tmp_path: Path) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS, "whatever")
    with pytest.raises(ModelError, match="several of history, audio_chunk have no output that gives them back"):
        open_streaming(path, synthesis=20)
    separator = open_streaming(path, synthesis=20, states=(StatePair(input="history", output="whatever"),))
    np.testing.assert_allclose(separator.separate(noise(50), 44100).sum(axis=0), noise(50), atol=1e-6)


def test_a_state_that_is_no_tensor_of_the_graph_is_an_error(tmp_path: Path) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS)
    with pytest.raises(ModelError, match="no memory output 'nothing'"):
        open_streaming(path, states=(StatePair(input="history", output="nothing"),))


def test_a_hop_in_the_manifest_that_is_not_the_graph_s_is_refused(tmp_path: Path) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS)
    with pytest.raises(ModelError, match="hop 16 in the manifest; write hop = 8"):
        open_streaming(path, hop=16, synthesis=32)


def test_too_many_stems_are_an_error_that_shows_the_graph_s(tmp_path: Path) -> None:
    separator = open_streaming(graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS), (*STEMGEN, "piano"))
    with pytest.raises(ModelError, match=r"no output of stems \(1, 5, 2, 8\).*separated_chunk \(1, 4, 2, 8\)"):
        separator.separate(noise(10), 44100)


def test_another_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the mix is at 48000 Hz, the model at 44100 Hz"):
        open_streaming(graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS)).begin(48000)


def test_it_goes_on_from_its_state_to_the_bit(tmp_path: Path) -> None:
    path = graphs.write_delaying_graph(tmp_path / "m.onnx", 8, 12, GAINS)
    mix = noise(100)
    whole = open_streaming(path, synthesis=20).separate(mix, 44100)
    first = open_streaming(path, synthesis=20)
    assert isinstance(first, ResumableSeparator)
    first.begin(44100)
    begun = first.push(mix[:, :45])
    state = first.state()
    first.push(mix[:, 45:60])  # what comes after the state was taken must not change it
    second = open_streaming(path, synthesis=20)
    second.restore(44100, state)
    np.testing.assert_array_equal(np.concatenate([begun, second.push(mix[:, 45:]), second.finish()], axis=2), whole)
