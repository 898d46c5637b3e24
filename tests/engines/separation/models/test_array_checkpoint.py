"""Array checkpoints: what NumPy arrays need is read, and a pickle that names anything else is refused unread."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ModelError
from engines.separation.models.array_checkpoint import read_arrays
from tests.engines.separation.models.spleeter_weights import make_checkpoint


def test_arrays_are_read_by_their_names() -> None:
    arrays = {
        "a.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "b": np.array([0.25, -1e30], np.float32),
    }
    read = read_arrays(io.BytesIO(make_checkpoint(arrays)), "some.ckpt")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


class _Program:
    """Pickled, it creates a file when it is read by a reader that knows every function."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self._path),)


def test_a_checkpoint_with_a_program_is_refused_and_the_program_does_not_run(tmp_path: Path) -> None:
    goal = tmp_path / "ran"
    file = io.BytesIO(make_checkpoint({"a": _Program(goal)}))
    with pytest.raises(ModelError, match=r"some\.ckpt: names (posix|nt)\.mkdir, which is no array"):
        read_arrays(file, "some.ckpt")
    assert not goal.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds list, not named arrays"),
        ({"a": np.zeros(2)}, "'a' is no array of float32"),
        ({"a": np.array([None, None], object)}, "'a' is no array of float32"),
        ({"a": "text"}, "'a' is no array of float32"),
        ({3: np.zeros(2, np.float32)}, "3 is no array of float32"),
    ],
)
def test_what_holds_other_things_is_refused(content: object, message: str) -> None:
    with pytest.raises(ModelError, match=f"some.ckpt: {message}"):
        read_arrays(io.BytesIO(make_checkpoint(content)), "some.ckpt")


def test_a_file_that_is_broken_anywhere_is_refused() -> None:
    whole = make_checkpoint({"a": np.arange(64, dtype=np.float32)})
    rng = np.random.default_rng(3)
    broken = [b"", whole[: len(whole) // 2], b"PK\x05\x06" + bytes(18)]
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = rng.integers(0, 256)
        broken.append(bytes(damaged))
    for data in broken:
        try:
            read = read_arrays(io.BytesIO(data), "some.ckpt")
        except ModelError as error:
            assert "some.ckpt" in str(error)
        else:  # a byte that says nothing, such as the date
            assert all(array.dtype == np.float32 for array in read.values())
