"""MIDI channel state of synth.plain: programs, volumes, pans, pedals, bends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from bridge.core.midi import DRUM_CHANNEL, EXPRESSION, MIDI_CHANNELS, PAN, SUSTAIN_PEDAL, VOLUME
from engines.saved_state import SavedState
from engines.synth.program_levels import KIT_GAINS, PROGRAM_GAINS

USUAL_VOLUME, FULL_CONTROLLER, PAN_CENTRE, BEND_CENTRE = 100, 127, 64, 8192
BEND_SEMITONES = 2.0
IS_DRUMS = np.arange(MIDI_CHANNELS) == DRUM_CHANNEL


class Channels(SavedState):
    """State of sixteen channels, initially General MIDI's defaults. Arrays by channel, shape (16,)."""

    saved_fields = ("program", "volume", "expression", "pan", "pedal", "bend", "_previous_gains")

    def __init__(self, frames: int) -> None:
        self._ramp = (np.arange(1, frames + 1) / frames).astype(np.float32)
        self.program, self.volume, self.expression, self.pan, self.pedal, self.bend = (
            np.zeros(MIDI_CHANNELS, np.int64) for _ in range(6)
        )
        self._previous_gains = np.zeros((MIDI_CHANNELS, CHANNELS), np.float32)
        self.reset()

    def reset(self) -> None:
        self.program[:] = 0
        self.volume[:] = USUAL_VOLUME
        self.pan[:] = PAN_CENTRE
        self._previous_gains[:] = 0
        for channel in range(MIDI_CHANNELS):
            self.reset_controllers(channel)

    def reset_controllers(self, channel: int) -> None:
        """Reset the controllers that MIDI's RP-015 resets."""
        self.expression[channel], self.pedal[channel], self.bend[channel] = FULL_CONTROLLER, 0, BEND_CENTRE

    def set_controller(self, channel: int, controller: int, value: int) -> None:
        """Set a controller, if it is volume, expression, pan or pedal; ignore others."""
        known = {VOLUME: self.volume, EXPRESSION: self.expression, PAN: self.pan, SUSTAIN_PEDAL: self.pedal}
        if controller in known:
            known[controller][channel] = value

    def is_pedal_down(self, channel: int) -> bool:
        """Whether the sustain pedal is down."""
        return bool(self.pedal[channel] >= 64)

    @property
    def semitones(self) -> NDArray[np.float64]:
        """Pitch bend of each channel."""
        return (self.bend - BEND_CENTRE) / BEND_CENTRE * BEND_SEMITONES

    def update_gains(self, sounding: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Gains left and right for each frame of a block, shape (16, 2, frames), as ramps where a channel sounds.

        Volume and expression are 40 log10 of their share of 127 in dB (General MIDI 1, recommended practice). Programs
        have the gains of `program_levels`.
        """
        loud = (self.volume / FULL_CONTROLLER * (self.expression / FULL_CONTROLLER)) ** 2
        loud *= np.where(IS_DRUMS, KIT_GAINS[self.program], PROGRAM_GAINS[self.program])
        angle = np.clip((self.pan - PAN_CENTRE) / (PAN_CENTRE - 1), -1, 1) * np.pi / 4 + np.pi / 4
        wanted = (np.sqrt(2) * loud * np.array([np.cos(angle), np.sin(angle)])).T.astype(np.float32)
        before = np.where(sounding[:, None], self._previous_gains, wanted)
        self._previous_gains[:] = wanted
        return np.asarray(before[..., None] + (wanted - before)[..., None] * self._ramp, np.float32)
