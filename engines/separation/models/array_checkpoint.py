"""Array checkpoint: the named arrays of a PyTorch checkpoint that holds NumPy arrays, read without PyTorch.

``torch.save`` writes a zip file with a pickle in it. A pickle can call any function, so this reader knows the four
that NumPy arrays need, and refuses a file that names another.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.errors import ModelError

_PICKLE = "data.pkl"
_ANOTHER_FILE = "this is not the file that was meant: fetch it again"


def read_arrays(file: IO[bytes], name: str) -> dict[str, Float32Array]:
    """The arrays of the checkpoint ``file``, float32, by their names. ``name``: of the file, for errors.

    Raises: ModelError where it is no such checkpoint, names another function, or holds anything but float32 arrays.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            pickles = [member for member in archive.namelist() if member.rpartition("/")[2] == _PICKLE]
            if len(pickles) != 1:
                raise ModelError(f"{name}: a checkpoint with {len(pickles)} files {_PICKLE}, not 1", _ANOTHER_FILE)
            found = _ArrayUnpickler(io.BytesIO(archive.read(pickles[0])), name).load()
    except ModelError:
        raise
    except Exception as error:  # pickle and zipfile fail in any way on a broken file
        raise ModelError(f"{name}: cannot be read as a checkpoint ({error})", _ANOTHER_FILE) from error
    if not isinstance(found, Mapping):
        raise ModelError(f"{name}: holds {type(found).__name__}, not named arrays", _ANOTHER_FILE)
    for key, value in found.items():
        if not (isinstance(key, str) and isinstance(value, np.ndarray) and value.dtype == np.float32):
            raise ModelError(f"{name}: {key!r} is no array of float32", _ANOTHER_FILE)
    return dict(found)


class _ArrayUnpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file)
        self._name = name

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        known = _KNOWN.get((module_name.replace("numpy._core", "numpy.core"), global_name))
        if known is None:
            raise ModelError(f"{self._name}: names {module_name}.{global_name}, which is no array", _ANOTHER_FILE)
        return known


def _make_empty_array(kind: object, shape: object, type_code: object) -> np.ndarray[Any, Any]:
    """The array that the pickle then fills, as ``numpy.core.multiarray._reconstruct`` makes it."""
    if kind is not np.ndarray or shape != (0,) or type_code != b"b":
        raise ValueError("an array of an unknown kind")
    return np.ndarray((0,), np.int8)


def _encode_latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError(f"bytes in the encoding {encoding}")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], object] = {
    ("numpy.core.multiarray", "_reconstruct"): _make_empty_array,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode_latin1,
}
"""Functions that a pickled array names, protocol 2."""
