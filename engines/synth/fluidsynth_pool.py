"""FluidSynth pool: sample-accurate notes from several synthesizers with one font, each on a block grid of its own.

FluidSynth starts a note at the start of its next block of 64 frames, up to 1.5 ms late. But a silent synthesizer may
start a block at any frame. So a note goes to a synthesizer whose block starts on the note's frame, or to a silent one,
whose next block then does. Where all of them sound and none fits, the note starts with the next block of any: with
sixteen at work, four frames late in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import State
from bridge.core.midi import (
    CHANNEL_PRESSURE,
    CONTROL_CHANGE,
    DRUM_CHANNEL,
    PITCH_BEND,
    PROGRAM_CHANGE,
    get_channel,
    get_status,
    is_note_off,
    is_note_on,
)
from engines.synth.channel_settings import ChannelSettings
from engines.synth.fluidsynth import GRID_FRAMES, FluidSynth, open_font
from engines.synth.instrument import HI_HATS, RELEASE_MESSAGES, TimedMidi

POOL_SIZE = 16
GAIN = 0.8
"""Gives the mix of a band about -21 dBFS RMS, with its highest peaks at the limiter's ceiling."""
FONT_WIDTH = 0.6
"""Share of a font's own panning that is left. Fonts pan the two channels of a stereo instrument hard, as for a solo:
strings then have as much side as mid, and lose 3 dB in mono. The drum kit keeps its panning, and so do controllers."""
POLYPHONY = 128
"""Voices of each member: far more than its share of a band's notes, so that no voice is ever stolen."""
HISTORY_S = 20.0
"""Time for which all events since the last silence are kept; see `FluidSynthPool.state`."""
SOFTEST_VELOCITY = 1
"""A velocity 84 dB below the loudest, by the curve of the SoundFont specification (2.04, 8.4.1)."""


@dataclass(slots=True)
class PoolMember:
    """A synthesizer of the pool.

    ``at``: the frame up to which it is rendered. ``sounding``: whether it must be rendered further. ``hat``: whether it
    plays a hi-hat. ``held``: (channel, pitch) of its held notes. ``most``: most voices at once since its last silence.
    """

    synth: FluidSynth
    at: int = 0
    sounding: bool = False
    hat: bool = False
    held: set[tuple[int, int]] = field(default_factory=set)
    most: int = POLYPHONY

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self.synth.note_on(channel, pitch, velocity)
        if channel != DRUM_CHANNEL:
            self.synth.narrow_last_note(FONT_WIDTH)
        self.most = max(self.most, self.synth.voices)

    def clear(self) -> None:
        """Reset all but programs and controllers; no voice may be sounding."""
        self.synth.settle_voices(min(self.most, POLYPHONY))
        self.sounding, self.hat, self.most = False, False, 0
        self.held.clear()


class FluidSynthPool:
    """Instrument of several FluidSynth instances. Its frames count from the last reset."""

    def __init__(self, font: Path, rate: int, frames: int, whole: bool = False) -> None:
        """For blocks of ``frames``. ``whole``: read all of ``font`` now.

        Raises: ConfigError where the font or FluidSynth is missing.
        """
        self._members = [PoolMember(synth) for synth in open_font(font, rate, GAIN, POLYPHONY, POOL_SIZE, whole)]
        self._frames = frames
        self._history_frames = int(HISTORY_S * rate) // frames * frames
        self._sum = np.zeros((CHANNELS, frames + GRID_FRAMES), np.float32)
        self._scratch = np.zeros((CHANNELS, frames + GRID_FRAMES), np.float32)
        self._left, self._right = (row.ctypes.data for row in self._scratch)
        self._now = 0
        self._settings = ChannelSettings()
        self._history: list[TimedMidi] = []
        for member in self._members:
            member.clear()

    def render(self, events: Sequence[TimedMidi], out: Audio) -> None:
        frames = self._frames
        for offset, message in events:
            self._history.append((self._now + offset, message))
            self._dispatch(self._now + offset, message)
        end = self._now + frames
        for member in self._members:
            if member.sounding:
                self._advance(member, end)
                if not member.synth.voices:
                    member.clear()
        out[:] = self._sum[:, :frames]
        rest = self._sum.shape[1] - frames
        self._sum[:, :rest] = self._sum[:, frames:]
        self._sum[:, rest:] = 0
        self._now = end
        self._trim_history()

    def _dispatch(self, frame: int, message: bytes) -> None:
        if is_note_on(message):
            self._note_on(frame, message[0] & 0x0F, message[1], message[2])
            return
        for member in self._members:
            if is_note_off(message):
                self._note_off(member, frame, message[0] & 0x0F, message[1])
            else:
                if member.sounding:
                    self._advance(member, frame)
                _forward(member.synth, message)

    def _note_on(self, frame: int, channel: int, pitch: int, velocity: int) -> None:
        chosen = self._choose_member(frame)
        if chosen.sounding:
            self._advance(chosen, frame)
        else:
            chosen.at = frame
        is_hat = channel == DRUM_CHANNEL and pitch in HI_HATS
        for member in self._members:
            if member is not chosen:
                self._note_off(member, frame, channel, pitch)
                if is_hat and member.hat and member.sounding:
                    # an inaudible hit stops the hi-hat there, by the font's exclusive class
                    self._advance(member, frame)
                    member.note_on(channel, pitch, SOFTEST_VELOCITY)
                    member.hat = False
        chosen.note_on(channel, pitch, velocity)
        chosen.sounding = True
        chosen.hat = chosen.hat or is_hat
        chosen.held.add((channel, pitch))

    def _choose_member(self, frame: int) -> PoolMember:
        """A member whose block starts at ``frame``; else a silent one; else the one whose block starts next."""
        waits = [((m.at - frame) % GRID_FRAMES, i) for i, m in enumerate(self._members) if m.sounding]
        silent = [i for i, m in enumerate(self._members) if not m.sounding]
        wait, best = min(waits, default=(GRID_FRAMES, 0))
        return self._members[silent[0] if wait > 0 and silent else best]

    def _note_off(self, member: PoolMember, frame: int, channel: int, pitch: int) -> None:
        if (channel, pitch) in member.held:
            member.held.discard((channel, pitch))
            self._advance(member, frame)
            member.synth.note_off(channel, pitch)

    def _advance(self, member: PoolMember, frame: int) -> None:
        """Render ``member`` by whole blocks until ``frame`` or just beyond."""
        blocks = -(-(frame - member.at) // GRID_FRAMES)
        if blocks <= 0:
            return
        first, frames = member.at - self._now, blocks * GRID_FRAMES
        member.synth.write_to(self._left, self._right, frames)
        self._sum[:, first : first + frames] += self._scratch[:, :frames]
        member.at += frames

    def release(self) -> None:
        for message in RELEASE_MESSAGES:
            self._history.append((self._now, message))
            self._dispatch(self._now, message)
        for member in self._members:
            member.held.clear()

    def reset(self) -> None:
        for member in self._members:
            member.synth.reset()
            member.clear()
            member.at = 0
        self._sum[:] = 0
        self._now = 0
        self._settings.reset()
        self._history.clear()

    def _trim_history(self) -> None:
        """Drop events before a silence, except channel settings, and those that are too long ago."""
        if not self._history:
            return
        if not any(member.sounding for member in self._members):
            for _, message in self._history:
                self._settings.update(message)
            self._history.clear()
        elif self._history[0][0] < self._now - 2 * self._history_frames:
            self._shorten_history(self._now - self._history_frames)

    def _shorten_history(self, start: int) -> None:
        """Cut the history to start at ``start``; notes held then are started there."""
        held: dict[tuple[int, int], bytes] = {}
        for frame, message in self._history:
            if frame >= start:
                break
            self._settings.update(message)
            key = message[0] & 0x0F, message[1]
            if is_note_on(message):
                held[key] = message
            elif is_note_off(message):
                held.pop(key, None)
        self._history = [(start, message) for message in held.values()] + [e for e in self._history if e[0] >= start]

    def state(self) -> State:
        """All events since the last silence.

        FluidSynth's own state cannot be read, so `restore` renders the events again. Of music that lasts longer than
        HISTORY_S without a silence the beginning is dropped: notes held since then are started again.
        """
        settings = [(0, message) for message in self._settings.list_messages()]
        return {"now": np.array(self._now), "settings": to_rows(settings), "history": to_rows(self._history)}

    def restore(self, state: State) -> None:
        self.reset()
        for _, message in from_rows(state["settings"]):
            self._settings.update(message)
            self._dispatch(0, message)
        now, past = int(state["now"]), from_rows(state["history"])
        self._now = past[0][0] // self._frames * self._frames if past else now  # where a block began, as it did then
        lost = np.zeros((CHANNELS, self._frames), np.float32)
        while self._now < now:
            due = [(f - self._now, message) for f, message in past if 0 <= f - self._now < self._frames]
            self.render(due, lost)


def _forward(synth: FluidSynth, message: bytes) -> None:
    """Send ``message``, which is no note, to ``synth``."""
    kind, channel = get_status(message), get_channel(message)
    if kind == CONTROL_CHANGE:
        synth.control_change(channel, message[1], message[2])
    elif kind == PROGRAM_CHANGE:
        synth.program_change(channel, message[1])
    elif kind == CHANNEL_PRESSURE:
        synth.channel_pressure(channel, message[1])
    elif kind == PITCH_BEND:
        synth.pitch_bend(channel, message[1] | message[2] << 7)


def to_rows(events: Sequence[TimedMidi]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Rows of the frame and the three bytes of a message, -1 where it is shorter."""
    rows = [(frame, *message, *(-1,) * (3 - len(message))) for frame, message in events]
    return np.array(rows, np.int64).reshape(-1, 4)


def from_rows(rows: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> list[TimedMidi]:
    """The inverse of `to_rows`."""
    return [(int(frame), bytes(byte for byte in message if byte >= 0)) for frame, *message in rows.tolist()]
