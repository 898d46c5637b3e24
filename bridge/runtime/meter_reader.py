"""Meter reader: the levels that the callback measured, each exactly once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.latency import AUDIO_PATHS
from bridge.runtime.callback.context import METERED_FRAMES, METERS, PEAK, SQUARES, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish

METER_NAMES: tuple[str, ...] = (
    "in", *STEMS, *(f"{path}.out" if path in STEMS else path for path in AUDIO_PATHS)
)  # fmt: skip
"""The meters in the order of CallbackContext.meters: a stem before its fader, the same behind it (``.out``)."""

SILENCE_DB, LOUDEST_DB = -120.0, 180.0
"""Lowest and highest level that is shown. The highest is MAX_SAMPLE: beyond it samples are no audio."""


def to_db(level: float) -> float:
    """A linear level in dB, from SILENCE_DB to LOUDEST_DB; also of what is not a number."""
    return min(max(SILENCE_DB, 20.0 * math.log10(level)), LOUDEST_DB) if level > 0.0 else SILENCE_DB


@dataclass(frozen=True, slots=True)
class Level:
    """Peak and RMS in dBFS of each channel, over the cycles since the last reading."""

    peaks_db: tuple[float, ...]
    rms_db: tuple[float, ...]

    @property
    def is_silent(self) -> bool:
        return max(self.peaks_db) <= SILENCE_DB


class MeterReader:
    """Reads the meters of ``context``; there is one for each context.

    reader.request()        # a cycle later ...
    levels = reader.read()  # ... all cycles before the request are in it
    """

    def __init__(self, context: CallbackContext) -> None:
        self._state, self._own, self._meters = context.state, context.callback_state, context.meters
        self._bank = observe(self._own, w.METERED_BANK)
        """The bank that the callback fills, or is about to leave."""

    def request(self) -> None:
        """Ask the callback to fill the other bank from its next cycle on; nothing while it has yet to do so."""
        publish(self._state, w.METER_BANK, 1 - self._bank)

    def read(self) -> Mapping[str, Level] | None:
        """The levels of all cycles between the last two requests, by METER_NAMES.

        None while no cycle has begun since the last request, or where there was none between them.
        """
        if observe(self._own, w.METERED_BANK) == self._bank:
            return None
        bank, self._bank = self._meters[self._bank], 1 - self._bank
        found = bank.copy()
        bank[:] = 0.0  # before the next request, which publishes it
        if not found[0, METERED_FRAMES]:
            return None
        return dict(zip(METER_NAMES, map(_make_level, found.reshape(METERS, CHANNELS, -1)), strict=True))


def _make_level(channels: NDArray[np.float64]) -> Level:
    """Of ``channels``, shape (channels, METER_WORDS)."""
    peaks = tuple(to_db(float(one)) for one in channels[:, PEAK].astype(np.int32).view(np.float32))
    means = (channel[SQUARES] / channel[METERED_FRAMES] if channel[METERED_FRAMES] else 0.0 for channel in channels)
    return Level(peaks, tuple(to_db(math.sqrt(mean)) for mean in means))
