"""Streaming resampler between a file's sampling rate and the rate of an engine."""

from __future__ import annotations

from math import gcd

import numpy as np
import soxr

from bridge.core.audio import Audio
from bridge.core.engine import State

CONTEXT_FRAMES = 1024
"""Context on either side of a resampled piece, at the lower of the two rates. Measured, soxr's VHQ filter is below
-120 dB 115 of these frames from its middle."""
PIECE_S = 1.0
USUAL_HZ = (44100, 48000)


def choose_rate(rates: tuple[int, ...], rate: int) -> int:
    """Choose one of ``rates`` (empty: any) for a file of ``rate``: the same one if possible.

    Else one that loses nothing audible if there is one, and of these the one with the simplest ratio. A separator that
    takes any rate is still made for windows of some milliseconds: far from 44.1 and 48 kHz it gets one of these.
    """
    if rate in rates or (not rates and min(USUAL_HZ) * 0.9 <= rate <= max(USUAL_HZ) * 1.1):
        return rate
    rates = rates or USUAL_HZ
    enough = [one for one in rates if one >= min(rate, max(rates), *USUAL_HZ)]
    return max(enough, key=lambda one: (gcd(one, rate), one))


class StreamResampler:
    """Resamples frames of shape (channels, any) without delay, in constant memory.

    soxr's own streaming state cannot be saved, so an interrupted run could not resume to the same bits. Pieces of a
    second with context can: each starts where both rates have a frame, and soxr (VHQ, linear phase) gives the same
    there as for the whole.
    """

    def __init__(self, from_hz: int, to_hz: int, channels: int) -> None:
        self._from_hz, self._to_hz = from_hz, to_hz
        step = gcd(from_hz, to_hz)
        self._grain, self._grain_out = from_hz // step, to_hz // step  # frames of the same duration
        context_s = CONTEXT_FRAMES / min(from_hz, to_hz)
        self._context = int(np.ceil(context_s * from_hz / self._grain))  # in grains, as all that follows
        self._piece = int(np.ceil(PIECE_S * from_hz / self._grain))
        self._before = 0
        self._waiting = np.zeros((channels, 0), np.float32)

    def push(self, audio: Audio) -> Audio:
        """Push the next frames; returns the resampled frames that are ready."""
        self._waiting = np.concatenate([self._waiting, audio], axis=1)
        ready = [np.zeros((len(audio), 0), np.float32)]
        while self._waiting.shape[1] >= (self._before + self._piece + self._context) * self._grain:
            end = self._before + self._piece
            whole = self._resample(self._waiting[:, : (end + self._context) * self._grain])
            ready.append(whole[:, self._before * self._grain_out : end * self._grain_out])
            before = min(self._context, end)
            self._waiting = self._waiting[:, (end - before) * self._grain :].copy()
            self._before = before
        return np.concatenate(ready, axis=1)

    def finish(self) -> Audio:
        """The remaining frames, up to the end of the input."""
        return self._resample(self._waiting)[:, self._before * self._grain_out :]

    def state(self) -> State:
        return {"waiting": self._waiting.copy(), "before": np.array(self._before)}

    def restore(self, state: State) -> None:
        self._waiting, self._before = state["waiting"].astype(np.float32), int(state["before"])

    def _resample(self, audio: Audio) -> Audio:
        if not audio.shape[1]:
            return audio
        out = soxr.resample(np.ascontiguousarray(audio.T), self._from_hz, self._to_hz, quality="VHQ")
        return np.ascontiguousarray(out.T)
