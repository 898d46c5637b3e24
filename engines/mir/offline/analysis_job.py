"""Analysis job: read a song, analyse it with an engine, and write the results as files of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge.audiofile import Song
from bridge.config import write_atomic
from bridge.core.engine import Engine
from bridge.drafts import longest_name
from bridge.errors import ConfigError
from bridge.failures import explain
from bridge.names import fold_name
from bridge.printing import one_line
from engines.mir.offline.analysis_remarks import NO_BEAT, describe_beat, describe_cancellation, describe_level
from engines.mir.offline.beat_decoder import HarmonicChanges, Track
from engines.mir.offline.exporters import format_text_files
from engines.mir.offline.midi_export import format_midi_file
from engines.mir.offline.song_analyser import make_song_analyser
from engines.mir.offline.song_map import MAP_KIND, SUFFIX_BYTES, SongMap, from_json, to_json
from engines.mir.offline.song_map_picture import draw_song_map
from engines.mir.offline.waveform_overview import WaveformOverview
from engines.offline.rates import StreamResampler, choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import escape_name, list_names, make_result_name, resolve_path

SILENT_PEAK, QUIET_PEAK, NORMALISED_PEAK = 10 ** (-80 / 20), 10 ** (-30 / 20), 10 ** (-6 / 20)
"""Full scale is 1. Peaks between the first two are amplified to the third; below the first is only converter noise."""


@dataclass(slots=True)
class AnalysisResult:
    """The result for one song. ``status``: done or failed. ``files``: the written files by kind (``beats.csv``).

    ``analysis_s``: the part of ``took_s`` for reading and analysing.
    """

    song: Path
    status: str = "done"
    map: SongMap | None = None
    files: dict[str, Path] = field(default_factory=dict)
    analysis_s: float = 0.0
    took_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    error: str = ""
    hint: str = ""


def analyse_song(
    path: Path,
    out: Path,
    engine: Engine,
    values: Mapping[str, float],
    report: ProgressCallback,
    clock: Callable[[], float],
) -> AnalysisResult:
    """Analyse the song at ``path`` with ``engine`` and write the results into ``out``.

    Errors that the user can fix are raised. A picture that cannot be drawn is a note, since all else is written.
    """
    began_s = clock()
    analysis = analyse_file(path, engine, values, report)
    song = replace(analysis.map, remarks=(*analysis.map.remarks, *analysis.tempo_remarks))
    result = AnalysisResult(path, map=song, notes=list(song.remarks), analysis_s=clock() - began_s)
    name = choose_name(path, out)
    contents: dict[str, str | bytes] = {
        MAP_KIND: to_json(song),
        **format_text_files(song),
        "mid": format_midi_file(song, escape_name(path.stem)),
    }
    for kind, content in contents.items():
        result.files[kind] = out / f"{name}.{kind}"
        write_atomic(result.files[kind], content)
    report("drawing", 0, 0, analysis.rate_hz)
    try:
        picture = draw_song_map(song, analysis.overview, analysis.rate_hz, one_line(path.stem))
    except Exception as error:  # noqa: BLE001 - the other results matter more than a picture
        result.notes.append(str(explain(error, "the picture")))
    else:
        result.files["png"] = out / f"{name}.png"
        write_atomic(result.files["png"], picture)
    result.took_s = clock() - began_s
    return result


class Analysis(NamedTuple):
    """An analysis. ``overview``: of the waveform, at ``rate_hz``. ``activation``: the beat activation
    (`beat_activation.py`). ``changes``: of the harmony, None where they are not known. ``track``: the beats decoded
    from both. ``tempo_remarks``: on changes of its tempo."""

    map: SongMap
    overview: WaveformOverview
    rate_hz: int
    activation: NDArray[np.float32]
    changes: HarmonicChanges | None
    track: Track
    tempo_remarks: tuple[str, ...]


def analyse_file(path: Path, engine: Engine, values: Mapping[str, float], report: ProgressCallback) -> Analysis:
    """Analyse the song at ``path``; its audio is never in memory as a whole.

    The engine runs at a rate that it is made for: files far from 44.1 and 48 kHz are resampled. A song that is too
    quiet is amplified and analysed again.
    """
    analysis = _analyse_at_gain(path, engine, values, report, 1.0)
    columns = analysis.overview.columns
    peak = float(np.abs(columns).max()) if columns.size else 0.0
    if not SILENT_PEAK < peak < QUIET_PEAK:
        return analysis
    gain = NORMALISED_PEAK / peak
    amplified = _analyse_at_gain(path, engine, values, report, gain)
    remarks = (*describe_level(peak, gain), *amplified.map.remarks)
    return amplified._replace(map=replace(amplified.map, remarks=remarks), overview=analysis.overview)


def _analyse_at_gain(
    path: Path, engine: Engine, values: Mapping[str, float], report: ProgressCallback, gain: float
) -> Analysis:
    overview = WaveformOverview()
    with Song(path) as file:
        rate = choose_rate(engine.spec.rates, file.rate)
        analyser = make_song_analyser(engine, rate, values)
        resampler = StreamResampler(file.rate, rate, 2) if rate != file.rate else None
        frames = 0
        for block in file.read_blocks():
            frames += block.shape[1]
            block = block if gain == 1.0 else block * np.float32(gain)
            overview.push(block)
            analyser.push(resampler.push(block) if resampler else block)
            report("analysing", frames, file.frames, file.rate)
        if resampler:
            analyser.push(resampler.finish())
        found = analyser.finish()
        cancelling = found.downmix
        cancellation = describe_cancellation(
            cancelling.cancelling_s, cancelling.cancelling_between_s, frames / file.rate
        )
        beat = describe_beat(found.activation, found.track)
        remarks = (*(escape_name(note) for note in file.notes), *cancellation, *beat)
        where = escape_name(resolve_path(path))
        song = found.events.build(where, engine.spec.name, file.rate, frames, remarks)
        tempo_remarks = () if NO_BEAT in beat else found.tempo_remarks
        return Analysis(song, overview, file.rate, found.activation, found.changes, found.track, tempo_remarks)


def choose_name(path: Path, out: Path) -> str:
    """The stem of the result names in ``out`` for the song: its own, or with (2), (3) ... where that is taken.

    A name belongs to the song of the map with that name. Files of that name without a map belong to somebody else.
    Names that differ in case only count as one name, since some file systems ignore case.
    """
    place, taken, longest = escape_name(resolve_path(path)), list_names(out), longest_name(out) - SUFFIX_BYTES
    number = 0
    while True:
        number += 1
        tried = make_result_name(path, number, longest)
        file = out / f"{tried}.{MAP_KIND}"
        if file.is_file():
            if _read_owner(file) == place:
                return tried
        elif taken.isdisjoint(fold_name(f"{tried}.{kind}") for kind in ("mid", "png", "beats.csv", MAP_KIND)):
            return tried


def _read_owner(file: Path) -> str:
    """The song of the map ``file``; empty if it is something else."""
    try:
        return from_json(file.read_bytes()).file
    except msgspec.MsgspecError:
        return ""
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", "check its permissions") from error
