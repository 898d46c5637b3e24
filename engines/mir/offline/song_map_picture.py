"""Song map picture: waveform, beats, chords and keys of a song on one sheet, row under row."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import BridgeError
from engines.mir.offline.song_map import SongMap
from engines.mir.offline.waveform_overview import WaveformOverview

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, WAVE, STRONG, WEAK = "#22262b", "#7b848f", "#4a5561", "#e07a3f", "#d5d9de"
ROOT_TINTS = (
    "#f6d0c8", "#d3e7f5", "#f8dfc0", "#dcd7f4", "#f6ecbd", "#f1d3e8", "#d2efe0", "#e6edc3", "#cfe0f2", "#efd7cd",
    "#d5eaca", "#e5d3ef",
)  # fmt: skip
NO_CHORD_TINT = "#f3f4f6"
ROW_S, MOST_ROWS, MOST_BEATS = 40.0, 16, 140
"""A row's length, longer if the song needed more rows than the second; beats per row that stay legible."""
WAVE_AT, CHORDS_AT, KEY_AT = (0.42, 1.0), (0.16, 0.36), (0.0, 0.12)
"""Bottom and top of the lanes in a row."""


def draw_song_map(song: SongMap, overview: WaveformOverview, rate: int, name: str) -> bytes:
    """The sheet as PNG. ``overview``: of the whole song, its frames at ``rate``.

    Needs matplotlib, of the extra ``bench``; without it a `BridgeError` is raised.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BridgeError("no picture was drawn: matplotlib is missing", "pip install 'sideman[bench]'") from error

    rows = int(min(max(np.ceil(song.duration_s / ROW_S), 1), MOST_ROWS))
    row_s = song.duration_s / rows
    height = 1.3 + 1.35 * rows
    figure = Figure(figsize=(15, height), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.03, 1 - 0.4 / height, name, fontsize=17, weight="bold", color=INK, va="center", parse_math=False)
    figure.text(0.03, 1 - 0.72 / height, format_summary(song), fontsize=10, color=SOFT, va="center")
    grid = figure.add_gridspec(
        rows, 1, hspace=0.28, left=0.03, right=0.985, top=1 - 0.95 / height, bottom=0.35 / height
    )
    columns = overview.columns
    column_s = overview.frames_per_column / rate
    for i in range(rows):
        axes = figure.add_subplot(grid[i])
        _draw_row(axes, song, i * row_s, (i + 1) * row_s, columns, column_s)
    sheet = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a name in letters that the font lacks
        figure.savefig(sheet, format="png", dpi=100)
    return sheet.getvalue()


def format_summary(song: SongMap) -> str:
    """The song in one line."""
    bpm = f"{song.bpm:.1f} BPM" if song.bpm else "no beat"
    sounding = sum(span.root >= 0 for span in song.chords)
    return (
        f"{song.duration_s:.1f} s · {bpm} · key {song.key or 'unknown'} · {len(song.beats)} beats · "
        f"{sounding} chords · analysed by {song.engine}"
    )


def _draw_row(axes: Axes, song: SongMap, start_s: float, end_s: float, columns: Audio, column_s: float) -> None:
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlim(start_s, end_s)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.tick_params(length=0, labelsize=8, labelcolor=SOFT)
    _draw_beats(axes, song, start_s, end_s)
    _draw_wave(axes, columns, column_s, start_s, end_s)
    for chord in song.chords:
        tint = NO_CHORD_TINT if chord.root < 0 else ROOT_TINTS[chord.root]
        _draw_span(axes, (chord.start_s, chord.end_s), (start_s, end_s), CHORDS_AT, tint, chord.label)
    for key in song.keys:
        _draw_span(axes, (key.start_s, key.end_s), (start_s, end_s), KEY_AT, ROOT_TINTS[key.tonic], key.label)


def _draw_beats(axes: Axes, song: SongMap, start_s: float, end_s: float) -> None:
    """A line per beat, downbeats stronger; downbeats only where the beats would be a grey area."""
    here = [beat for beat in song.beats if start_s <= beat.time_s < end_s]
    for beat in here:
        strong = beat.number == 1
        if strong or len(here) <= MOST_BEATS:
            axes.axvline(
                beat.time_s, WAVE_AT[0] - 0.03, 1, color=STRONG if strong else WEAK, lw=1.0 if strong else 0.7, zorder=1
            )


def _draw_wave(axes: Axes, columns: Audio, column_s: float, start_s: float, end_s: float) -> None:
    first, last = int(start_s / column_s), int(np.ceil(end_s / column_s)) + 1
    low, high = columns[:, first:last]
    if not low.size:
        return
    loudest = max(float(np.abs(columns).max()), 1e-3)
    middle, half = sum(WAVE_AT) / 2, (WAVE_AT[1] - WAVE_AT[0]) / 2
    at = (first + np.arange(len(low))) * column_s
    axes.fill_between(
        at, middle + half * low / loudest, middle + half * high / loudest, color=WAVE, lw=0.2, alpha=0.85, zorder=2
    )


def _draw_span(
    axes: Axes,
    span: tuple[float, float],
    row: tuple[float, float],
    lane: tuple[float, float],
    tint: str,
    text: str,
) -> None:
    """A coloured span of a lane, with its label if there is room."""
    start, end = max(span[0], row[0]), min(span[1], row[1])
    if end <= start:
        return
    bottom, top = lane
    axes.broken_barh([(start, end - start)], (bottom, top - bottom), facecolor=tint, edgecolor="white", lw=1, zorder=2)
    a_letter_s = (row[1] - row[0]) / 190
    if end - start > a_letter_s * (len(text) + 1):
        axes.text(
            start + a_letter_s / 2, (bottom + top) / 2, text, fontsize=8, color=INK, va="center", clip_on=True, zorder=3
        )
