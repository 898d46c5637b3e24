"""Piano rolls of several performances on one picture, drums as lanes with their names; `bench.styles` draws them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import write_atomic
from bridge.core.time import TICKS_PER_BEAT
from engines.accompaniment.style import ROLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
BAR_TICKS = 4 * TICKS_PER_BEAT
INK, SOFT, GRID, STRONG = "#22262b", "#7b848f", "#eef0f2", "#c6ccd2"
COLOURS: Mapping[str, str] = {
    "drums": "#4a5561", "bass": "#6a4bc0", "pad": "#8fcbc4", "keys": "#2f6fb0", "guitar": "#dd7330",
}  # fmt: skip
DRUM_NAMES = {note: role.replace("_", " ") for role, note in ROLES.items()}
LANES = tuple(ROLES[role] for role in (
    "kick", "snare", "stick", "clap", "tom_low", "tom_mid", "tom_high", "closed", "pedal", "open", "ride", "bell",
    "crash", "tambourine", "shaker", "cowbell", "triangle",
))  # fmt: skip
"""From the lowest lane to the highest."""


@dataclass(frozen=True, slots=True, order=True)
class PlayedNote:
    """A note; ``start``, ``end`` in ticks from the file's start."""

    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Performance:
    """``chords``: tick and name. ``ticks``: to the end."""

    style: str
    parts: Mapping[str, tuple[PlayedNote, ...]]
    chords: tuple[tuple[int, str], ...]
    ticks: int

    @property
    def bars(self) -> float:
        return self.ticks / BAR_TICKS


def draw(performances: Sequence[Performance], path: Path) -> None:
    """Write the sheet as PNG; needs matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    rows = -(-len(performances) // COLUMNS)
    height = 4.6 * rows + 0.7
    figure = Figure(figsize=(17, height), facecolor="white")
    FigureCanvasAgg(figure)
    cells = figure.add_gridspec(
        rows, COLUMNS, hspace=0.22, wspace=0.11, left=0.06, right=0.99, top=1.0 - 0.65 / height, bottom=0.75 / height
    )
    for number, one in enumerate(performances):
        lanes = sum(any(n.pitch == lane for n in one.parts.get("drums", ())) for lane in LANES)
        inner = cells[number].subgridspec(2, 1, height_ratios=(max(lanes, 3) * 0.17, 2.6), hspace=0.05)
        above, below = figure.add_subplot(inner[0]), figure.add_subplot(inner[1])
        above.set_title(one.style, loc="left", fontsize=13, weight="bold", color=INK, pad=16)
        _draw_drums(above, one)
        _draw_chords(above, one)
        _draw_pitches(below, one)
        for axes in (above, below):
            _draw_bars(axes, one, last=axes is below)
    handles = [Patch(color=colour, label=name) for name, colour in COLOURS.items()]
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False, fontsize=11)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=80)
    write_atomic(path, data.getvalue())


def _shade(velocity: int) -> float:
    """How dark a note is: the louder the darker."""
    return float(min(0.25 + 0.75 * (velocity / 110) ** 1.5, 1.0))


def _draw_drums(axes: Axes, one: Performance) -> None:
    """A hit is a mark on its lane, the higher and darker the louder."""
    hits = one.parts.get("drums", ())
    lanes = [lane for lane in LANES if any(hit.pitch == lane for hit in hits)]
    for hit in hits:
        y, height = lanes.index(hit.pitch), 0.9 * hit.velocity / 127
        axes.broken_barh(
            [(hit.start, 55)], (y - 0.45, height), facecolor=COLOURS["drums"], alpha=_shade(hit.velocity), lw=0
        )
    axes.set_yticks(range(len(lanes)), [DRUM_NAMES[lane] for lane in lanes])
    axes.set_ylim(-0.6, max(len(lanes), 3) - 0.4)


def _draw_chords(axes: Axes, one: Performance) -> None:
    for tick, name in one.chords:
        axes.text(tick + 20, axes.get_ylim()[1], name, fontsize=8.5, color=SOFT, ha="left", va="bottom")


def _draw_pitches(axes: Axes, one: Performance) -> None:
    for name in COLOURS:
        notes = one.parts.get(name, ()) if name != "drums" else ()
        height = 0.95 if name == "pad" else 0.7
        for note in notes:
            axes.broken_barh(
                [(note.start, max(note.end - note.start - 12, 20))], (note.pitch - height / 2, height),
                facecolor=COLOURS[name], alpha=_shade(note.velocity), lw=0, zorder=1 if name == "pad" else 2,
            )  # fmt: skip
    pitches = [note.pitch for name, notes in one.parts.items() if name != "drums" for note in notes]
    low, high = (min(pitches) - 2, max(pitches) + 2) if pitches else (36, 72)
    octaves = [c for c in range(0, 128, 12) if low <= c <= high]
    axes.set_ylim(low, high)
    axes.set_yticks(octaves, [f"C{c // 12 - 1}" for c in octaves])
    for c in octaves:
        axes.axhline(c - 0.5, color=STRONG, lw=0.6, zorder=0)


def _draw_bars(axes: Axes, one: Performance, last: bool) -> None:
    """Bar lines, weaker ones for beats; numbers below."""
    for tick in range(0, one.ticks + 1, TICKS_PER_BEAT):
        axes.axvline(tick, color=STRONG if tick % BAR_TICKS == 0 else GRID, lw=0.7, zorder=0)
    axes.set_xlim(0, one.ticks)
    axes.set_xticks(range(0, one.ticks, BAR_TICKS), [str(n + 1) for n in range(len(range(0, one.ticks, BAR_TICKS)))])
    axes.tick_params(length=0, labelsize=8, labelcolor=SOFT, labelbottom=last)
    axes.tick_params(axis="y", labelcolor=INK)
    for side in axes.spines.values():
        side.set_visible(False)
