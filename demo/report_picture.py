"""Report picture of the demo: waveforms, chords, accompaniment and delays on one page."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.config import write_atomic
from bridge.core.audio import STEMS, Audio
from bridge.core.events import NOTE_NAMES, Midi, TimedEvent
from bridge.core.latency import UNMEASURED
from bridge.core.midi import get_channel, is_note, is_note_on
from bridge.errors import BridgeError
from demo.report import DemoReport, Music, describe_analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, GRID = "#22262b", "#7b848f", "#e3e6ea"
COLOURS: Mapping[str, str] = {
    "mix": "#4a5561", "drums": "#e07a3f", "bass": "#7a5cc4", "vocals": "#c94f7c", "other": "#2f9c95",
    "band": "#8f7a3c",
}  # fmt: skip
PARTS: Mapping[str, str] = {
    "model": "#4a7fb5", "upstream": "#7fb59a", "buffering": "#9dc0de", "reserve": "#f0c27b", "user_offset": "#c9ccd1",
    "insert": "#b58fb5",
}  # fmt: skip
ROOT_TINTS = (
    "#f6d0c8", "#d3e7f5", "#f8dfc0", "#dcd7f4", "#f6ecbd", "#f1d3e8", "#d2efe0", "#e6edc3", "#cfe0f2", "#efd7cd",
    "#d5eaca", "#e5d3ef",
)  # fmt: skip
NO_CHORD_TINT = "#f3f4f6"
CHANNEL_COLOURS = ("#7a5cc4", "#3b6ea5", "#8fb8a8", "#c9924f")
"""Colours of a player's pitched parts, by MIDI channel, in rotation."""
DRUMS = 9
"""Channel 10 of General MIDI."""
KIT: Mapping[str, frozenset[int]] = {
    "kick": frozenset({35, 36}), "snare": frozenset({37, 38, 39, 40}), "hi-hat": frozenset({42, 44, 46}),
    "toms": frozenset({41, 43, 45, 47, 48, 50}), "cymbals": frozenset({49, 51, 52, 53, 55, 57, 59}),
}  # fmt: skip
"""Lanes of drums, the lowest first; other pitches go to the highest lane."""
COLUMNS = 1600  # of a waveform: about one a pixel


PictureNote = tuple[int, int, int, int]
"""A note: first frame, last frame, pitch, channel."""


def to_notes(events: Sequence[TimedEvent], end_frame: int) -> list[PictureNote]:
    """The notes of a MIDI stream, in order; one that is never released ends at the end."""
    sounding: dict[tuple[int, int], int] = {}
    notes: list[PictureNote] = []
    for event in events:
        if not isinstance(event.payload, Midi) or not is_note(event.payload.data):
            continue
        data = event.payload.data
        key = get_channel(data), data[1]
        if key in sounding:
            notes.append((sounding.pop(key), event.frame, data[1], get_channel(data)))
        if is_note_on(data):
            sounding[key] = event.frame
    notes += [(begin, end_frame, pitch, channel) for (channel, pitch), begin in sounding.items()]
    return sorted(notes)


def find_drum_lane(pitch: int) -> int:
    """The lane of a drum: its index in KIT, or the last lane."""
    return next((lane for lane, pitches in enumerate(KIT.values()) if pitch in pitches), len(KIT))


def reduce_to_peaks(audio: Audio, columns: int = COLUMNS) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The lowest and the highest sample of all channels in each of at most ``columns`` slices."""
    edges = np.linspace(0, audio.shape[1], min(columns, audio.shape[1]) + 1).astype(int)[:-1]
    return np.minimum.reduceat(audio.min(axis=0), edges), np.maximum.reduceat(audio.max(axis=0), edges)


def draw(report: DemoReport, stems: Mapping[str, Audio], mix: Audio, midi: Sequence[TimedEvent], path: Path) -> None:
    """Write the picture as PNG. ``stems``: by STEMS, (2, frames) as ``mix``, and ``band`` where there is one; ``midi``:
    the accompaniment's.

    Needs matplotlib, which only the extra ``bench`` brings: without it a `BridgeError` says so.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BridgeError("no picture was drawn: matplotlib is missing", "pip install 'sideman[bench]'") from error

    waves = {"mix": mix} | {name: stems[name] for name in (*STEMS, "band") if name in stems}
    notes = to_notes(midi, mix.shape[1])
    heights = [*[0.8] * len(waves), 0.75, 1.9, 0.9, 0.27 * max(len(report.paths), 2) + 0.9]
    figure = Figure(figsize=(13, 1.15 * sum(heights) + 1.6), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=heights, hspace=0.13, left=0.06, right=0.98, top=0.9, bottom=0.055
    )
    figure.text(0.06, 0.968, report.song, fontsize=18, weight="bold", color=INK, va="center")
    figure.text(0.06, 0.938, describe_analysis(report), fontsize=10, color=INK, va="center")
    figure.text(0.06, 0.92, _describe_machine(report), fontsize=10, color=SOFT, va="center")

    lanes = [figure.add_subplot(grid[i]) for i in range(len(heights) - 1)]
    loudest_stem = max((_peak(wave) for name, wave in waves.items() if name in STEMS), default=1.0)
    for lane, (name, wave) in zip(lanes, waves.items(), strict=False):
        _draw_waveform(lane, name, wave, report.rate, loudest_stem if name in STEMS else _peak(wave))
    _draw_chords(lanes[-3], report)
    _draw_piano_roll(lanes[-2], [note for note in notes if note[3] != DRUMS], report.rate)
    _draw_drums(lanes[-1], [note for note in notes if note[3] == DRUMS], report.rate)
    for lane in lanes:
        _draw_time_axis(lane, report, mix.shape[1], last=lane is lanes[-1])
    # the row's upper third stays free for the time axis above it and for the legend
    box = grid[len(heights) - 1].get_position(figure)
    _draw_latencies(figure.add_axes((box.x0 + 0.035, box.y0, box.width - 0.035, box.height * 0.7)), report)

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_atomic(path, buffer.getvalue())


def _peak(wave: Audio) -> float:
    """The peak level, at least 0.001."""
    return max(float(np.max(np.abs(wave), initial=0.0)), 1e-3)


def _describe_machine(report: DemoReport) -> str:
    call, counters = report.callback, report.counters
    return (
        f"{report.seconds:.1f} s at {report.rate:,} Hz, period {report.period} · late frames {counters.late_frames:,}"
        f" · xruns {counters.xruns:,} · callback p50 {call.p50_us:.0f} µs, p99 {call.p99_us:.0f} µs,"
        f" max {call.max_us:.0f} µs"
    )


def _strip_frame(axes: Axes, label: str = "") -> None:
    """No frame, no tick marks; ``label`` level at the left."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=10, color=INK, labelpad=8)
    axes.tick_params(length=0, labelsize=9, labelcolor=SOFT)


def _draw_time_axis(axes: Axes, report: DemoReport, frames: int, last: bool) -> None:
    """Seconds below, and the detected beats through every lane, downbeats darker."""
    axes.set_xlim(0, frames / report.rate)
    downbeats = set(report.detected.downbeats)
    for beat in report.detected.beats:
        strong = beat in downbeats
        axes.axvline(beat / report.rate, color="#9aa3ad" if strong else GRID, lw=0.9 if strong else 0.6, zorder=0)
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("seconds; the lines are the detected beats, downbeats darker", fontsize=9, color=SOFT)


def _draw_waveform(axes: Axes, name: str, wave: Audio, rate: int, loudest: float) -> None:
    low, high = reduce_to_peaks(wave)
    at = np.linspace(0, wave.shape[1] / rate, len(low))
    axes.fill_between(at, low, high, color=COLOURS[name], lw=0, zorder=2)
    axes.set_ylim(-loudest, loudest)
    axes.set_yticks([])
    _strip_frame(axes, name)


def _draw_chords(axes: Axes, report: DemoReport) -> None:
    """The detected chords, and beneath them the true ones where they are known."""
    known = report.truth is not None and bool(report.truth.chords)
    _draw_chord_lane(axes, report.detected, report, 1.0 if known else 0.5, 0.95)
    if known and report.truth is not None:
        _draw_chord_lane(axes, report.truth, report, 0.0, 0.85)
    axes.set_ylim(0, 2 if known else 1.5)
    axes.set_yticks([0.43, 1.48] if known else [0.98], ["truth", "chords"] if known else ["chords"])
    _strip_frame(axes)
    axes.tick_params(axis="y", labelsize=10, labelcolor=INK)


def _draw_chord_lane(axes: Axes, music: Music, report: DemoReport, bottom: float, height: float) -> None:
    from matplotlib.transforms import Bbox, TransformedBbox

    end = report.seconds * report.rate
    for (begin, label), (until, _) in pairwise((*music.chords, (int(end), ""))):
        root = next((NOTE_NAMES.index(label[:n]) for n in (2, 1) if label[:n] in NOTE_NAMES), None)
        tint = NO_CHORD_TINT if root is None else ROOT_TINTS[root]
        start, width = begin / report.rate, (until - begin) / report.rate
        axes.broken_barh([(start, width)], (bottom, height), facecolor=tint, edgecolor="white", lw=1.2, zorder=2)
        if width > report.seconds / 60:
            name = axes.text(
                start + min(0.006 * report.seconds, width / 4), bottom + height / 2, label, fontsize=8.5, color=INK,
                va="center", zorder=3, clip_on=True,
            )  # fmt: skip
            # clip a long name at the next chord; a box, since text is not clipped by paths
            name.set_clip_box(TransformedBbox(Bbox.from_bounds(start, bottom, width, height), axes.transData))


def _draw_drums(axes: Axes, notes: Sequence[PictureNote], rate: int) -> None:
    """Draw drum hits as marks in lanes."""
    names = [*KIT, "other"]
    lanes = [find_drum_lane(note[2]) for note in notes]
    axes.scatter([note[0] / rate for note in notes], lanes, s=9, marker="s", color=COLOURS["drums"], lw=0, zorder=2)
    used = sorted(set(lanes)) or [0]
    axes.set_yticks(used, [names[lane] for lane in used])
    axes.set_ylim(-0.7, max(used) + 0.7)
    _strip_frame(axes)
    if not notes:
        axes.set_yticks([])
        axes.text(0.003, 0.9, "no drums", transform=axes.transAxes, va="top", fontsize=10, color=SOFT, zorder=4)


def _draw_piano_roll(axes: Axes, notes: Sequence[PictureNote], rate: int) -> None:
    for begin, until, pitch, channel in notes:
        colour = CHANNEL_COLOURS[channel % len(CHANNEL_COLOURS)]
        axes.broken_barh([(begin / rate, (until - begin) / rate)], (pitch - 0.42, 0.84), facecolor=colour, zorder=2)
    pitches = [note[2] for note in notes]
    low, high = (min(pitches) - 2, max(pitches) + 4) if pitches else (36, 72)
    axes.set_ylim(low, high)
    octaves = [c for c in range(0, 128, 12) if low <= c <= high]
    axes.set_yticks(octaves, [f"C{c // 12 - 1}" for c in octaves])
    for c in octaves:
        axes.axhline(c, color=GRID, lw=0.6, zorder=0)
    _strip_frame(axes)
    said = "accompaniment" if notes else "accompaniment: no notes"
    axes.text(0.003, 1.0, said, transform=axes.transAxes, ha="left", va="top", fontsize=10, color=INK, zorder=4)


def _draw_latencies(axes: Axes, report: DemoReport) -> None:
    """Draw each path's declared delay by its parts, the measured one as a mark, with both figures as text."""
    ms = 1000 / report.rate
    for y, row in enumerate(report.paths):
        parts = {name: getattr(row, name) for name in PARTS}
        left = 0.0
        # a path that runs ahead has a negative model: its parts cancel, and only the sum can be drawn
        for name, frames in parts.items() if min(parts.values()) >= 0 else []:
            axes.barh(y, frames * ms, left=left, height=0.62, color=PARTS[name], zorder=2)
            left += frames * ms
        if row.measured != UNMEASURED:
            axes.plot([row.measured * ms] * 2, [y - 0.42, y + 0.42], color=INK, lw=2.2, zorder=3)
        right = row.measured == row.declared
        said = "not measured" if row.measured == UNMEASURED else f"measured {row.measured:,}"
        text = f"declared {row.declared:,} · {said} · {row.declared * ms:.2f} ms"
        axes.text(
            max(row.declared, row.measured, 0) * ms, y, f"   {text}", va="center", fontsize=9,
            color=INK if right else "#b3261e", weight="normal" if right else "bold",
        )  # fmt: skip
    axes.set_yticks(range(len(report.paths)), [row.name for row in report.paths])
    axes.invert_yaxis()
    longest = max((max(row.declared, row.measured) * ms for row in report.paths), default=1.0)
    axes.set_xlim(0, 1.5 * max(longest, 1.0))
    axes.xaxis.grid(True, color=GRID, zorder=0)
    axes.set_axisbelow(True)
    axes.set_xlabel("delay in ms; the mark is what was measured", fontsize=9, color=SOFT)
    _strip_frame(axes)
    axes.tick_params(axis="y", labelsize=10, labelcolor=INK)
    used = [name for name in PARTS if any(getattr(row, name) for row in report.paths)]
    handles = [axes.barh(0, 0, color=PARTS[name], label=name.replace("_", " ")) for name in used]
    if handles:
        axes.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, fontsize=9, ncols=len(used)
        )
