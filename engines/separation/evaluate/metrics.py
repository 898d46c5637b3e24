"""Figures of one estimated stem against the true one, all in dB.

Shapes are (channels, frames) for a stem and (stems, channels, frames) for several. Where a figure has no meaning
(a silent truth, no silent stretch) it is NaN; a perfect estimate has infinity, one that is silent minus infinity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

Doubles = NDArray[np.float64]

LOW_HZ = 250.0
"""Upper edge of what `low_sdr_db` counts: bass, kick, and little of the rest."""
SILENT_DB = -60.0
"""A stem is absent where it lies this far below the mean power of the mix: well above a codec's dither."""
STRETCH_S = 0.25
"""Length of the stretches that are absent or not."""


def ratio_db(wanted: float, rest: float) -> float:
    """10 log10 of two energies."""
    if wanted <= 0.0:
        return float("nan") if rest <= 0.0 else float("-inf")
    return float("inf") if rest <= 0.0 else float(10.0 * np.log10(wanted / rest))


def energy(wave: NDArray[np.floating]) -> float:
    """Sum of squares over all axes, added up in float64."""
    flat = np.ascontiguousarray(wave).ravel().astype(np.float64, copy=False)
    return float(flat @ flat)


def sdr_db(truth: Audio, estimate: Audio) -> float:
    """Source to distortion of the whole piece: energy of the truth to that of the difference.

    What the Music Demixing challenges rank by ("global SDR"; Mitsufuji et al., "Music Demixing Challenge 2021").
    """
    if not energy(truth):
        return float("nan")
    return ratio_db(energy(truth), energy(truth - estimate))


def energies(waves: Audio, length_frames: int) -> Doubles:
    """Energy of each whole stretch of ``length_frames``: (..., channels, frames) to (..., stretches)."""
    stretches = waves.shape[-1] // length_frames
    cut = waves[..., : stretches * length_frames]
    split = cut.reshape(*waves.shape[:-1], stretches, length_frames)
    return np.einsum("...ctf,...ctf->...t", split, split, dtype=np.float64, optimize=False)


def framewise_sdr_db(truth: Audio, estimate: Audio, rate: int) -> Doubles:
    """SDR of each second, (stems, seconds), as BSSEval v4 has it: NaN for all stems where any truth or estimate is 0.

    The distortion filters of BSSEval v4 cancel in its SDR ("images": the errors that they split add up to estimate
    minus truth), so this is what museval gives, to rounding, without its minutes of computing. A piece shorter
    than a second is one frame, as there. Stöter, Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign".
    """
    length = min(rate, truth.shape[-1])
    wanted, got, rest = energies(truth, length), energies(estimate, length), energies(truth - estimate, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * np.log10(wanted / rest)
    found[:, ((wanted == 0.0) | (got == 0.0)).any(axis=0)] = np.nan
    return found


def median_db(values: Doubles) -> float:
    """The median of those that are numbers; NaN where none is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def chunk_sdr_db(truth: Audio, estimate: Audio, mix: Audio, rate: int) -> float:
    """Median SDR of the seconds in which this stem sounds, whatever the others do."""
    length = min(rate, truth.shape[-1])
    sounds = ~_absent(truth, mix, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * np.log10(energies(truth, length) / energies(truth - estimate, length))
    return median_db(found[sounds])


def si_sdr_db(truth: Audio, estimate: Audio) -> float:
    """Scale-invariant SDR, both channels as one signal, means left in.

    Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?", ICASSP 2019, equation 3.
    """
    own = energy(truth)
    if not own:
        return float("nan")
    across = _inner(truth, estimate)
    wanted = across * across / own
    return ratio_db(wanted, max(energy(estimate) - wanted, 0.0))


def si_sdr_gain_db(truth: Audio, estimate: Audio, mix: Audio) -> float:
    """SI-SDR of the estimate less that of the untouched mix."""
    return si_sdr_db(truth, estimate) - si_sdr_db(truth, mix)


def si_sar_db(index: int, truths: Audio, estimate: Audio) -> float:
    """Source to artefacts: what of the estimate is no sum of the true stems, against the stem in it.

    The estimate is projected on all ``truths``, one gain a stem, both channels as one signal; ``index`` says whose
    estimate it is. Le Roux et al. 2019, as above. Leakage of the other stems does not lower it, warbling does.
    """
    flat = truths.reshape(len(truths), -1).astype(np.float64)
    seen = estimate.reshape(-1).astype(np.float64)
    own = float(flat[index] @ flat[index])
    if not own:
        return float("nan")
    across = flat @ seen
    gains = np.linalg.lstsq(flat @ flat.T, across, rcond=None)[0]
    wanted = float(across[index]) ** 2 / own
    return ratio_db(wanted, energy(seen - gains @ flat))


def low_sdr_db(truth: Audio, estimate: Audio, rate: int, below_hz: float = LOW_HZ) -> float:
    """`sdr_db` of what lies below ``below_hz``, cut off in one spectrum of the whole piece."""
    frames = truth.shape[-1]
    bins = int(np.ceil(below_hz * frames / rate))
    wanted = np.fft.rfft(truth, axis=-1)[..., :bins]
    rest = np.fft.rfft(truth - estimate, axis=-1)[..., :bins]
    of_truth, of_rest = (energy(np.abs(part)) for part in (wanted, rest))
    return ratio_db(of_truth, of_rest) if of_truth else float("nan")


def leakage_db(truth: Audio, estimate: Audio, mix: Audio, rate: int) -> float:
    """Energy of the estimate against that of the mix, over the stretches of STRETCH_S where the stem is absent.

    Lower is better. NaN where the stem never pauses or the mix is silent too.
    """
    length = max(min(round(STRETCH_S * rate), truth.shape[-1]), 1)
    absent = _absent(truth, mix, length)
    heard = float(energies(mix, length)[absent].sum())
    return ratio_db(float(energies(estimate, length)[absent].sum()), heard) if heard else float("nan")


def _absent(truth: Audio, mix: Audio, length_frames: int) -> NDArray[np.bool_]:
    """Which stretches of the truth are silent, by SILENT_DB."""
    mean = energy(mix) * length_frames / max(mix.shape[-1], 1)
    return np.asarray(energies(truth, length_frames) <= mean * 10.0 ** (SILENT_DB / 10.0))


def _inner(one: Audio, other: Audio) -> float:
    return float(one.reshape(-1).astype(np.float64) @ other.reshape(-1).astype(np.float64))
