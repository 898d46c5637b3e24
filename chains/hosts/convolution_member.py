"""Convolution member: Pedalboard's convolution with the gain of the impulse response itself.

JUCE divides every impulse response by 8 times the root of its energy. This is taken back, so that an impulse response
of a single 1 changes nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pedalboard
import soundfile
import soxr

from bridge.core.audio import CHANNELS, Audio
from chains.document.chain import Member
from chains.document.effects import IMPULSE_RESPONSE, EffectParameter
from chains.document.member_state import check_beside
from chains.hosts.effect_member import EffectMember
from chains.hosts.effect_tail import MOST_TAIL_S
from chains.hosts.member import refuse

_JUCE_GAIN = 0.125
"""Gain that JUCE gives an impulse response of energy 1 (juce_Convolution.cpp, calculateNormalisationFactor)."""


class ConvolutionMember(EffectMember):
    """A convolution; ``mix`` is done here, because the gain is that of the wet signal alone."""

    def __init__(self, member: Member, rate: int, folder: Path) -> None:
        """Read the impulse response, at the chain's rate.

        Raises:
            PluginError: There is none, or it cannot be read.
        """
        name = member.parameters.get(IMPULSE_RESPONSE, "")
        if not isinstance(name, str) or not name:
            hint = "give parameters.impulse_response: an audio file beside the chain's"
            raise refuse(member.label, "load", "it has no impulse response", hint)
        check_beside(name, f"{member.label}.parameters.{IMPULSE_RESPONSE}")
        self._path = folder / name
        self._mix = np.float32(1.0)
        super().__init__(member, rate, self._make_convolution(member.label, rate))

    def _make_convolution(self, label: str, rate: int) -> pedalboard.Convolution:
        response = read_impulse_response(label, self._path, rate)
        self._gain = np.float32(compute_wet_gain(response))
        self._length_s: float = response.shape[1] / rate
        return pedalboard.Convolution(response, 1.0, rate)

    @property
    def tail_s(self) -> float:
        """The length of the impulse response."""
        return min(MOST_TAIL_S, self._length_s)

    def prepare(self, rate: int) -> None:
        """Run at another rate: the impulse response is read again."""
        self._plugin = self._make_convolution(self.label, rate)
        super().prepare(rate)

    def _read(self, parameter: EffectParameter) -> float | bool | str:
        return float(self._mix) if parameter.name == "mix" else super()._read(parameter)

    def _write(self, parameter: EffectParameter, value: float | bool | str) -> None:
        if parameter.name == "mix":
            self._mix = np.float32(value)
        else:
            hint = "give it in the chain's file"
            raise refuse(self.label, "parameters", f"{parameter.name} is not changed while the chain runs", hint)

    def automate(self, values: dict[str, float]) -> None:
        """Set the mix for the next block."""
        self._mix = np.float32(values.get("mix", self._mix))

    def feed(self, block: Audio, buffer_frames: int) -> Audio:
        """Process a block: there is no latency."""
        wet = super().feed(block, buffer_frames)
        return np.asarray(wet * (self._gain * self._mix) + block * (np.float32(1.0) - self._mix), np.float32)


def read_impulse_response(label: str, path: Path, rate: int) -> Audio:
    """An impulse response, shape (channels, frames), one or two channels, resampled to ``rate`` Hz.

    Raises:
        PluginError: It is missing, is no audio file, is empty, silent, not finite, or has more channels.
    """
    hint = "give a WAV, FLAC, AIFF or Ogg file with one or two channels beside the chain's file"
    try:
        samples, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise refuse(label, "load", f"impulse response {path.name} cannot be read ({error})", hint) from error
    response = np.ascontiguousarray(samples.T)
    if response.shape[0] > CHANNELS:
        raise refuse(label, "load", f"impulse response {path.name} has {response.shape[0]} channels", hint)
    if not response.size or not np.isfinite(response).all() or not response.any():
        raise refuse(label, "load", f"impulse response {path.name} is empty, silent or not finite", hint)
    if own_rate != rate:
        # a filter keeps its gain: the sum over more samples is larger, so each is smaller
        response = np.asarray(soxr.resample(response.T, own_rate, rate).T * (own_rate / rate), np.float32)
    return np.ascontiguousarray(response)


def compute_wet_gain(impulse_response: Audio) -> float:
    """The gain that takes back what JUCE does to an impulse response, shape (channels, frames)."""
    energy = float(np.max(np.sum(np.square(impulse_response, dtype=np.float64), axis=1)))
    return float(np.sqrt(energy) / _JUCE_GAIN)
