"""Render job for one source: its parts through their chains, their sum through the mix's, to files.

Finished files are kept and known by their key; a run that was killed renders the source again, to the same bytes. A
file gets its name when the disk has all of it; until then everything is in drafts, which the next run removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from bridge.audiofile import Song
from bridge.core.audio import CHANNELS, Audio
from bridge.drafts import replace_synced, sweep_drafts
from bridge.errors import BridgeError, ConfigError
from bridge.failures import fix_for
from chains.process.audio_file import map_segment
from chains.process.messages import AudioSegment
from chains.process.verdict import PluginError
from chains.render.analysed_beats import find_analysed_beats, make_hint
from chains.render.chain_player import ChainPlayer, check_chain_choice
from chains.render.render_journal import JOURNAL_FILE, RenderJournal, load_render_journal
from chains.render.render_key import make_render_key
from chains.render.render_options import MIDI_HZ, MIX, ChainChoice, RenderOptions
from chains.render.render_source import RenderSource, read_source
from chains.render.render_tempo import chain_needs_tempo
from chains.render.rendered_source import RenderedFile, RenderedSource
from chains.render.source_renderer import SourceRenderer
from engines.mastering.mastering import Target, master_sound
from engines.mastering.true_peak_limiter import BLOCK_FRAMES
from engines.offline.song_batch import ProgressCallback
from engines.offline.stemfile import write_sound
from engines.offline.tags import Tags, read_tags


def render_source(
    path: Path, out: Path, options: RenderOptions, player: ChainPlayer, progress: ProgressCallback,
    clock: Callable[[], float],
) -> RenderedSource:  # fmt: skip
    """Render the source at ``path`` into ``out``. ``clock``: seconds, from anywhere.

    Raises:
        PluginError: A plugin failed.
        ConfigError: The source, a chain, an option or the disk is at fault.
    """
    began_s = clock()
    try:
        job = _RenderJob(read_source(path, options), out, options, player, progress)
        job.run()
    except OSError as error:
        message = f"{error.filename or out}: {error.strerror or error}"
        raise ConfigError(message, f"{fix_for(error)}; then give the same command again: it continues") from error
    except (PluginError, ConfigError):
        raise
    except BridgeError as error:  # of a segment for which there is no space, for one
        raise ConfigError(error.message, error.hint) from error
    job.result.took_s = clock() - began_s
    return job.result


def make_failure(path: Path, error: BridgeError) -> RenderedSource:
    """The result of a source that failed."""
    result = RenderedSource(path, "failed", error=error.message, hint=error.hint)
    result.is_bad_input = isinstance(error, (ConfigError, PluginError)) and error.is_bad_input
    if isinstance(error, PluginError):
        result.verdict, result.plugin = error.verdict.value, error.plugin
    return result


class _RenderJob:
    """A source, its place in the folder of the results, and what is known of its render so far."""

    def __init__(
        self, source: RenderSource, out: Path, options: RenderOptions, player: ChainPlayer, progress: ProgressCallback
    ) -> None:
        self.source, self.out, self.options, self.player, self.progress = source, out, options, player, progress
        self.result = RenderedSource(source.path, notes=list(source.notes))
        self.journal: RenderJournal = load_render_journal(out)
        self.rate = 0
        self.key = ""

    def run(self) -> None:
        """Render, unless all files are there already."""
        self._check_chains()
        self.rate = self.result.rate = self._find_rate()
        suffix = self.options.format.suffix
        name = self.journal.choose_name(self.source.path, self.out, "" if self.source.parts else suffix)
        files = {part: f"{name}/{part}{suffix}" for part in (*self.source.parts, MIX)}
        if not self.source.parts:
            files = {MIX: name}
        self.result.paths = {part: self.out / file for part, file in files.items()}
        for folder in {self.out, *(path.parent for path in self.result.paths.values())}:
            sweep_drafts(folder)  # of a run that was killed
        self.key = self._make_key()
        if not self.options.force and all(self.journal.is_made(self.out, file, self.key) for file in files.values()):
            self.result.status = "skipped"
            self.result.notes.clear()
            return
        self._begin(name, files)
        try:
            with ExitStack() as drafts:
                renderer = SourceRenderer(
                    self.source, self.rate, self.options, self.player, self.result, self.out / name, drafts,
                    self.progress,
                )  # fmt: skip
                segments = renderer.render()
                self.result.frames = max(segment.frames for segment in segments.values())
                for part, segment in segments.items():
                    self._write(part, segment, files[part])
        except BaseException:
            self._forget(name, files)
            raise
        finally:
            self._remove_empty(self.out / name)

    def _check_chains(self) -> None:
        """Raises: ConfigError where a chain cannot be right; see `check_chain_choice`."""
        hint = "" if self.options.tempo_bpm > 0 else self._find_beats()
        for _, choice in self._list_chains():
            check_chain_choice(choice, self.options, hint)

    def _find_beats(self) -> str:
        """Find the analysis of a recording, if a chain needs the tempo; how to give one where there is none."""
        needed = any(chain_needs_tempo(choice.chain) for _, choice in self._list_chains())
        if self.source.midi is not None or not needed:
            if self.options.analysis is not None:
                why = "no chain needs the tempo" if not needed else "a MIDI file has its own tempo"
                self.result.notes.append(f"--analysis is not used: {why}")
            return ""
        beats = find_analysed_beats(self.source.path, self.options.analysis)
        if beats is None:
            return f"{make_hint(self.source.path)}, give --tempo BPM, or tempo_bpm in the chain"
        self.source = replace(self.source, beats=beats)
        self.result.notes += beats.notes
        return ""

    def _list_chains(self) -> list[tuple[str, ChainChoice]]:
        """Part and chain of all that are used, instruments first."""
        chains = list(self.options.chains.items())
        if self.source.midi is None:
            return chains
        found = [(part, self.options.find_instrument(part)) for part in self.source.parts]
        return [(part, choice) for part, choice in found if choice is not None] + chains

    def _find_rate(self) -> int:
        if self.source.midi is not None:
            return self.source.midi.rate
        with Song(self.source.inputs[0]) as song:
            return song.rate

    def _make_key(self) -> str:
        chains, options = [], self.options
        if self.source.midi is None and options.rate != MIDI_HZ:
            self.result.notes.append(f"--rate is not used: a recording keeps its own, {self.rate:,} Hz")
            options = replace(options, rate=MIDI_HZ)
        for part, choice in self._list_chains():
            members = self.player.identify(choice, self.rate).members
            chains.append((part, choice, members))
            named = tuple(
                f"{' '.join(f'{one.name or one.label} {one.version}'.split())} ({one.host})" for one in members
            )
            self.result.members[part] = self.result.members.get(part, ()) + named
            self.result.notes += [f"{choice.name}: {one.label}: {note}" for one in members for note in one.warnings]
        inputs = [(path.name, path) for path in self.source.inputs]
        beats_s = self.source.beats.beats_s if self.source.beats else ()
        return make_render_key([*inputs, *options.sidechains.items()], chains, options, beats_s)

    def _begin(self, name: str, files: dict[str, str]) -> None:
        """Note whose the files are, before there is one."""
        self.journal.claim(name, self.source.path)
        for file in files.values():
            made = self.journal.made.pop(file, None)
            self.result.replaced |= made not in (None, self.key) and (self.out / file).is_file()
        self.journal.save(self.out)
        if self.source.parts:
            (self.out / name).mkdir(exist_ok=True)

    def _forget(self, name: str, files: dict[str, str]) -> None:
        """Take a source of which there is no file back out of the journal; an empty journal is removed."""
        if any((self.out / file).exists() for file in files.values()):
            return
        self.journal.owners.pop(name, None)
        with suppress(OSError, ConfigError):  # the error that ended the render is the one to show
            if self.journal.owners:
                self.journal.save(self.out)
            else:
                (self.out / JOURNAL_FILE).unlink(missing_ok=True)

    def _remove_empty(self, folder: Path) -> None:
        """Remove the folder of a source of which nothing was kept."""
        if self.source.parts and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _write(self, part: str, segment: AudioSegment, file: str) -> None:
        """Master a part, write it to ``file`` of the results, and note that it is done.

        Behind its end is silence, up to that of the longest, so that all files of a source have one length.
        """
        path, kind, frames = self.out / file, self.options.format, self.result.frames
        audio = map_segment(segment)
        target = self.options.target if part == MIX else Target()

        def report_pass(number: int) -> None:
            self.progress("mastering", number * segment.frames, (number + 1) * segment.frames, self.rate)

        sound = master_sound(audio, self.rate, target, report_pass)
        whose = f"{path.name}: " if self.source.parts else ""  # the name of a song stands before its remarks anyway
        self.result.notes += [f"{whose}{note}" for note in sound.notes]
        if kind.bits and sound.loudness.overs:
            self.result.notes.append(
                f"{whose}{sound.loudness.overs:,} samples clip: lower the level, limit it with "
                "--ceiling-dbtp -1, or keep it with --format wav32f"
            )
        seed = int(self.key[:8], 16) ^ int.from_bytes(part.encode()[:4].ljust(4, b"\0"))
        done = 0

        def report_written(frames: int) -> None:
            nonlocal done
            done += frames
            self.progress("writing", done, self.result.frames, self.rate)

        silence = _make_silence(frames - segment.frames)
        blocks = (np.ascontiguousarray(block.T) for block in chain(sound.read_blocks(), silence))
        tags = self._read_tags(part)
        try:
            with replace_synced(path) as draft:
                self.result.notes += write_sound(
                    blocks, frames, draft, kind, self.rate, CHANNELS, tags, seed, report_written
                )
        except OSError as error:
            message = f"{path}: {error.strerror or 'cannot be written'}"
            raise ConfigError(message, f"{fix_for(error)}; then give the same command again: it continues") from error
        gain_db = sound.gain_db + self.result.gains_db.get(part, 0.0)
        loudness = replace(sound.loudness, frames=frames)
        self.result.files[part] = RenderedFile(path, loudness, gain_db, sound.limit_dbtp is not None)
        self.journal.made[file] = self.key
        self.journal.save(self.out)

    def _read_tags(self, part: str) -> Tags:
        """The tags of the file that a part comes from; the mix of stems has none."""
        if self.source.midi is not None or (self.source.parts and part == MIX):
            return Tags()
        return read_tags(self.source.files.get(part, self.source.path))


def _make_silence(frames: int) -> Iterator[Audio]:
    """Blocks of silence, shape (2, any)."""
    for start in range(0, frames, BLOCK_FRAMES):
        yield np.zeros((CHANNELS, min(BLOCK_FRAMES, frames - start)), np.float32)
