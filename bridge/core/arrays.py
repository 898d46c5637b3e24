"""Array types: numpy arrays by the type of their numbers. The shape is free: a docstring says it where it matters."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32Array: TypeAlias = NDArray[np.float32]
"""Single precision, any shape: audio, spectrograms, what networks take and give."""

Float64Array: TypeAlias = NDArray[np.float64]
"""Double precision, any shape: probabilities, times, sums over long signals."""

Int64Array: TypeAlias = NDArray[np.int64]
"""64-bit integers, any shape: indices, frames, counts."""

Complex64Array: TypeAlias = NDArray[np.complex64]
"""Complex numbers of single precision, any shape: spectra."""
