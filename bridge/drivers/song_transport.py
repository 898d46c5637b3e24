"""Song transport: a song that starts and stops as a host's does, and where it is, for each cycle of the callback."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.audiofile.song_stream import SongStream
from bridge.core.audio import CHANNELS, Audio
from bridge.runtime.shared import slots as w

BEATS_PER_BAR = 4
"""Beats of a bar of the transport, where a tempo is given: 4/4."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How a song is played.

    Attributes:
        is_virtual: As fast as the workers are, instead of at the pace of the song.
        repeats: From its start again behind its end.
        holds: Silence goes on behind its end.
        tempo_bpm: Of the transport, which then has bars and beats from the song's start on; 0: it has none.
    """

    is_virtual: bool = False
    repeats: bool = False
    holds: bool = False
    tempo_bpm: float = 0.0


class SongTransport:
    """Plays ``song``, which is at ``rate`` Hz. `start` and `stop` may be called from any thread, the rest from one."""

    def __init__(self, song: SongStream, rate: int, options: PlayOptions) -> None:
        self._song, self._options = song, options
        self._beats_per_frame = options.tempo_bpm / 60.0 / rate
        self._rolls = threading.Event()
        self._rolls.set()
        self._played = 0  # frames, repetitions included
        self.silent_frames = 0
        """Frames of silence since the song's end."""
        self._has_ended = False

    def start(self) -> None:
        """Play on; from the start of the song where it has ended."""
        self._rolls.set()

    def stop(self) -> None:
        """Stand still: silence comes until `start`."""
        self._rolls.clear()

    @property
    def rolls(self) -> bool:
        """Whether the song plays."""
        return self._rolls.is_set() and not self._has_ended

    @property
    def waits(self) -> bool:
        """Whether the song stands still until `start`."""
        return not self.rolls and (self._options.holds or not self._has_ended)

    def is_over(self, delay: int) -> bool:
        """Whether the song has ended, and has come out ``delay`` frames later, and nothing is to follow."""
        return self._has_ended and not self._options.holds and self.silent_frames >= delay

    def fill(self, audio: Audio, words: NDArray[np.float64]) -> None:
        """Fill the input of a cycle, shape (channels, frames), and ``words``, `CallbackContext.transport`.

        Raises:
            ConfigError: The song cannot be read.
        """
        if self._has_ended and self._options.holds and self._rolls.is_set():
            self._song.rewind()
            self._played, self._has_ended = 0, False
        rolls = self.rolls
        position = self._song.position
        words[w.T_ROLLING] = float(rolls)
        # bars and beats belong to the song, so they begin again with it; a free clock counts on
        words[w.T_FRAME] = position if self._beats_per_frame else self._played
        words[w.T_VALID] = float(self._beats_per_frame > 0.0)
        words[w.T_BEAT], words[w.T_TEMPO] = position * self._beats_per_frame, self._options.tempo_bpm
        words[w.T_BAR] = BEATS_PER_BAR
        if rolls:
            self._read(audio)
        else:
            audio[:] = 0.0
            self.silent_frames += audio.shape[1]

    def skip(self, frames: int) -> None:
        """Leave out ``frames`` frames, whose time has passed. Raises: ConfigError, as `fill` does."""
        if self.rolls:
            self._read(np.empty((CHANNELS, frames), np.float32))

    def _read(self, audio: Audio) -> None:
        frames = audio.shape[1]
        read = self._song.read(audio)
        self._played += read
        if read < frames:
            self._has_ended, self.silent_frames = True, frames - read
            if self._options.holds:
                self._rolls.clear()  # so that `start` is the user's
