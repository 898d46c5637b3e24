"""One song as a job that may be killed at any time and goes on: separated to scratch files, then written.

Two passes, because only after the first is it known how loud a stem gets. The scratch files are raw float32, so that a
run can cut them back to its last checkpoint; what they are written to is named .part until it is whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np

import bridge
from bridge.audiofile import Song
from bridge.core.audio import Audio
from bridge.errors import BridgeError, ConfigError, EngineError
from bridge.failures import fix_for
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import JOURNAL, escape_name, resolve_path
from engines.offline.stemfile import FULL_SCALE, write_stem
from engines.offline.tags import read_tags
from engines.separation.offline.folders import find_folder, lock_folder
from engines.separation.offline.journal import (
    CHECKPOINT,
    SCHEMA,
    Checkpoint,
    Identity,
    Journal,
    load_checkpoint,
    load_journal,
    read_identity,
)
from engines.separation.offline.request import SeparationRequest, SeparationResult
from engines.separation.separator import ResumableSeparator

CHECKPOINT_S = 5.0
"""Wall-clock time between checkpoints: what a kill costs at most, but for a piece of a slow model."""
_SPARE_BYTES = 1 << 26


def separate_song(
    path: Path,
    out: Path,
    wish: SeparationRequest,
    separator: ResumableSeparator,
    told: ProgressCallback,
    clock: Callable[[], float],
    checkpoint_s: float = CHECKPOINT_S,
) -> SeparationResult:
    """Separate the song at ``path`` into a folder of its own in ``out``; errors that the user can mend are raised.

    Finished files of the same song and recipe are left alone unless forced; a run that was killed goes on.
    """
    began_s = clock()
    try:
        with Song(path) as song:
            identity = read_identity(path)
            folder = find_folder(path, identity, out)
            with lock_folder(folder):
                job = _Job(song, folder, identity, wish)
                outcome = SeparationResult(path, folder=folder, rate=song.rate, notes=song.notes)
                outcome.files = {name: job.target_path(name) for name in wish.outputs}
                if job.is_done():
                    outcome.status = "skipped"
                    return outcome
                try:
                    job.separate(separator, outcome, told, clock, checkpoint_s)
                    job.write(outcome, told)
                except BridgeError as error:
                    if not isinstance(error.__cause__, OSError):  # else the same command goes on once that is mended
                        job.abandon()
                    raise
                except (OSError, MemoryError):
                    raise  # as above: what is there is gone on with
                except Exception:
                    job.abandon()
                    raise
    except OSError as error:
        message = f"{error.filename or out}: {error.strerror or error}"
        raise ConfigError(message, f"{fix_for(error)}; the same command then goes on") from error
    outcome.took_s = clock() - began_s
    return outcome


class _Job:
    """A song that is open, its folder, and what is wanted."""

    def __init__(self, song: Song, folder: Path, identity: Identity, wish: SeparationRequest) -> None:
        self.song, self.folder, self.wish = song, folder, wish
        self.channels = min(song.channels, 2)
        key = wish.recipe.make_key(identity)
        made = (load_journal(folder) or Journal(SCHEMA, "", identity, wish.recipe, {})).made
        # what other songs and recipes made stays on record, until its name is needed
        self.journal = Journal(SCHEMA, escape_name(resolve_path(song.path)), identity, wish.recipe, made)
        self.key = key
        self.run_key = " ".join([key, bridge.__version__, *wish.outputs])

    def target_path(self, name: str) -> Path:
        return self.folder / (name + self.wish.format.suffix)

    def scratch_path(self, name: str) -> Path:
        return self.folder / f"{name}.f32.part"

    def is_done(self) -> bool:
        if self.wish.force or not all(self._is_made(name) for name in self.wish.outputs):
            return False
        at = load_checkpoint(self.folder)
        return at is None or at.key != self.run_key  # else its last file was just finished, and it must clean up

    def _is_made(self, name: str) -> bool:
        target = self.target_path(name)
        return self.journal.made.get(target.name) == self.key and target.is_file()

    def separate(
        self,
        separator: ResumableSeparator,
        outcome: SeparationResult,
        told: ProgressCallback,
        clock: Callable[[], float],
        checkpoint_s: float,
    ) -> None:
        """The first pass: scratch files, and what was found on the way in ``outcome``."""
        at = self._find_checkpoint(separator)
        if at.separated:
            self._store_result(at, outcome)
            return
        song, names = self.song, list(self.wish.outputs)
        peaks = dict(at.peaks)
        read, written = at.read, at.written
        outcome.resumed_at = written
        if written:
            told("resuming", written, song.frames, song.rate)
        mix = _MixBuffer()
        with ExitStack() as stack:
            files = {name: stack.enter_context(self._open_scratch(name, written)) for name in names}

            def take(stems: Audio) -> None:
                nonlocal written
                heard = mix.take(stems.shape[2])
                for name, sound in self._make_outputs(separator.stems, stems, heard):
                    peak = float(np.max(np.abs(sound), initial=0.0))
                    if not np.isfinite(peak):
                        raise EngineError(f"{separator.name}: gave samples that are no numbers", "take another profile")
                    peaks[name] = max(peaks.get(name, 0.0), peak)
                    if name in files:
                        files[name].write(np.ascontiguousarray(sound.T, np.float32).data)
                written += stems.shape[2]

            def checkpoint(separated: bool = False) -> None:
                state = {} if separated else separator.state()
                if state is None:
                    return
                for file in files.values():
                    file.flush()
                    os.fsync(file.fileno())
                notes = tuple(song.notes) if separated else ()
                Checkpoint(self.run_key, read, written, peaks, notes, separated, state).save(self.folder)

            saved_s = clock()
            # frames that were read and not yet given back are read again: for the mix less stems
            for block in song.read_blocks(at.written):
                known = min(max(at.read - (at.written + mix.taken), 0), block.shape[1])
                mix.push(block)
                if known == block.shape[1]:
                    continue
                fresh = block[:, known:]
                read += fresh.shape[1]
                take(separator.push(fresh))
                told("separating", read, song.frames, song.rate)
                if clock() - saved_s >= checkpoint_s:
                    checkpoint()
                    saved_s = clock()
            take(separator.finish())
            checkpoint(separated=True)
        self._store_result(Checkpoint(self.run_key, read, written, peaks, tuple(song.notes), True, {}), outcome)

    def _store_result(self, at: Checkpoint, outcome: SeparationResult) -> None:
        outcome.frames, outcome.notes = at.written, list(at.notes)
        outcome.peaks = {name: at.peaks[name] for name in self.wish.outputs}
        loudest = max(at.peaks.values(), default=0.0)
        if self.wish.format.bits and loudest > 1.0:
            outcome.gain = FULL_SCALE / loudest
            outcome.notes.append(
                f"all stems lowered by {-20 * np.log10(outcome.gain):.1f} dB, as one passes full scale; "
                "--format wav32f keeps the level"
            )

    def _find_checkpoint(self, separator: ResumableSeparator) -> Checkpoint:
        """Where to go on; from the start, with the separator begun, where nothing of this recipe is found."""
        at = load_checkpoint(self.folder)
        if at is not None and at.key == self.run_key and self._has_scratch(at):
            if not at.separated:
                separator.restore(self.song.rate, at.state)
            return at
        self._clear()
        kept = {} if self.wish.force else self.journal.made
        self.journal = Journal(SCHEMA, self.journal.song, self.journal.identity, self.wish.recipe, kept)
        self._check_space()
        self.journal.save(self.folder)
        separator.begin(self.song.rate)
        return Checkpoint(self.run_key, 0, 0, {}, (), False, {})

    def _clear(self) -> None:
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        for kind in ("f32", "wav", "flac"):
            for left in self.folder.glob(f"*.{kind}.part"):
                left.unlink()

    def abandon(self) -> None:
        """Leave nothing half done of a song that cannot be separated, and no folder for it alone."""
        self._clear()
        if not any((self.folder / name).exists() for name in self.journal.made):
            (self.folder / JOURNAL).unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()

    def _has_scratch(self, at: Checkpoint) -> bool:
        wanted = at.written * self.channels * 4

        def holds(name: str) -> bool:
            scratch = self.scratch_path(name)
            return (at.separated and self._is_made(name)) or (scratch.is_file() and scratch.stat().st_size >= wanted)

        return all(holds(name) for name in self.wish.outputs)

    def _check_space(self) -> None:
        """Scratch for all outputs and the first one written, at most; scratch goes as files are finished."""
        needed = self.song.frames * self.channels * 4 * (len(self.wish.outputs) + 1) + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if self.song.frames and needed > free:
            raise ConfigError(
                f"{self.folder}: {needed / 1e9:.1f} GB are needed while at work, {free / 1e9:.1f} GB are free",
                "free some, or name fewer stems with --stems",
            )

    def _open_scratch(self, name: str, frames: int) -> BinaryIO:
        scratch = self.scratch_path(name)
        scratch.touch()
        file = scratch.open("r+b")
        file.truncate(frames * self.channels * 4)
        file.seek(0, os.SEEK_END)
        return file

    def _make_outputs(self, stems: Sequence[str], audio: Audio, mix: Audio) -> list[tuple[str, Audio]]:
        """Every stem, and each mix less stems, by name; shape (channels, frames)."""
        by_name = dict(zip(stems, audio, strict=True))
        sounds = dict(by_name)
        for name, parts in self.wish.outputs.items():
            if parts[0] == "-":
                sounds[name] = mix - np.sum([by_name[stem] for stem in parts[1:]], axis=0, dtype=np.float32)
        if self.channels == 1:
            return [(name, sound.mean(axis=0, keepdims=True)) for name, sound in sounds.items()]
        return list(sounds.items())

    def write(self, outcome: SeparationResult, told: ProgressCallback) -> None:
        """The second pass: each scratch file as what it shall be, and gone."""
        tags = read_tags(self.song.path)
        notes = dict.fromkeys(tags.notes)
        names = [name for name in self.wish.outputs if self.scratch_path(name).exists()]
        total, done = outcome.frames * len(names), 0

        def wrote(frames: int) -> None:
            nonlocal done
            done += frames
            told("writing", done, total, self.song.rate)

        for name in names:
            target = self.target_path(name)
            draft = target.with_name(target.name + ".part")
            scratch, tagged = self.scratch_path(name), tags.for_stem(name)
            rate, format_ = self.song.rate, self.wish.format
            notes |= dict.fromkeys(
                write_stem(scratch, draft, format_, rate, self.channels, outcome.gain, tagged, wrote)
            )
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(target)
            self.journal.made[target.name] = self.key
            self.journal.save(self.folder)
            scratch.unlink()
        outcome.notes += notes
        (self.folder / CHECKPOINT).unlink(missing_ok=True)


class _MixBuffer:
    """The mix from where stems are still owed, shape (2, frames). ``taken``: frames that were put in, ever."""

    def __init__(self) -> None:
        self._blocks = np.zeros((2, 0), np.float32)
        self.taken = 0

    def push(self, block: Audio) -> None:
        self._blocks = np.concatenate([self._blocks, block], axis=1)
        self.taken += block.shape[1]

    def take(self, frames: int) -> Audio:
        """The oldest ``frames``."""
        oldest, self._blocks = self._blocks[:, :frames], self._blocks[:, frames:].copy()
        return oldest
