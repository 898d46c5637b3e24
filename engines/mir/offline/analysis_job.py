"""One song analysed: read, heard by an engine, and written as every kind of file."""

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
from bridge.core.audio import Audio
from bridge.core.engine import Engine
from bridge.drafts import longest_name
from bridge.errors import ConfigError
from bridge.failures import explain
from bridge.names import folded
from bridge.printing import one_line
from engines.mir.offline.analysis_remarks import NO_BEAT, beat_remarks, level_remark, sides_remark
from engines.mir.offline.beat_activation import ActivationExtractor
from engines.mir.offline.beat_decoder import Track, decode
from engines.mir.offline.exporters import texts
from engines.mir.offline.midi_export import midi_file
from engines.mir.offline.song_map import SongMap, from_json, to_json
from engines.mir.offline.song_map_builder import SongMapBuilder
from engines.mir.offline.song_map_picture import draw
from engines.mir.offline.tempo_changes import remarks_on
from engines.mir.offline.waveform_overview import WaveformOverview
from engines.offline.engine_stream import EngineStream
from engines.offline.rates import StreamResampler, choose_rate
from engines.offline.song_batch import ProgressCallback
from engines.offline.songs import escape_name, list_names, make_result_name, resolve_path

MAP = "json"
"""The file that says whose the others of its name are, so it is written first."""
ENDING_BYTES = 32
"""What a result's name has behind the song's at most, ``.beats.csv`` say: the kinds are named by engines, too."""
SILENT_PEAK, QUIET_PEAK, RAISED_PEAK = 10 ** (-80 / 20), 10 ** (-30 / 20), 10 ** (-6 / 20)
"""Full scale is 1. What lies between the first two is raised to the third; of less only a converter's noise is left."""


@dataclass(slots=True)
class AnalysisResult:
    """What became of a song. ``status``: done or failed. ``files``: what was written, by kind (``beats.csv``).

    ``listened_s``: what reading and hearing it took of ``took_s``.
    """

    song: Path
    status: str = "done"
    map: SongMap | None = None
    files: dict[str, Path] = field(default_factory=dict)
    listened_s: float = 0.0
    took_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    error: str = ""
    hint: str = ""


def analyse_song(
    path: Path,
    out: Path,
    engine: Engine,
    values: Mapping[str, float],
    told: ProgressCallback,
    clock: Callable[[], float],
) -> AnalysisResult:
    """Let ``engine`` hear the song at ``path`` and write what it told into ``out``.

    Errors that the user can mend are raised. A picture that cannot be drawn is a note, as all else is written.
    """
    began_s = clock()
    song, outline, rate, chances, track = hear(path, engine, values, told)
    if NO_BEAT not in song.remarks:
        song = replace(song, remarks=(*song.remarks, *remarks_on(song.beats, track, chances)))
    outcome = AnalysisResult(path, map=song, notes=list(song.remarks), listened_s=clock() - began_s)
    name = name_for(path, out)
    contents: dict[str, str | bytes] = {
        MAP: to_json(song),
        **texts(song),
        "mid": midi_file(song, escape_name(path.stem)),
    }
    for kind, content in contents.items():
        outcome.files[kind] = out / f"{name}.{kind}"
        write_atomic(outcome.files[kind], content)
    told("drawing", 0, 0, rate)
    try:
        picture = draw(song, outline, rate, one_line(path.stem))
    except Exception as error:  # noqa: BLE001 - a picture is worth no song
        outcome.notes.append(str(explain(error, "the picture")))
    else:
        outcome.files["png"] = out / f"{name}.png"
        write_atomic(outcome.files["png"], picture)
    outcome.took_s = clock() - began_s
    return outcome


class Analysis(NamedTuple):
    """``outline``: the waveform's, at ``rate_hz``. ``chances``: the beat activation (`activation.py`). ``track``: the
    beats decoded from it."""

    map: SongMap
    outline: WaveformOverview
    rate_hz: int
    chances: NDArray[np.float32]
    track: Track


def hear(path: Path, engine: Engine, values: Mapping[str, float], told: ProgressCallback) -> Analysis:
    """What is in the song at ``path``, in memory that the song's length is not in.

    The engine hears the song at a rate that it is made for: files far from 44.1 and 48 kHz are resampled. One that is
    too quiet for it is raised and analysed anew.
    """
    analysis = _hear(path, engine, values, told, 1.0)
    columns = analysis.outline.columns
    peak = float(np.abs(columns).max()) if columns.size else 0.0
    if not SILENT_PEAK < peak < QUIET_PEAK:
        return analysis
    gain = RAISED_PEAK / peak
    raised = _hear(path, engine, values, told, gain)
    remarks = (*level_remark(peak, gain), *raised.map.remarks)
    return raised._replace(map=replace(raised.map, remarks=remarks), outline=analysis.outline)


def _hear(path: Path, engine: Engine, values: Mapping[str, float], told: ProgressCallback, gain: float) -> Analysis:
    outline = WaveformOverview()
    with Song(path) as file:
        rate = choose_rate(engine.spec.rates, file.rate)
        listening, gathering, meter = (
            EngineStream(engine, rate, values),
            SongMapBuilder(rate),
            ActivationExtractor(rate),
        )
        resampling = StreamResampler(file.rate, rate, 2) if rate != file.rate else None

        def take(audio: Audio) -> None:
            meter.push(audio)
            for heard in listening.push(audio):
                gathering.take(heard.event, heard.port)

        frames = 0
        for block in file.blocks():
            frames += block.shape[1]
            block = block if gain == 1.0 else block * np.float32(gain)
            outline.push(block)
            take(resampling.push(block) if resampling else block)
            told("listening", frames, file.frames, file.rate)
        if resampling:
            take(resampling.finish())
        for heard in listening.finish():
            gathering.take(heard.event, heard.port)
        chances = meter.finish()
        track = decode(chances)
        sides = sides_remark(meter.cancelling_s, meter.cancelling_between_s, frames / file.rate)
        remarks = (*(escape_name(note) for note in file.notes), *sides, *beat_remarks(chances, track))
        where = escape_name(resolve_path(path))
        song = gathering.map_of(where, engine.spec.name, file.rate, frames, remarks)
        return Analysis(song, outline, file.rate, chances, track)


def name_for(path: Path, out: Path) -> str:
    """The beginning of the names in ``out`` for the song: its own, or with (2), (3) ... where that is taken.

    A name belongs to the song whose map bears it. Files of that name without a map belong to somebody else. Names that
    differ in capitals alone are one name, as on the next disk they may be.
    """
    place, taken, longest = escape_name(resolve_path(path)), list_names(out), longest_name(out) - ENDING_BYTES
    number = 0
    while True:
        number += 1
        tried = make_result_name(path, number, longest)
        file = out / f"{tried}.{MAP}"
        if file.is_file():
            if _owner(file) == place:
                return tried
        elif taken.isdisjoint(folded(f"{tried}.{kind}") for kind in ("mid", "png", "beats.csv", MAP)):
            return tried


def _owner(file: Path) -> str:
    """The song whose map ``file`` is; empty where it is something else."""
    try:
        return from_json(file.read_bytes()).file
    except msgspec.MsgspecError:
        return ""
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})", "check its permissions") from error
