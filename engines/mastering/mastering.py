"""Mastering of a render: gain to a target loudness, true-peak ceiling, and the loudness of what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bridge.core.audio import Audio
from engines.mastering.loudness import Loudness, measure_loudness
from engines.mastering.true_peak_limiter import limit_true_peaks, read_blocks

MOST_PASSES = 6
"""Passes over a sound: each limits, measures, and corrects gain and ceiling by what was measured."""
NEAR_LU = 0.1
"""Difference from the target that is near enough: half of what EBU Tech 3341 lets a meter be off."""
NEAR_DB = 0.05
"""Distance by which the meter's true peak may be above the ceiling."""
MIN_SHARE = 0.3
"""Least part of a gain that is taken to arrive as loudness: a smaller one would overshoot on the next pass."""
MOST_GAIN_DB = 40.0
"""Largest gain: what needs more is noise, or silence."""
MOST_MAKEUP_DB = 6.0
"""Largest gain beyond the one to the target, for what the limiter takes away: more would only distort."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a sound is brought to. ``loudness_lufs``: None leaves the gain. ``ceiling_dbtp``: None: no limiter."""

    loudness_lufs: float | None = None
    ceiling_dbtp: float | None = None


@dataclass(frozen=True, slots=True)
class MasteredSound:
    """A sound with gain and limiter.

    ``audio``: without them, shape (2, frames). ``limit_dbtp``: the ceiling of the limiter; None: it does nothing.
    ``loudness``: of the result. ``notes``: sentences for the user.
    """

    audio: Audio
    rate: int
    gain_db: float
    limit_dbtp: float | None
    loudness: Loudness
    notes: tuple[str, ...] = ()

    def read_blocks(self) -> Iterator[Audio]:
        """The result in blocks of `true_peak_limiter.BLOCK_FRAMES`, shape (2, any)."""
        return _process(self.audio, self.rate, self.gain_db, self.limit_dbtp)


def master_sound(
    audio: Audio, rate: int, target: Target, on_pass: Callable[[int], None] | None = None
) -> MasteredSound:
    """Bring ``audio``, shape (2, frames), to ``target``. ``on_pass``: receives the number of each pass, from 0.

    Raises:
        ConfigError: A sample is NaN or infinite.
    """
    before = on_pass or (lambda _: None)
    before(0)
    plain = measure_loudness(read_blocks(audio), rate)
    notes = []
    gain_db, wanted, ceiling = 0.0, target.loudness_lufs, target.ceiling_dbtp
    if wanted is not None:
        if plain.integrated_lufs is None:
            notes.append(f"it has no loudness, as {plain.reason}: its level is left")
            wanted = None
        else:
            gain_db = min(wanted - plain.integrated_lufs, MOST_GAIN_DB)
    most_db = min(gain_db + MOST_MAKEUP_DB, MOST_GAIN_DB)
    peak_db = plain.true_peak_dbtp
    limits = ceiling is not None and peak_db is not None and peak_db + gain_db > ceiling
    if not limits and gain_db == 0.0:
        return MasteredSound(audio, rate, 0.0, None, plain, tuple(notes))
    limit_db = ceiling if limits else None
    measured, before_db, before_lufs = plain, gain_db, math.nan
    for number in range(1, MOST_PASSES + 1):
        before(number)
        measured = measure_loudness(_process(audio, rate, gain_db, limit_db), rate)
        over_db = (measured.true_peak_dbtp or -math.inf) - ceiling if ceiling is not None else -math.inf
        under_lu = wanted - measured.integrated_lufs if wanted is not None and measured.integrated_lufs else 0.0
        is_loud = abs(under_lu) <= NEAR_LU or gain_db >= most_db
        if number == MOST_PASSES or (over_db <= NEAR_DB and is_loud):
            break
        if over_db > NEAR_DB and ceiling is not None:
            limit_db = (limit_db if limit_db is not None else ceiling) - over_db
        if not is_loud and measured.integrated_lufs is not None:
            # the limiter takes a share of each dB away: what it left of the last step says how far to go
            left = (measured.integrated_lufs - before_lufs) / (gain_db - before_db) if gain_db != before_db else 1.0
            before_db, before_lufs = gain_db, measured.integrated_lufs
            share = min(max(left, MIN_SHARE), 1.0) if math.isfinite(left) else 1.0
            gain_db = min(gain_db + under_lu / share, most_db)
    if wanted is not None and measured.integrated_lufs is not None:
        short_lu = wanted - measured.integrated_lufs
        if short_lu > 5 * NEAR_LU:
            why = (
                f"the gain is {MOST_GAIN_DB:g} dB at most"
                if gain_db >= MOST_GAIN_DB
                else "the ceiling is too low for it: give a higher --ceiling-dbtp, or a lower --target-lufs"
            )
            notes.append(f"{measured.integrated_lufs:.1f} LUFS instead of {wanted:g}: {why}")
    return MasteredSound(audio, rate, gain_db, limit_db, measured, tuple(notes))


def _process(audio: Audio, rate: int, gain_db: float, limit_dbtp: float | None) -> Iterator[Audio]:
    gain = 10.0 ** (gain_db / 20.0)
    return read_blocks(audio, gain) if limit_dbtp is None else limit_true_peaks(audio, rate, gain, limit_dbtp)
