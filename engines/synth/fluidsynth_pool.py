"""FluidSynth to the frame: several synthesizers with one font, each on a grid of its own.

FluidSynth begins a note where its next block of 64 frames begins, up to 1.5 ms after it was due. But a synthesizer
that is silent may begin a block anywhere. So a note is given to one whose block begins on the note's frame, or to a
silent one, whose next block then does. Where all of them sound and none fits, the note begins with the next block
there is: with sixteen at work, four frames late in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import State
from engines.synth.channel_settings import ChannelSettings
from engines.synth.fluidsynth import GRID_FRAMES, FluidSynth, open_font
from engines.synth.instrument import (
    BEND,
    CONTROL,
    DRUM_CHANNEL,
    HATS,
    PRESSURE,
    PROGRAM,
    RELEASE,
    TimedMidi,
    lets_go,
    strikes,
)

MEMBERS = 16
GAIN = 0.8
"""Brings a band to a mix of about -21 dBFS RMS, its highest peaks to the limiter."""
POLYPHONY = 128
"""Of each member: far more than its share of what a band plays, so that none is ever stolen."""
MEMORY_S = 20.0
"""How long after the last silence all events are kept; see `FluidSynthPool.state`."""
SOFTEST = 1
"""A velocity 84 dB below the loudest, by the curve of the SoundFont specification (2.04, 8.4.1)."""


@dataclass(slots=True)
class Member:
    """``at``: the frame up to which it has been heard. ``sounding``: whether it must be heard further.
    ``hat``: whether it was given a hi-hat. ``held``: (channel, pitch) of the notes that it was given and that were not
    let go of. ``most``: voices at once since it was last silent."""

    synth: FluidSynth
    at: int = 0
    sounding: bool = False
    hat: bool = False
    held: set[tuple[int, int]] = field(default_factory=set)
    most: int = POLYPHONY

    def strike(self, channel: int, pitch: int, velocity: int) -> None:
        self.synth.strike(channel, pitch, velocity)
        self.most = max(self.most, self.synth.voices)

    def fall_silent(self) -> None:
        """As new, save for its programs and controllers; what sounds must have ended."""
        self.synth.freshen(min(self.most, POLYPHONY))
        self.sounding, self.hat, self.most = False, False, 0
        self.held.clear()


class FluidSynthPool:
    """The instrument. Its frames are counted from the last reset."""

    def __init__(self, font: Path, rate: int, frames: int, whole: bool = False) -> None:
        """For blocks of ``frames``. ``whole``: read all of ``font`` now. A ConfigError where that or FluidSynth is
        missing."""
        self._members = [Member(synth) for synth in open_font(font, rate, GAIN, POLYPHONY, MEMBERS, whole)]
        self._frames = frames
        self._memory_frames = int(MEMORY_S * rate) // frames * frames
        self._sum = np.zeros((CHANNELS, frames + GRID_FRAMES), np.float32)
        self._scratch = np.zeros((CHANNELS, frames + GRID_FRAMES), np.float32)
        self._left, self._right = (row.ctypes.data for row in self._scratch)
        self._now = 0
        self._before = ChannelSettings()
        self._past: list[TimedMidi] = []
        for member in self._members:
            member.fall_silent()

    def play(self, events: Sequence[TimedMidi], out: Audio) -> None:
        frames = self._frames
        for offset, message in events:
            self._past.append((self._now + offset, message))
            self._hear(self._now + offset, message)
        end = self._now + frames
        for member in self._members:
            if member.sounding:
                self._advance(member, end)
                if not member.synth.voices:
                    member.fall_silent()
        out[:] = self._sum[:, :frames]
        rest = self._sum.shape[1] - frames
        self._sum[:, :rest] = self._sum[:, frames:]
        self._sum[:, rest:] = 0
        self._now = end
        self._forget_the_past()

    def _hear(self, frame: int, message: bytes) -> None:
        if strikes(message):
            self._strike(frame, message[0] & 0x0F, message[1], message[2])
            return
        for member in self._members:
            if lets_go(message):
                self._let_go(member, frame, message[0] & 0x0F, message[1])
            else:
                if member.sounding:
                    self._advance(member, frame)
                _tell(member.synth, message)

    def _strike(self, frame: int, channel: int, pitch: int, velocity: int) -> None:
        chosen = self._choose(frame)
        if chosen.sounding:
            self._advance(chosen, frame)
        else:
            chosen.at = frame
        is_hat = channel == DRUM_CHANNEL and pitch in HATS
        for member in self._members:
            if member is not chosen:
                self._let_go(member, frame, channel, pitch)
                if is_hat and member.hat and member.sounding:
                    # a stroke that nobody hears stops the hi-hat there, as the font's exclusive class says
                    self._advance(member, frame)
                    member.strike(channel, pitch, SOFTEST)
                    member.hat = False
        chosen.strike(channel, pitch, velocity)
        chosen.sounding = True
        chosen.hat = chosen.hat or is_hat
        chosen.held.add((channel, pitch))

    def _choose(self, frame: int) -> Member:
        """Who begins a block at ``frame``; else who is silent; else who begins one next."""
        waits = [((m.at - frame) % GRID_FRAMES, i) for i, m in enumerate(self._members) if m.sounding]
        silent = [i for i, m in enumerate(self._members) if not m.sounding]
        wait, best = min(waits, default=(GRID_FRAMES, 0))
        return self._members[silent[0] if wait > 0 and silent else best]

    def _let_go(self, member: Member, frame: int, channel: int, pitch: int) -> None:
        if (channel, pitch) in member.held:
            member.held.discard((channel, pitch))
            self._advance(member, frame)
            member.synth.let_go(channel, pitch)

    def _advance(self, member: Member, frame: int) -> None:
        """Hear ``member`` by whole blocks until ``frame`` or just beyond."""
        blocks = -(-(frame - member.at) // GRID_FRAMES)
        if blocks <= 0:
            return
        first, frames = member.at - self._now, blocks * GRID_FRAMES
        member.synth.write_to(self._left, self._right, frames)
        self._sum[:, first : first + frames] += self._scratch[:, :frames]
        member.at += frames

    def release(self) -> None:
        for message in RELEASE:
            self._past.append((self._now, message))
            self._hear(self._now, message)
        for member in self._members:
            member.held.clear()

    def reset(self) -> None:
        for member in self._members:
            member.synth.reset()
            member.fall_silent()
            member.at = 0
        self._sum[:] = 0
        self._now = 0
        self._before.reset()
        self._past.clear()

    def _forget_the_past(self) -> None:
        """What was said before a silence matters no more, save what set the channels; nor what is too long ago."""
        if not self._past:
            return
        if not any(member.sounding for member in self._members):
            for _, message in self._past:
                self._before.take(message)
            self._past.clear()
        elif self._past[0][0] < self._now - 2 * self._memory_frames:
            self._shorten(self._now - self._memory_frames)

    def _shorten(self, start: int) -> None:
        """Begin the past at ``start``; notes that were held then are struck there."""
        held: dict[tuple[int, int], bytes] = {}
        for frame, message in self._past:
            if frame >= start:
                break
            self._before.take(message)
            key = message[0] & 0x0F, message[1]
            if strikes(message):
                held[key] = message
            elif lets_go(message):
                held.pop(key, None)
        self._past = [(start, message) for message in held.values()] + [e for e in self._past if e[0] >= start]

    def state(self) -> State:
        """What was heard since the last silence.

        FluidSynth cannot be read out, so that another choir must play it again. What goes on longer than MEMORY_S
        without a silence is not known from its beginning: notes held since then are struck anew.
        """
        before = [(0, message) for message in self._before.messages()]
        return {"now": np.array(self._now), "before": as_numbers(before), "past": as_numbers(self._past)}

    def restore(self, state: State) -> None:
        self.reset()
        for _, message in as_events(state["before"]):
            self._before.take(message)
            self._hear(0, message)
        now, past = int(state["now"]), as_events(state["past"])
        self._now = past[0][0] // self._frames * self._frames if past else now  # where a block began, as it did then
        lost = np.zeros((CHANNELS, self._frames), np.float32)
        while self._now < now:
            due = [(f - self._now, message) for f, message in past if 0 <= f - self._now < self._frames]
            self.play(due, lost)


def _tell(synth: FluidSynth, message: bytes) -> None:
    """Pass on what is no note."""
    kind, channel = message[0] & 0xF0, message[0] & 0x0F
    if kind == CONTROL:
        synth.control(channel, message[1], message[2])
    elif kind == PROGRAM:
        synth.program(channel, message[1])
    elif kind == PRESSURE:
        synth.press(channel, message[1])
    elif kind == BEND:
        synth.bend(channel, message[1] | message[2] << 7)


def as_numbers(events: Sequence[TimedMidi]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Rows of a frame and the bytes of a message of up to three, -1 where it is shorter."""
    rows = [(frame, *message, *(-1,) * (3 - len(message))) for frame, message in events]
    return np.array(rows, np.int64).reshape(-1, 4)


def as_events(rows: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> list[TimedMidi]:
    """`as_numbers` backwards."""
    return [(int(frame), bytes(byte for byte in message if byte >= 0)) for frame, *message in rows.tolist()]
