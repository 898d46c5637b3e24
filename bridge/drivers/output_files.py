"""Output files: what the audio ports send, as float WAV files, one for each path, written by a thread of its own."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from bridge.audiofile.peak_time import clear_peak_time
from bridge.core.audio import CHANNELS, Audio
from bridge.core.latency import AUDIO_PATHS
from bridge.drafts import draft_for, sweep_drafts
from bridge.errors import ConfigError, DriverError

BLOCK_FRAMES = 1 << 14
"""Frames that are gathered before they are written."""
BLOCKS_WAITING = 8
"""Blocks that wait for the disk, 3 s at 44.1 kHz; then the audio waits too, because nothing may be lost."""
WAV_BYTES = (1 << 32) - (1 << 26)
"""Bytes that a WAV can hold, some room left for its header."""


class OutputFiles:
    """A context manager: ``FOLDER/mix.wav`` and the others, shape of each (channels, frames) at ``rate`` Hz.

    The files have their names at the end, also where an error ended the run; there are none where nothing was written.

    Raises:
        ConfigError: The folder cannot be written, or has such a file already.
    """

    def __init__(self, folder: Path, rate: int) -> None:
        self._folder, self._rate = folder, rate
        self._queue: queue.Queue[Audio | None] = queue.Queue(BLOCKS_WAITING)
        self._block = np.zeros((len(AUDIO_PATHS) * CHANNELS, BLOCK_FRAMES), np.float32)
        self._filled = self._frames = 0
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._write, name="output-files", daemon=True)
        self._stack = ExitStack()

    def __enter__(self) -> OutputFiles:
        targets = [self._folder / f"{path}.wav" for path in AUDIO_PATHS]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for target in targets:
                if target.exists():
                    raise ConfigError(f"{target}: is there already", "give another folder with --out")
            sweep_drafts(self._folder)
            self._drafts = {target: draft_for(target) for target in targets}
            with ExitStack() as opened:
                self._files = [opened.enter_context(self._open(draft)) for draft in self._drafts.values()]
                self._stack = opened.pop_all()
        except (OSError, soundfile.SoundFileError) as error:
            why = f"{self._folder}: cannot be written ({error})"
            raise ConfigError(why, "give another folder with --out") from error
        self._thread.start()
        return self

    def _open(self, draft: Path) -> soundfile.SoundFile:
        return soundfile.SoundFile(os.fsencode(draft), "w", self._rate, CHANNELS, "FLOAT", format="WAV")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._filled:
            self._queue.put(self._block[:, : self._filled].copy())
        self._queue.put(None)
        self._thread.join()
        self._stack.close()
        for target, draft in self._drafts.items():
            if self._frames:
                clear_peak_time(draft)
                draft.replace(target)
            else:
                draft.unlink()
        if error is None:
            self._check()

    @property
    def frames(self) -> int:
        """Frames that are in the files so far."""
        return self._frames

    def write(self, audio: Audio) -> None:
        """Append ``audio``, shape (paths * channels, frames) in the order of AUDIO_PATHS.

        Raises:
            DriverError: The disk takes no more, or a file is as long as a WAV can be.
        """
        self._check()
        at = 0
        while at < audio.shape[1]:
            count = min(audio.shape[1] - at, BLOCK_FRAMES - self._filled)
            self._block[:, self._filled : self._filled + count] = audio[:, at : at + count]
            self._filled += count
            at += count
            if self._filled == BLOCK_FRAMES:
                self._queue.put(self._block.copy())
                self._filled = 0

    def write_silence(self, frames: int) -> None:
        """Append ``frames`` frames of silence. Raises: DriverError, as `write` does."""
        silence = np.zeros((self._block.shape[0], min(frames, BLOCK_FRAMES)), np.float32)
        while frames > 0:
            self.write(silence[:, :frames])
            frames -= silence.shape[1]

    def _check(self) -> None:
        if self._error is not None:
            raise DriverError(f"{self._folder}: cannot be written ({self._error})", "check free space") from self._error

    def _write(self) -> None:
        """The thread: write block by block; after an error the rest is passed over, so that nobody waits for it."""
        while (block := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._append(block)
                except (OSError, soundfile.SoundFileError, ConfigError) as error:
                    self._error = error

    def _append(self, block: Audio) -> None:
        self._frames += block.shape[1]
        if self._frames * CHANNELS * block.itemsize > WAV_BYTES:
            raise ConfigError("a WAV holds no more than 4 GB", "end the run before that")
        for index, file in enumerate(self._files):
            file.write(block[index * CHANNELS : (index + 1) * CHANNELS].T)
