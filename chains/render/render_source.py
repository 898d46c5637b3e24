"""Render sources: songs, folders of stems and MIDI files, and the parts of each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import ConfigError, did_you_mean
from chains.process.messages import MidiNote
from chains.render.analysed_beats import AnalysedBeats
from chains.render.midi_score import MidiScore, read_midi
from chains.render.render_options import ALL_PARTS, MIX, RenderOptions
from engines.offline.smf.containers import PREFIX_BYTES, is_smf
from engines.offline.songs import JOURNAL, SUFFIXES, find_songs, resolve_path

MIDI_SUFFIXES = (".mid", ".midi", ".smf")
LESS = "no_"
"""Start of the names of mixes without stems in a folder of `sideman separate`; they would be counted twice."""


@dataclass(frozen=True, slots=True)
class RenderSource:
    """What is rendered. A song has no parts; stems have a file each, and the parts of a MIDI file have notes.

    ``notes``: sentences for the user. ``midi``: None where it is none. ``beats``: of a recording; None where it has no
    analysis, or no chain needs the tempo.
    """

    path: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    midi: MidiScore | None = None
    notes: tuple[str, ...] = ()
    beats: AnalysedBeats | None = None

    @property
    def beats_s(self) -> tuple[float, ...]:
        """The time of each beat in seconds; empty where none are known."""
        if self.midi is not None:
            return self.midi.beats_s
        return self.beats.beats_s if self.beats else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts; empty for a song."""
        return tuple(self.midi.parts) if self.midi else tuple(self.files)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that are read."""
        return tuple(self.files.values()) or (self.path,)

    def get_notes(self, part: str) -> tuple[MidiNote, ...]:
        """The notes of a part of a MIDI file."""
        return self.midi.parts[part].notes if self.midi else ()


def find_sources(paths: Sequence[Path], out: Path, options: RenderOptions) -> list[Path]:
    """The sources of ``paths`` in their order, folders searched with all below them, each once, without ``out``.

    A folder that `sideman separate` wrote is one source, and so is any that has a file for each part that ``options``
    has a chain for. MIDI files are found by their suffix, without
    the tempo maps of `sideman analyze`.
    """
    found: dict[Path, Path] = {}  # by resolved path
    for path in paths:
        listed = _search(path, out, options) if path.is_dir() else [path]
        for source in listed or [path]:
            found.setdefault(resolve_path(source), source)
    return list(found.values())


def _search(folder: Path, out: Path, options: RenderOptions) -> list[Path]:
    if _is_stem_folder(folder, options):
        return [folder]
    found = find_songs([folder], out)
    for at, folders, files in os.walk(folder):
        here = Path(at)
        if here != folder and (resolve_path(here) == resolve_path(out) or _is_stem_folder(here, options)):
            folders.clear()
            if resolve_path(here) != resolve_path(out):
                found = [song for song in found if here not in song.parents] + [here]
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [here / name for name in sorted(files) if _is_midi_name(name) and not _is_analysis(here / name)]
    return sorted(set(found) - {folder})


def _is_midi_name(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(MIDI_SUFFIXES)


def _is_analysis(path: Path) -> bool:
    """Whether a MIDI file is the tempo map that `sideman analyze` wrote of a song."""
    return path.with_suffix(".beats.csv").is_file()


def _is_stem_folder(folder: Path, options: RenderOptions) -> bool:
    wanted = set(options.chains) - {MIX}
    return (folder / JOURNAL).is_file() or (bool(wanted) and wanted <= set(_list_stems(folder)))


def _list_stems(folder: Path) -> dict[str, Path]:
    """The sound files of a folder by name, without what is no stem."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names alone
    except OSError:
        return {}
    found: dict[str, Path] = {}
    for name in names:
        stem = Path(name).stem
        if name.startswith(".") or not name.lower().endswith(SUFFIXES) or stem == MIX or stem.startswith(LESS):
            continue
        found.setdefault(stem, folder / name)
    return found


def read_source(path: Path, options: RenderOptions) -> RenderSource:
    """Find out what ``path`` is, and its parts.

    Raises:
        ConfigError: It cannot be read, or has no part of a name for which there is a chain.
    """
    source = _read_plain(path, options.rate)
    given = (
        ("--chain", "CHAIN", set(options.chains) - {MIX}),
        ("--instrument", "CHAIN", set(options.instruments) - {ALL_PARTS}),
        ("--gain", "DB", set(options.gains_db)),
    )
    for option, what, names in given:
        for name in sorted(names - set(source.parts)):
            if not source.parts:
                hint = "give a folder that sideman separate wrote, or a MIDI file"
                raise ConfigError(f"{path}: {option} {name}={what}: it has no parts", hint)
            message = f"{path}: {option} {name}={what}: there is no such part"
            raise ConfigError(message, did_you_mean(name, source.parts))
    if options.instruments and source.midi is None:
        raise ConfigError(f"{path}: --instrument: it is no MIDI file", "give a .mid file, or use --chain")
    return source


def _read_plain(path: Path, rate: int) -> RenderSource:
    if path.is_dir():
        stems = _list_stems(path)
        if not stems:
            raise ConfigError(f"{path}: a folder, with no stems in it", "give a folder that sideman separate wrote")
        return RenderSource(path, stems)
    try:
        with path.open("rb") as file:
            is_midi = is_smf(file.read(PREFIX_BYTES))
    except OSError:
        is_midi = False  # the reader of songs says why
    if is_midi or path.name.lower().endswith(MIDI_SUFFIXES):
        midi = read_midi(path, rate)
        return RenderSource(path, {}, midi, midi.remarks)
    return RenderSource(path)
