"""Song results: the stems, the analysis and the band of a song, made where they are not there yet.

They lie in one folder as the three commands write them: ``stems/SONG/``, ``maps/SONG.*``, ``bands/SONG/``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from mido import MidiFile

from bridge.config import write_atomic
from bridge.drafts import longest_name
from bridge.errors import ConfigError
from bridge.failures import fix_for
from engines.backing.backing_source import read_source
from engines.backing.backing_track import BackingRequest, arrange_backing
from engines.backing.band_level import choose_loudness, describe_difference
from engines.mir.engine_lookup import DEFAULT, create_engine
from engines.mir.offline.analysis_job import analyse_song
from engines.mir.offline.song_map import SongMap, from_json
from engines.offline.rates import choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import SUFFIXES, escape_name, make_result_name, resolve_path
from engines.offline.stemfile import FORMATS
from engines.separation.offline.journal import Recipe, read_identity
from engines.separation.offline.profiles import ChosenProfile
from engines.separation.offline.request import SeparationRequest
from engines.separation.offline.separation_job import separate_song
from engines.synth.stems import MIX, write_stems
from engines.synth.synth_engine import FLUID_RATES
from export.results.result_journal import ResultJournal, make_key

STEMS, MAPS, BANDS = "stems", "maps", "bands"
BAND_FILE = "band.mid"
STEM_FORMAT = FORMATS["wav32f"]
"""Format of stems that are made here: floats keep the level of each stem, so that all sum to the song."""
NOT_STEMS = ("no_", MIX)
"""Beginnings of the names of files beside stems that are mixes of several."""


@dataclass(frozen=True, slots=True)
class ResultRequest:
    """What to make, and what is given. ``stems``: a folder, ``analysis`` and ``band``: files; None: made here.

    ``backing``: the band to make; None: none. ``chosen``: the separator of ``profile``. ``is_forced``: whether results
    that are there are made again.
    """

    profile: str
    chosen: ChosenProfile
    backing: BackingRequest | None
    stems: Path | None = None
    analysis: Path | None = None
    band: Path | None = None
    is_forced: bool = False


@dataclass(slots=True)
class SongResults:
    """Results of a song. ``rate``: of the song, in Hz. ``channels``: 1 or 2. ``stems``, ``band_audio``: by name.

    ``map_midi``, ``band_midi``: MIDI files; the latter None without a band. ``notes``: remarks for the user.
    """

    rate: int
    channels: int
    stems: Mapping[str, Path]
    map: SongMap
    map_midi: Path | None
    band_midi: Path | None = None
    band_audio: Mapping[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def make_results(
    song: Path, folder: Path, request: ResultRequest, rate: int, channels: int, progress: ProgressCallback
) -> SongResults:
    """Make what is missing of the results of ``song`` in ``folder``. ``rate``, ``channels``: of the song.

    Raises:
        BridgeError: The song cannot be read, or what is given is none of its results.
    """
    journal = ResultJournal(folder)
    notes: list[str] = []
    song_map, map_midi = _find_map(song, folder, request, journal, progress, notes)
    stems = _find_stems(song, folder, request, progress, notes)
    results = SongResults(rate, channels, stems, song_map, map_midi, notes=notes)
    if request.backing is not None or request.band is not None:
        _add_band(song, folder, request, journal, progress, results)
    return results


def _find_stems(
    song: Path, folder: Path, request: ResultRequest, progress: ProgressCallback, notes: list[str]
) -> dict[str, Path]:
    if request.stems is not None:
        return _list_given_stems(request.stems)
    separator = request.chosen.separator
    recipe = Recipe(request.profile, separator.name, request.chosen.model, (), STEM_FORMAT.name)
    separation = SeparationRequest(recipe, STEM_FORMAT, separator.stems, force=request.is_forced)
    result = separate_song(song, folder / STEMS, separation, separator, progress, time.monotonic)
    notes += result.notes
    return result.files


def _list_given_stems(folder: Path) -> dict[str, Path]:
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise ConfigError(f"--stems {folder}: cannot be read ({error.strerror})", fix_for(error)) from error
    stems = {path.stem: path for path in files if not path.name.startswith((".", *NOT_STEMS))}
    if not stems:
        raise ConfigError(f"--stems {folder}: no stems are in it", "give the folder of one song's audio files")
    return stems


def _find_map(
    song: Path, folder: Path, request: ResultRequest, journal: ResultJournal, progress: ProgressCallback,
    notes: list[str],
) -> tuple[SongMap, Path | None]:  # fmt: skip
    """The analysis, and its MIDI file where there is one."""
    if request.analysis is not None:
        midi = request.analysis.with_suffix(".mid")
        return _read_map(request.analysis), midi if midi.is_file() else None
    name = f"{MAPS} {escape_name(resolve_path(song))}"
    key = make_key(msgspec.to_builtins(read_identity(song)), DEFAULT)
    found = journal.find(name)
    if found is None or found.key != key or request.is_forced:
        result = analyse_song(song, folder / MAPS, create_engine(DEFAULT), {}, progress, time.monotonic)
        made = (result.files["json"], result.files["mid"])
        journal.note_files(name, key, made)
        notes += result.notes
        found = journal.find(name)
        if found is None:
            raise ConfigError(f"{made[0]}: it went away", "give the same command again")
    if found.is_changed:
        notes.append(f"{found.files[0].with_suffix('')}.*: changed by hand, and used as it is; --force makes it anew")
    file, midi = found.files
    return _read_map(file), midi


def _read_map(file: Path) -> SongMap:
    try:
        return from_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", fix_for(error)) from error
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"{file}: it is no analysis of a song ({error})", "give SONG.json of sideman analyze"
        ) from error


def _add_band(
    song: Path, folder: Path, request: ResultRequest, journal: ResultJournal, progress: ProgressCallback,
    results: SongResults,
) -> None:  # fmt: skip
    """Find or make the MIDI file of the band and its audio files at a rate near the song's."""
    identity = msgspec.to_builtins(read_identity(song))
    rate = choose_rate(FLUID_RATES, results.rate)
    if request.band is None:
        made_from: object = msgspec.to_builtins(request.backing)
    else:
        made_from = _read_midi(request.band).hex()
    key = make_key(identity, made_from, rate)
    name, band_folder = _choose_band_folder(song, folder, journal, key)
    found = journal.find(name)
    if found is None or found.key != key or request.is_forced:
        midi = _arrange(song, request, progress, results) if request.band is None else _read_midi(request.band)
        if midi is None:
            return
        journal.note(name, "", {})  # the folder is ours, also after a kill
        progress("playing the band", 0, 0, results.rate)
        files = _write_band(midi, band_folder, rate, song, results)
        journal.note_files(name, key, files)
    else:
        files = list(found.files)
        if found.is_changed:
            results.notes.append(f"{band_folder}: changed by hand, and used as it is; --force makes it anew")
    results.band_midi = files[0]
    results.band_audio = {path.stem: path for path in files[1:] if path.stem != MIX}


def _arrange(song: Path, request: ResultRequest, progress: ProgressCallback, results: SongResults) -> bytes | None:
    """The band's MIDI file; None, with a remark, where the song cannot be played to, such as one without a beat."""
    backing = request.backing or BackingRequest()
    style = backing.load_style()
    try:
        played = arrange_backing(read_source(str(song), style.tempo, progress, backing.needs_chords), backing)
    except ConfigError as error:
        results.notes.append(f"no band: {error.message.removeprefix(f'{song}: ')}")
        return None
    results.notes += [remark for remark in played.piece.remarks if remark not in results.notes]
    return played.to_midi()


def _write_band(midi: bytes, folder: Path, rate: int, song: Path, results: SongResults) -> list[Path]:
    target_lufs = choose_loudness(song, 0.0)
    file = folder / BAND_FILE
    write_atomic(file, midi)
    made = write_stems(MidiFile(file), folder, rate=rate, target_lufs=target_lufs)
    if remark := describe_difference(target_lufs, made.loudness):
        results.notes.append(remark)
    return [file, *made.paths]


def _choose_band_folder(song: Path, folder: Path, journal: ResultJournal, key: str) -> tuple[str, Path]:
    """The name in the journal and the folder of the band; one with another band that was changed by hand stays."""
    bands = folder / BANDS
    longest, place = longest_name(bands), escape_name(resolve_path(song))
    number = 0
    while True:
        number += 1
        result_name = make_result_name(song, number, longest)
        tried, name = bands / result_name, f"{BANDS} {result_name} {place}"
        if not journal.is_known(name):
            if not tried.exists():
                return name, tried
            continue
        found = journal.find(name)
        if found is None or not found.is_changed or found.key == key:
            return name, tried


def _read_midi(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"--band {file}: cannot be read ({error.strerror})", fix_for(error)) from error
