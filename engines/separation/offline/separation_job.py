"""Separation job for one song: resumable after a kill; separates to scratch files, then writes the outputs.

It has two passes, because a stem's peak is only known after the first. The scratch files are raw float32, so that a run
can truncate them to its last checkpoint; outputs are named .part until they are complete.
"""

from __future__ import annotations

import errno
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
from engines.offline.folder_lock import lock_folder
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import JOURNAL, escape_name, resolve_path
from engines.offline.stemfile import FULL_SCALE, write_stem
from engines.offline.tags import read_tags
from engines.separation.offline.folders import find_folder
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
"""Wall-clock time between checkpoints: the most that a kill costs, but for a piece of a slow model."""
_SPARE_BYTES = 1 << 26


def separate_song(
    path: Path,
    out: Path,
    request: SeparationRequest,
    separator: ResumableSeparator,
    progress: ProgressCallback,
    clock: Callable[[], float],
    checkpoint_s: float = CHECKPOINT_S,
) -> SeparationResult:
    """Separate the song at ``path`` into a folder of its own in ``out``. Raises: BridgeError.

    Finished files of the same song and recipe are left alone unless forced; an interrupted run resumes.
    """
    began_s = clock()
    try:
        with Song(path) as song:
            identity = read_identity(path)
            folder = find_folder(path, identity, out)
            with lock_folder(folder):
                job = _Job(song, folder, identity, request)
                result = SeparationResult(path, folder=folder, rate=song.rate, notes=song.notes)
                result.files = {name: job.get_target_path(name) for name in request.outputs}
                if job.is_done():
                    result.status = "skipped"
                    return result
                try:
                    job.separate(separator, result, progress, clock, checkpoint_s)
                    job.write(result, progress)
                except BridgeError as error:
                    if not isinstance(error.__cause__, OSError):  # else the same command resumes once that is fixed
                        job.abandon()
                    raise
                except (OSError, MemoryError):
                    raise  # as above: the same command resumes
                except Exception:
                    job.abandon()
                    raise
    except OSError as error:
        message = f"{error.filename or out}: {error.strerror or error}"
        raise ConfigError(message, f"{fix_for(error)}; then give the same command again: it continues") from error
    result.took_s = clock() - began_s
    return result


class _Job:
    """An open song, its folder, and the request."""

    def __init__(self, song: Song, folder: Path, identity: Identity, request: SeparationRequest) -> None:
        self.song, self.folder, self.request = song, folder, request
        self.channels = min(song.channels, 2)
        key = request.recipe.make_key(identity)
        made = (load_journal(folder) or Journal(SCHEMA, "", identity, request.recipe, {})).made
        # files of other songs and recipes stay in the journal until their names are reused
        self.journal = Journal(SCHEMA, escape_name(resolve_path(song.path)), identity, request.recipe, made)
        self.key = key
        self.run_key = " ".join([key, bridge.__version__, *request.outputs])

    def get_target_path(self, name: str) -> Path:
        return self.folder / (name + self.request.format.suffix)

    def get_scratch_path(self, name: str) -> Path:
        return self.folder / f"{name}.f32.part"

    def is_done(self) -> bool:
        if self.request.force or not all(self._is_made(name) for name in self.request.outputs):
            return False
        at = load_checkpoint(self.folder)
        return at is None or at.key != self.run_key  # else the last file was just finished, and cleanup is left

    def _is_made(self, name: str) -> bool:
        target = self.get_target_path(name)
        return self.journal.made.get(target.name) == self.key and target.is_file()

    def separate(
        self,
        separator: ResumableSeparator,
        result: SeparationResult,
        progress: ProgressCallback,
        clock: Callable[[], float],
        checkpoint_s: float,
    ) -> None:
        """First pass: write the scratch files, and fill in ``result``."""
        at = self._find_checkpoint(separator)
        if at.separated:
            self._store_result(at, result)
            return
        song, names = self.song, list(self.request.outputs)
        peaks = dict(at.peaks)
        read, written = at.read, at.written
        result.resumed_at = written
        if written:
            progress("resuming", written, song.frames, song.rate)
        mix = _MixBuffer()
        with ExitStack() as stack:
            files = {name: stack.enter_context(self._open_scratch(name, written)) for name in names}

            def write_block(stems: Audio) -> None:
                nonlocal written
                pending = mix.pop(stems.shape[2])
                for name, sound in self._make_outputs(separator.stems, stems, pending):
                    peak = float(np.max(np.abs(sound), initial=0.0))
                    if not np.isfinite(peak):
                        raise EngineError(f"{separator.name}: gave samples that are no numbers", "use another profile")
                    peaks[name] = max(peaks.get(name, 0.0), peak)
                    if name in files:
                        files[name].write(np.ascontiguousarray(sound.T, np.float32).data)
                written += stems.shape[2]

            def save_checkpoint(separated: bool = False) -> None:
                state = {} if separated else separator.state()
                if state is None:
                    return
                for file in files.values():
                    file.flush()
                    os.fsync(file.fileno())
                notes = tuple(song.notes) if separated else ()
                Checkpoint(self.run_key, read, written, peaks, notes, separated, state).save(self.folder)

            saved_s = clock()
            # frames that were read and not yet separated are read again: for the mix minus stems
            for block in song.read_blocks(at.written):
                known = min(max(at.read - (at.written + mix.pushed), 0), block.shape[1])
                mix.push(block)
                if known == block.shape[1]:
                    continue
                fresh = block[:, known:]
                read += fresh.shape[1]
                write_block(separator.push(fresh))
                progress("separating", read, song.frames, song.rate)
                if clock() - saved_s >= checkpoint_s:
                    save_checkpoint()
                    saved_s = clock()
            write_block(separator.finish())
            save_checkpoint(separated=True)
        self._store_result(Checkpoint(self.run_key, read, written, peaks, tuple(song.notes), True, {}), result)

    def _store_result(self, at: Checkpoint, result: SeparationResult) -> None:
        result.frames, result.notes = at.written, list(at.notes)
        result.peaks = {name: at.peaks[name] for name in self.request.outputs}
        loudest = max(at.peaks.values(), default=0.0)
        if self.request.format.bits and loudest > 1.0:
            result.gain = FULL_SCALE / loudest
            result.notes.append(
                f"all stems lowered by {-20 * np.log10(result.gain):.1f} dB, as one passes full scale; "
                "--format wav32f keeps the level"
            )

    def _find_checkpoint(self, separator: ResumableSeparator) -> Checkpoint:
        """The checkpoint to resume from; a new one, with the separator started, where none fits this recipe."""
        at = load_checkpoint(self.folder)
        if at is not None and at.key == self.run_key and self._has_scratch(at):
            if not at.separated:
                separator.restore(self.song.rate, at.state)
            return at
        self._clear()
        kept = {} if self.request.force else self.journal.made
        self.journal = Journal(SCHEMA, self.journal.song, self.journal.identity, self.request.recipe, kept)
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
        """Remove all partial files of a song that cannot be separated, and its folder if nothing else is in it."""
        self._clear()
        if not any((self.folder / name).exists() for name in self.journal.made):
            (self.folder / JOURNAL).unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()

    def _has_scratch(self, at: Checkpoint) -> bool:
        wanted = at.written * self.channels * 4

        def holds(name: str) -> bool:
            scratch = self.get_scratch_path(name)
            return (at.separated and self._is_made(name)) or (scratch.is_file() and scratch.stat().st_size >= wanted)

        return all(holds(name) for name in self.request.outputs)

    def _check_space(self) -> None:
        """Check for space: scratch for all outputs and the first one written; scratch is removed as files are done."""
        needed = self.song.frames * self.channels * 4 * (len(self.request.outputs) + 1) + _SPARE_BYTES
        free = shutil.disk_usage(self.folder).free
        if self.song.frames and needed > free:
            raise ConfigError(
                f"{self.folder}: {needed / 1e9:.1f} GB are needed while at work, {free / 1e9:.1f} GB are free",
                "free some, or name fewer stems with --stems",
            ) from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _open_scratch(self, name: str, frames: int) -> BinaryIO:
        scratch = self.get_scratch_path(name)
        scratch.touch()
        file = scratch.open("r+b")
        file.truncate(frames * self.channels * 4)
        file.seek(0, os.SEEK_END)
        return file

    def _make_outputs(self, stems: Sequence[str], audio: Audio, mix: Audio) -> list[tuple[str, Audio]]:
        """Every stem, and each mix minus stems, by name; shape (channels, frames)."""
        by_name = dict(zip(stems, audio, strict=True))
        sounds = dict(by_name)
        for name, parts in self.request.outputs.items():
            if parts[0] == "-":
                sounds[name] = mix - np.sum([by_name[stem] for stem in parts[1:]], axis=0, dtype=np.float32)
        if self.channels == 1:
            return [(name, sound.mean(axis=0, keepdims=True)) for name, sound in sounds.items()]
        return list(sounds.items())

    def write(self, result: SeparationResult, progress: ProgressCallback) -> None:
        """Second pass: write each scratch file as an output, and remove it."""
        tags = read_tags(self.song.path)
        notes = dict.fromkeys(tags.notes)
        names = [name for name in self.request.outputs if self.get_scratch_path(name).exists()]
        total, done = result.frames * len(names), 0

        def report_written(frames: int) -> None:
            nonlocal done
            done += frames
            progress("writing", done, total, self.song.rate)

        for name in names:
            target = self.get_target_path(name)
            draft = target.with_name(target.name + ".part")
            scratch, tagged = self.get_scratch_path(name), tags.make_stem_tags(name)
            rate, format_ = self.song.rate, self.request.format
            notes |= dict.fromkeys(
                write_stem(scratch, draft, format_, rate, self.channels, result.gain, tagged, report_written)
            )
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(target)
            self.journal.made[target.name] = self.key
            self.journal.save(self.folder)
            scratch.unlink()
        result.notes += notes
        (self.folder / CHECKPOINT).unlink(missing_ok=True)


class _MixBuffer:
    """The mix of frames whose stems are pending, shape (2, frames). ``pushed``: total frames pushed."""

    def __init__(self) -> None:
        self._blocks = np.zeros((2, 0), np.float32)
        self.pushed = 0

    def push(self, block: Audio) -> None:
        self._blocks = np.concatenate([self._blocks, block], axis=1)
        self.pushed += block.shape[1]

    def pop(self, frames: int) -> Audio:
        """Remove and return the oldest ``frames``."""
        oldest, self._blocks = self._blocks[:, :frames], self._blocks[:, frames:].copy()
        return oldest
