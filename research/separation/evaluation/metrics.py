"""Figures of one estimated stem against the true one, all in dB.

Shapes are (channels, frames) for a stem and (stems, channels, frames) for several. Where a figure has no meaning
(a silent truth, no silent stretch) it is NaN; a perfect estimate has infinity, one that is silent minus infinity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.audio import Audio

Floating = NDArray[np.float32] | NDArray[np.float64]

LOW_HZ = 250.0
"""Upper edge of what `compute_low_sdr_db` counts: bass, kick, and little of the rest."""
SILENT_DB = -60.0
"""A stem is absent where it lies this far below the mean power of the mix: well above a codec's dither."""
STRETCH_S = 0.25
"""Length of the stretches that are absent or not."""
_BLOCK = 1 << 16
"""Frames that are turned to float64 at once: they fit in a processor's cache."""


def compute_ratio_db(wanted: float, rest: float) -> float:
    """10 log10 of two energies."""
    if wanted <= 0.0:
        return float("nan") if rest <= 0.0 else float("-inf")
    return float("inf") if rest <= 0.0 else float(10.0 * np.log10(wanted / rest))


def compute_energy(wave: Floating) -> float:
    """Sum of squares over all axes."""
    return _compute_inner_product(wave, wave)


def compute_sdr_db(truth: Audio, estimate: Audio) -> float:
    """Source to distortion of the whole piece: energy of the truth to that of the difference.

    What the Music Demixing challenges rank by ("global SDR"; Mitsufuji et al., "Music Demixing Challenge 2021").
    """
    if not compute_energy(truth):
        return float("nan")
    return compute_ratio_db(compute_energy(truth), compute_energy(truth - estimate))


def compute_energies(waves: Audio, length_frames: int) -> Float64Array:
    """Energy of each whole stretch of ``length_frames``: (..., channels, frames) to (..., stretches)."""
    stretches = waves.shape[-1] // length_frames
    found = np.zeros((*waves.shape[:-2], stretches))
    for i in range(stretches):
        stretch = waves[..., i * length_frames : (i + 1) * length_frames].astype(np.float64)
        found[..., i] = np.einsum("...cf,...cf->...", stretch, stretch)
    return found


def compute_framewise_sdr_db(truth: Audio, estimate: Audio, rate: int) -> Float64Array:
    """SDR of each second, (stems, seconds), as BSSEval v4 has it: NaN for all stems where any truth or estimate is 0.

    The distortion filters of BSSEval v4 cancel in its SDR ("images": the errors that they split add up to estimate
    minus truth), so this is what museval gives, to rounding, without its minutes of computing. A piece shorter
    than a second is one frame, as there; an estimate that is 0 throughout, which museval refuses, has 0 dB.
    Stöter, Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign", LVA/ICA 2018.
    """
    length = min(rate, truth.shape[-1])
    wanted, got, rest = (
        compute_energies(truth, length),
        compute_energies(estimate, length),
        compute_energies(truth - estimate, length),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * np.log10(wanted / rest)
    pauses = (got == 0.0) & got.any(axis=1, keepdims=True)
    found[:, ((wanted == 0.0) | pauses).any(axis=0)] = np.nan
    return found


def compute_median_db(values: Float64Array) -> float:
    """The median of those that are numbers; NaN where none is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def compute_chunk_sdr_db(truth: Audio, estimate: Audio, mix: Audio, rate: int) -> float:
    """Median SDR of the seconds in which this stem sounds, whatever the others do."""
    length = min(rate, truth.shape[-1])
    sounds = ~_find_silent(truth, mix, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * np.log10(compute_energies(truth, length) / compute_energies(truth - estimate, length))
    return compute_median_db(found[sounds])


def compute_si_sdr_db(truth: Audio, estimate: Audio) -> float:
    """Scale-invariant SDR, both channels as one signal, means left in.

    Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?", ICASSP 2019, equation 3.
    """
    own = compute_energy(truth)
    if not own:
        return float("nan")
    across = _compute_inner_product(truth, estimate)
    wanted = across * across / own
    return compute_ratio_db(wanted, max(compute_energy(estimate) - wanted, 0.0))


def compute_si_sdr_gain_db(truth: Audio, estimate: Audio, mix: Audio) -> float:
    """SI-SDR of the estimate less that of the untouched mix."""
    return compute_si_sdr_db(truth, estimate) - compute_si_sdr_db(truth, mix)


def compute_si_sar_db(truths: Audio, estimates: Audio) -> Float64Array:
    """Source to artefacts of each stem, (stems,): what of the estimate is no sum of true stems, against its own.

    Each estimate is projected on all ``truths``, one gain a stem, both channels as one signal: Le Roux et al. 2019,
    as above. Leakage of the other stems does not lower it, warbling does.
    """
    flat = truths.reshape(len(truths), -1)
    seen = estimates.reshape(len(estimates), -1)
    among = np.array([[_compute_inner_product(one, other) for other in flat] for one in flat])
    across = np.array([[_compute_inner_product(one, other) for other in seen] for one in flat])
    gains = np.linalg.lstsq(among, across, rcond=None)[0]
    explained = np.einsum("ij,ij->j", gains, across)
    found = np.full(len(truths), np.nan)
    for i, own in enumerate(np.diag(among)):
        if own > 0.0:
            found[i] = compute_ratio_db(across[i, i] ** 2 / own, max(compute_energy(seen[i]) - explained[i], 0.0))
    return found


def compute_low_sdr_db(truth: Audio, estimate: Audio, rate: int, below_hz: float = LOW_HZ) -> float:
    """`compute_sdr_db` of what lies below ``below_hz``, by the spectra of whole seconds (of all, where shorter)."""
    low = [compute_energy(_compute_lows(wave, rate, below_hz)) for wave in (truth, truth - estimate)]
    return compute_ratio_db(low[0], low[1]) if low[0] else float("nan")


def compute_low_shares(truths: Audio, estimate: Audio, rate: int, below_hz: float = LOW_HZ) -> Float64Array:
    """Share of each true stem's amplitude below ``below_hz`` that arrives in ``estimate``, (stems,).

    The gains with which the truths, all channels as one signal, add up to the estimate with the least square error.
    NaN for a stem that has nothing there.
    """
    lows = [_compute_lows(wave, rate, below_hz).reshape(-1) for wave in (*truths, estimate)]
    among = np.array([[_compute_inner_product(one, other) for other in lows[:-1]] for one in lows[:-1]])
    across = np.array([_compute_inner_product(one, lows[-1]) for one in lows[:-1]])
    gains = np.linalg.lstsq(among, across, rcond=None)[0]
    return np.where(np.diag(among) > 0.0, gains, np.nan)


def _compute_lows(wave: Audio, rate: int, below_hz: float) -> Float64Array:
    """Spectra of whole seconds (of all, where shorter) below ``below_hz``, real and imaginary parts as one row."""
    length = min(rate, wave.shape[-1])
    whole = wave[..., : wave.shape[-1] // length * length].reshape(len(wave), -1, length)
    lows = np.fft.rfft(whole.astype(np.float64), axis=-1)[..., : int(np.ceil(below_hz * length / rate))]
    return np.concatenate([lows.real, lows.imag], axis=-1).reshape(1, -1)


def compute_leakage_db(truth: Audio, estimate: Audio, mix: Audio, rate: int) -> float:
    """Energy of the estimate against that of the mix, over the stretches of STRETCH_S where the stem is absent.

    Lower is better. NaN where the stem never pauses or the mix is silent too.
    """
    length = max(min(round(STRETCH_S * rate), truth.shape[-1]), 1)
    absent = _find_silent(truth, mix, length)
    energy_in = float(compute_energies(mix, length)[absent].sum())
    return (
        compute_ratio_db(float(compute_energies(estimate, length)[absent].sum()), energy_in)
        if energy_in
        else float("nan")
    )


def is_sounding(truth: Audio, mix: Audio) -> bool:
    """Whether the stem is in this piece at all, by SILENT_DB."""
    return bool(compute_energy(truth) > compute_energy(mix) * 10.0 ** (SILENT_DB / 10.0))


def _find_silent(truth: Audio, mix: Audio, length_frames: int) -> NDArray[np.bool_]:
    """Which stretches of the truth are silent, by SILENT_DB."""
    mean = compute_energy(mix) * length_frames / max(mix.shape[-1], 1)
    return np.asarray(compute_energies(truth, length_frames) <= mean * 10.0 ** (SILENT_DB / 10.0))


def _compute_inner_product(one: Floating, other: Floating) -> float:
    """Inner product over all axes, added up in float64 a block of frames at a time.

    einsum and not BLAS, whose threads wait for each other longer than such a block takes.
    """
    one, other = one.reshape(-1), other.reshape(-1)
    total = 0.0
    for start in range(0, one.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        total += float(np.einsum("f,f->", one[block].astype(np.float64), other[block].astype(np.float64)))
    return total
