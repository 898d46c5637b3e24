"""Plain synth: wavetable voices and drum samples, without a library or a font.

Everything within a note is a function of its age. So a note begins and ends at its frame wherever in a block that is,
and the same messages give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.audio import Audio
from bridge.core.engine import State
from bridge.core.midi import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    DRUM_CHANNEL,
    PITCH_BEND,
    PROGRAM_CHANGE,
    RESET_CONTROLLERS,
    SUSTAIN_PEDAL,
    get_channel,
    get_status,
    is_note_off,
    is_note_on,
)
from engines.saved_state import add_prefix, strip_prefix
from engines.synth.channels import Channels
from engines.synth.drum_sampler import DrumSampler
from engines.synth.instrument import RELEASE_MESSAGES, TimedMidi
from engines.synth.tones import TONE_OF
from engines.synth.voices import Voices


class PlainSynth:
    """Instrument with fifteen channels of pitched voices and one of drums."""

    def __init__(self, rate: int, frames: int) -> None:
        """For blocks of ``frames`` at ``rate`` Hz."""
        self._channels = Channels(frames)
        self._voices = Voices(rate, frames)
        self._drums = DrumSampler(rate, frames)

    def render(self, events: Sequence[TimedMidi], out: Audio) -> None:
        sounding = self._voices.sounding
        sounding[DRUM_CHANNEL] = self._drums.active.any()
        for offset, message in events:
            self._dispatch(message, offset)
        out[:] = 0
        if not (self._drums.active.any() or self._voices.active.any()):
            return
        gains = self._channels.update_gains(sounding)
        self._drums.mix_into(out, gains[DRUM_CHANNEL])
        self._voices.mix_into(out, self._channels.semitones, gains)

    def _dispatch(self, message: bytes, offset: int) -> None:
        kind, channel = get_status(message), get_channel(message)
        if channel == DRUM_CHANNEL and is_note_on(message):
            self._drums.hit(message[1], message[2], offset)
        elif is_note_on(message):
            tone = TONE_OF[int(self._channels.program[channel])]
            self._voices.note_on(channel, message[1], message[2], tone, offset)
        elif is_note_off(message):
            self._voices.note_off(channel, message[1], offset, self._channels.is_pedal_down(channel))
        elif kind == PROGRAM_CHANGE:
            self._channels.program[channel] = message[1]
        elif kind == PITCH_BEND:
            self._channels.bend[channel] = message[1] | message[2] << 7
        elif kind == CONTROL_CHANGE:
            self._apply_control(channel, message[1], message[2], offset)

    def _apply_control(self, channel: int, controller: int, value: int, offset: int) -> None:
        if controller == ALL_SOUND_OFF:
            self._voices.cut_all(channel, offset)
            if channel == DRUM_CHANNEL:
                self._drums.stop_all(offset)
        elif controller == RESET_CONTROLLERS:
            self._channels.reset_controllers(channel)
        elif controller >= ALL_NOTES_OFF:
            self._voices.release_all(channel, offset)
        else:
            self._channels.set_controller(channel, controller, value)
        if controller in (SUSTAIN_PEDAL, RESET_CONTROLLERS) and not self._channels.is_pedal_down(channel):
            self._voices.release_pedal(channel, offset)

    def release(self) -> None:
        for message in RELEASE_MESSAGES:
            self._dispatch(message, 0)

    def reset(self) -> None:
        for memory in (self._channels, self._voices, self._drums):
            memory.reset()

    def state(self) -> State:
        return {
            **add_prefix("channels", self._channels.state()),
            **add_prefix("voices", self._voices.state()),
            **add_prefix("drummer", self._drums.state()),
        }

    def restore(self, state: State) -> None:
        self._channels.restore(strip_prefix("channels", state))
        self._voices.restore(strip_prefix("voices", state))
        self._drums.restore(strip_prefix("drummer", state))
