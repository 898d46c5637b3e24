"""BSSEval v4 by museval (extra `bench`), the reference implementation of the field.

Slow: some 15 s of computing for 15 s of four stems. Its SDR is `metrics.framewise_sdr_db`; what it adds are the
interference and artefact ratios after 512-tap filters.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from research.separation.evaluation.metrics import compute_median_db


@dataclass(frozen=True, slots=True)
class BssEval:
    """Medians over the seconds, in dB: source to distortion, image to spatial, to interference, to artefacts."""

    sdr: float
    isr: float
    sir: float
    sar: float


def import_museval() -> ModuleType:
    """museval's own metrics module, without the package around it.

    The package imports musdb, which refuses to be imported where no ffmpeg is installed; the metrics need neither.
    """
    name = "museval.metrics"
    if name in sys.modules:
        return sys.modules[name]
    package = importlib.util.find_spec("museval")
    folders = list(package.submodule_search_locations or ()) if package else []
    if not folders:
        raise ConfigError("museval is not installed", "pip install 'sideman[bench]', or leave --museval out")
    spec = importlib.util.spec_from_file_location("_museval_metrics", f"{folders[0]}/metrics.py")
    if spec is None or spec.loader is None:
        raise ConfigError(f"{folders[0]}: holds no metrics.py", "install museval 0.4.1")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise ConfigError(f"museval's metrics cannot be imported ({error})", "pip install 'sideman[bench]'") from error
    return module


def compute_bss_eval(truths: Audio, estimates: Audio, rate: int) -> list[BssEval]:
    """One a stem, of (stems, channels, frames): windows of a second that do not overlap, medians, as MUSDB reports.

    Silent stems have no figures there: leave them out.
    """
    seconds = import_museval().bss_eval(
        truths.transpose(0, 2, 1).astype(np.float64),
        estimates.transpose(0, 2, 1).astype(np.float64),
        window=rate,
        hop=rate,
    )
    figures = np.array([[compute_median_db(stem) for stem in kind] for kind in seconds[:4]])
    return [BssEval(*(float(value) for value in figures[:, i])) for i in range(len(truths))]
