"""Analysed beats: the beats of a recording, from the map that `sideman analyze` wrote of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from bridge.drafts import longest_name
from bridge.errors import ConfigError
from bridge.failures import fix_for
from engines.mir.offline.analysis_remarks import NO_BEAT
from engines.mir.offline.song_map import MAP_KIND, SCHEMA, SUFFIX_BYTES, SongMap, from_json
from engines.offline.progress import format_duration
from engines.offline.songs import escape_name, make_result_name, resolve_path

MAPS_FOLDER = "maps"
"""Folder of maps beside a song, as docs/analyze.md and the jobs of the terminal app name it."""
NEIGHBOURS = 4
"""Beats on either side whose median period says how many beats were missed in a pause."""
MISSED_PERIODS = 1.75
"""Periods of a pause in which a beat was missed; less is a slip of the detection, or a slower beat."""
SHORTEST_BEAT_S = 0.05
"""Beats that are nearer are one, as in the MIDI file of the analysis."""
STRAIGHT_S = 0.025
"""Distance up to which a beat may be moved, so that the tempo stays the same over many beats.

Detected beats jitter by 10 ms: an echo in time with each single one would change its delay at every beat."""
LENGTH_TOLERANCE_S = 10.0
"""Difference in length up to which a map is that of a recording: stems and bounces have tails."""


@dataclass(frozen=True, slots=True)
class AnalysedBeats:
    """The beats of a recording of ``length_s`` seconds. ``file``: the map. ``song``: the recording it is of.

    ``beats_s``: the time of each beat in seconds, of `fill_beats` and `straighten_beats`; less than two where none were
    found. ``notes``: sentences for the user.
    """

    file: Path
    song: str
    length_s: float
    beats_s: tuple[float, ...]
    notes: tuple[str, ...] = ()

    def check_length(self, source: Path, length_s: float) -> None:
        """Check that ``source``, of ``length_s`` seconds, can be what was analysed.

        Raises:
            ConfigError: It is longer or shorter by more than LENGTH_TOLERANCE_S.
        """
        if abs(length_s - self.length_s) > LENGTH_TOLERANCE_S:
            lasts, song = format_duration(length_s), f"{Path(self.song).name}, {format_duration(self.length_s)}"
            message = f"{source}: it lasts {lasts}, and {self.file} is the analysis of {song}"
            raise ConfigError(message, f"{make_hint(source)}, or give --tempo BPM")


def find_analysed_beats(source: Path, given: Path | None) -> AnalysedBeats | None:
    """The beats of ``source``, a recording or a folder of stems.

    ``given``: a map, or a folder with maps. Without it the folder of the source and `MAPS_FOLDER` in it are searched,
    for a folder of stems those one floor up, too; None where there is no map, or one without beats.

    Raises:
        ConfigError: What was given is no map, has none of the source, or no beats.
    """
    found: AnalysedBeats | None
    if given is not None and not given.is_dir():
        found = _read_map(given)
    else:
        found = _search(source, list(_list_folders(source, given)))
    if found is None:
        if given is None:
            return None
        hint = f"{make_hint(source, given)}, or give its file NAME.{MAP_KIND}"
        raise ConfigError(f"--analysis {given}: it has no analysis of {source.name}", hint)
    if len(found.beats_s) < 2:
        if given is None:
            return None
        raise ConfigError(f"--analysis {found.file}: no beats were found in {found.song}", "give --tempo BPM")
    return found


def make_hint(source: Path, folder: Path | None = None) -> str:
    """How to analyse ``source``, so that its map is found. ``folder``: for the map, by default beside the source."""
    what, song = ("the song", "SONG") if source.is_dir() else ("it", shlex.quote(str(source)))
    where = shlex.quote(str(folder or source.parent / MAPS_FOLDER))
    return f"analyse {what} (sideman analyze {song} --out {where})"


def fill_beats(beats_s: Sequence[float]) -> tuple[float, ...]:
    """``beats_s``, ascending, with the beats that were missed: a pause is divided into periods of the beats around it.

    Beats nearer than SHORTEST_BEAT_S to the last one are left out.
    """
    times: list[float] = []
    for time_s in sorted(beats_s):
        if not times or time_s - times[-1] >= SHORTEST_BEAT_S:
            times.append(time_s)
    periods = np.diff(times)
    filled = times[:1]
    for number, period in enumerate(periods):
        usual = float(np.median(periods[max(number - NEIGHBOURS, 0) : number + NEIGHBOURS + 1]))
        parts = round(float(period) / usual) if period >= MISSED_PERIODS * usual else 1
        filled += [times[number] + float(period) * step / parts for step in range(1, parts)] + [times[number + 1]]
    return tuple(filled)


def straighten_beats(beats_s: Sequence[float], tolerance_s: float = STRAIGHT_S) -> tuple[float, ...]:
    """``beats_s`` at the fewest tempi by which each is moved by ``tolerance_s`` at most.

    From each change on the tempo is kept as long as all beats can be within the tolerance; beats are at least twice
    that apart.
    """
    straight, at = list(beats_s[:1]), 0
    while at < len(beats_s) - 1:
        start_s, low, high = straight[-1], 0.0, np.inf
        weighted, weights, end = 0.0, 0.0, at
        for number in range(at + 1, len(beats_s)):
            steps, passed_s = number - at, beats_s[number] - start_s
            lowest = max(low, (passed_s - tolerance_s) / steps)
            highest = min(high, (passed_s + tolerance_s) / steps)
            if lowest > highest:
                break
            low, high, end = lowest, highest, number
            weighted, weights = weighted + steps * passed_s, weights + steps * steps
        period_s = min(max(weighted / weights, low), high)  # of least squares
        straight += [start_s + period_s * steps for steps in range(1, end - at + 1)]
        at = end
    return tuple(straight)


def _list_folders(source: Path, given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    here = source.absolute().parent
    for folder in (here, here.parent) if source.is_dir() else (here,):
        yield from (folder / MAPS_FOLDER, folder)


def _search(source: Path, folders: Sequence[Path]) -> AnalysedBeats | None:
    """The map of ``source`` in ``folders``: one that names its path, else the only one of its name in a folder."""
    plain = Path(f"{source.name}.") if source.is_dir() else source  # a folder's name has no suffix
    maps = [list(_read_maps(plain, folder)) for folder in folders]
    place = escape_name(resolve_path(source))
    for found in maps:
        if same := [one for one in found if one.song == place]:
            return same[0]
    stem = plain.stem.rstrip(".")
    return next((found[0] for found in maps if len(found) == 1 and Path(found[0].song).stem == stem), None)


def _read_maps(plain: Path, folder: Path) -> Iterator[AnalysedBeats]:
    for file in _list_files(plain, folder):
        try:
            yield _read_map(file)
        except ConfigError:
            continue  # a file of another program


def _list_files(plain: Path, folder: Path) -> Iterator[Path]:
    """The files in ``folder`` that are called as maps of ``plain`` are: NAME.json, NAME (2).json ..."""
    longest = longest_name(folder) - SUFFIX_BYTES
    for number in count(1):
        file = folder / f"{make_result_name(plain, number, longest)}.{MAP_KIND}"
        if file.is_file():
            yield file
        elif number > 1:  # the first may be missing: its name was taken
            return


def _read_map(file: Path) -> AnalysedBeats:
    """Read a map. Raises: ConfigError where it is none."""
    hint = f"give a file NAME.{MAP_KIND} of sideman analyze, or its folder"
    try:
        song = from_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"--analysis {file}: cannot be read ({error.strerror})", fix_for(error)) from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"--analysis {file}: it is no analysis of a song ({error})", hint) from error
    if song.schema != SCHEMA:
        raise ConfigError(f"--analysis {file}: schema {song.schema}, and {SCHEMA} is known", "analyse the song again")
    return _to_beats(file, song)


def _to_beats(file: Path, song: SongMap) -> AnalysedBeats:
    found_s = [beat.time_s for beat in song.beats if 0.0 <= beat.time_s <= song.duration_s]
    filled_s = fill_beats(found_s)
    notes = tuple(f"{file}: {remark}" for remark in song.remarks if remark == NO_BEAT)
    if (missed := len(filled_s) - len(found_s)) > 0:
        notes += (f"{file}: beats missed in pauses: {missed}; put in at the tempo around them",)
    return AnalysedBeats(file, song.file, song.duration_s, straighten_beats(filled_s), notes)
