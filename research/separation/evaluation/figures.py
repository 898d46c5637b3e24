"""All figures of one separator on one song, a row for each stem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.audio import Audio
from research.separation.evaluation import metrics
from research.separation.evaluation.bsseval import compute_bss_eval
from research.separation.evaluation.songs import BASSOTHER, MultitrackSong

NAN = float("nan")
BASS = "bass"
COLLECTIVE = ("other", BASSOTHER)
"""Stems that hold whatever has no name: all that the separator gives besides the named ones is their estimate."""


@dataclass(frozen=True, slots=True)
class SeparationFigures:
    """Figures of one stem. In dB, NaN where a figure has no meaning; `metrics` says what each is.

    ``sdr``: the median over the seconds in which the stem sounds; ``museval_sdr``: over those that museval counts.
    ``low_to_bass``: no decibels, but the share of the stem's amplitude below 250 Hz that arrives in the estimated bass.
    ``sir``, ``sar``: museval's.
    """

    separator: str
    song: str
    stem: str
    sdr: float = NAN
    museval_sdr: float = NAN
    global_sdr: float = NAN
    si_sdr_gain: float = NAN
    si_sar: float = NAN
    leakage: float = NAN
    low_sdr: float = NAN
    low_to_bass: float = NAN
    sir: float = NAN
    sar: float = NAN


def group_estimates(song: MultitrackSong, stems: Sequence[str], waves: Audio) -> dict[str, Audio]:
    """What a separator with ``stems`` says of the song's stems, each (2, frames).

    ``other`` is the sum of all that is neither drums, bass nor vocals (guitar and piano of a six-stem model);
    ``bassother`` likewise, bass included. A stem that the separator does not tell apart is left out.
    """
    named = [stem for stem in song.stems if stem not in COLLECTIVE]
    found = {stem: waves[list(stems).index(stem)] for stem in named if stem in stems}
    rest = [i for i, stem in enumerate(stems) if stem not in named]
    if len(found) == len(named) and rest:
        found[song.stems[-1]] = np.asarray(waves[rest].sum(axis=0), dtype=np.float32)
    return {stem: found[stem] for stem in song.stems if stem in found}


def compute_figures(
    separator: str, song: MultitrackSong, mix: Audio, estimates: dict[str, Audio], museval_s: float = 0.0
) -> list[SeparationFigures]:
    """A row for each stem in ``estimates``; of one that the song lacks, or that rests, only the leakage.

    ``museval_s``: how many seconds museval looks at for SIR and SAR; 0: none.
    """
    rows = []
    sounding = [stem for stem in estimates if metrics.is_sounding(song.truth[song.stems.index(stem)], mix)]
    truths = song.truth[[song.stems.index(stem) for stem in sounding]]
    guesses = np.stack([estimates[stem] for stem in sounding]) if sounding else truths
    seconds = metrics.compute_framewise_sdr_db(truths, guesses, song.rate)
    sars = metrics.compute_si_sar_db(truths, guesses)
    shares = np.full(len(sounding), NAN)
    if BASS in estimates and sounding:
        shares = metrics.compute_low_shares(truths, estimates[BASS], song.rate)
    beyond = {}
    if museval_s > 0.0 and sounding:
        frames = round(museval_s * song.rate)
        audible = [
            i for i in range(len(sounding)) if truths[i, :, :frames].any() and guesses[i, :, :frames].any()
        ]  # museval refuses silent ones
        judged = compute_bss_eval(truths[audible][..., :frames], guesses[audible][..., :frames], song.rate)
        beyond = {sounding[i]: result for i, result in zip(audible, judged, strict=True)}
    for stem, estimate in estimates.items():
        truth = song.truth[song.stems.index(stem)]
        leakage = metrics.compute_leakage_db(truth, estimate, mix, song.rate)
        if stem not in sounding:
            rows.append(SeparationFigures(separator, song.name, stem, leakage=leakage))
            continue
        i = sounding.index(stem)
        rows.append(
            SeparationFigures(
                separator,
                song.name,
                stem,
                sdr=metrics.compute_chunk_sdr_db(truth, estimate, mix, song.rate),
                museval_sdr=metrics.compute_median_db(seconds[i]),
                global_sdr=metrics.compute_sdr_db(truth, estimate),
                si_sdr_gain=metrics.compute_si_sdr_gain_db(truth, estimate, mix),
                si_sar=float(sars[i]),
                leakage=leakage,
                low_sdr=metrics.compute_low_sdr_db(truth, estimate, song.rate),
                low_to_bass=NAN if stem == BASS else float(shares[i]),
                sir=beyond[stem].sir if stem in beyond else NAN,
                sar=beyond[stem].sar if stem in beyond else NAN,
            )
        )
    return rows
