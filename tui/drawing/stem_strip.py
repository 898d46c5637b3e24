"""Strip of a stem: name, mute and solo, meters, fader, and the numbers beside them, in one to eight rows."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.rows import Row, Run, cut, fit_row, pad, pad_left
from tui.drawing.faders import draw_fader, format_gain
from tui.drawing.letters import draw_small, is_drawable
from tui.drawing.meters import MeterChannel, draw_line_meter, draw_meter, draw_stereo_meter
from tui.models.insert_marks import InsertMark

LARGE_COLUMNS, NORMAL_COLUMNS = 140, 68
"""Widths from which on the labels and numbers have more room."""
NARROW_LABEL = 16
"""Below it the letters of mute and solo are closer together."""


@dataclass(frozen=True, slots=True)
class StripShape:
    """How much is drawn of each stem.

    Attributes:
        rows_a_channel: Rows of each channel's bar; 0: both channels share one row.
        has_fader: Whether there is a row with the fader.
        has_output: Whether there is a row with the level after the fader.
        gap: Blank rows behind it.
    """

    rows_a_channel: int
    has_fader: bool
    has_output: bool
    gap: int

    @property
    def rows(self) -> int:
        """The rows of a strip, without the blank ones behind it."""
        return max(2 * self.rows_a_channel, 1) + self.has_fader + self.has_output


SHAPES: tuple[tuple[StripShape, int, int], ...] = (
    (StripShape(2, True, True, 2), 2, 1),
    (StripShape(2, True, True, 1), 2, 1),
    (StripShape(1, True, True, 1), 1, 0),
    (StripShape(1, True, False, 1), 1, 0),
    (StripShape(1, True, False, 0), 1, 0),
    (StripShape(1, False, False, 0), 1, 0),
    (StripShape(0, False, False, 0), 1, 0),
)
"""Strips, rows of each output, and blank rows between these, the largest first: the first that fits is drawn."""


def choose_shape(stems: int, outputs: int, height: int) -> tuple[StripShape, int, int]:
    """The largest strips that fit, rows of each output, and blank rows between these.

    There are a row of the scale, one of the status, and a blank one above the outputs and above the status besides.
    """
    for shape, output_rows, gap in SHAPES:
        between = shape.gap * max(stems - 1, 0)
        needed = 1 + stems * shape.rows + between + 1 + outputs * (output_rows + gap) + 2 - gap
        if needed <= height:
            return shape, output_rows, gap
    return SHAPES[-1]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a strip: what is left of the meters, the meters, what is right of them."""

    label: int
    meter: int
    numbers: int


def divide_columns(width: int) -> Columns:
    """The columns of strips in ``width`` columns."""
    label, numbers = (24, 34) if width >= LARGE_COLUMNS else (19, 16) if width >= NORMAL_COLUMNS else (15, 8)
    label = min(label, width)
    numbers = min(numbers, width - label)
    return Columns(label, width - label - numbers, numbers)


@dataclass(frozen=True, slots=True)
class StemState:
    """What is drawn of a stem, besides its levels.

    Attributes:
        name: The stem.
        number: Its key.
        is_selected: Whether keys act on it.
        is_muted: Whether its mute is on.
        is_soloed: Whether its solo is on.
        silence: Why it is not audible, as a word; empty where it is.
        gain_db: Its fader.
        peak: The number of its peak, in dBFS.
        late: Late frames of its path.
        is_clipped: Whether it was at full scale.
        is_known: Whether there are levels of it.
        insert: The mark of its insert; None where it has none.
    """

    name: str
    number: int
    is_selected: bool
    is_muted: bool
    is_soloed: bool
    silence: str
    gain_db: float
    peak: str
    late: int
    is_clipped: bool
    is_known: bool
    insert: InsertMark | None = None


@dataclass(frozen=True, slots=True)
class StemLevels:
    """The channels of a stem before its fader and after it."""

    left: MeterChannel
    right: MeterChannel
    left_output: MeterChannel
    right_output: MeterChannel


def draw_strip(stem: StemState, levels: StemLevels, shape: StripShape, columns: Columns) -> list[Row]:
    """The rows of a stem, each as wide as the columns together."""
    labels = _draw_labels(stem, shape, columns.label)
    meters = _draw_meters(stem, levels, shape, columns.meter)
    numbers = _draw_numbers(stem, shape, columns.numbers)
    return [
        [*fit_row(label, columns.label), *fit_row(meter, columns.meter), *fit_row(number, columns.numbers)]
        for label, meter, number in zip(labels, meters, numbers, strict=True)
    ]


def draw_letters(stem: StemState, between: str) -> list[Run]:
    """Mute and solo: ``M`` and ``S`` where they are on, small letters where not."""
    return [
        ("M" if stem.is_muted else "m", "strong" if stem.is_muted else "off"),
        (between, "text"),
        ("S" if stem.is_soloed else "s", "strong" if stem.is_soloed else "off"),
    ]


def draw_insert(insert: InsertMark | None) -> Run:
    """The column before a name: the sign of its insert, or a blank."""
    return (insert.sign, insert.role) if insert else (" ", "text")


def _draw_labels(stem: StemState, shape: StripShape, width: int) -> list[Row]:
    mark: Run = ("▌" if stem.is_selected else " ", "strong")
    role = "title" if stem.is_selected else "text"
    letters = draw_letters(stem, " " * (1 if width < NARROW_LABEL else 2))
    name: Row = [mark, (f" {stem.number}", "dim"), draw_insert(stem.insert)]
    name.append((pad(stem.name, width - 11 if width >= NARROW_LABEL else max(width - 8, 0)), role))
    words: list[Run] = (
        [(stem.silence, "strong" if stem.silence.isupper() else "text")]
        if stem.silence
        else [("soloed", "strong")]
        if stem.is_soloed
        else []
    )
    late: list[Run] = [(f"late {stem.late:,}", "warning")] if stem.late else []
    if shape.rows == 1:
        return [[*name, *letters]]
    insert: list[Run] = [(f"insert {stem.insert.word}", stem.insert.role)] if stem.insert else []
    notes = [late] if shape.rows == 2 and late and not words else [words, late]
    free = next((at for at, note in enumerate(notes) if not note), len(notes))
    notes[free : free + 1] = [insert]
    rows = [[*name, *letters], *([mark, ("   ", "text"), *note] for note in notes)]
    return [*rows, *([[mark]] * shape.rows)][: shape.rows]


def _draw_meters(stem: StemState, levels: StemLevels, shape: StripShape, width: int) -> list[Row]:
    silent = bool(stem.silence)
    if shape.rows_a_channel == 0:
        rows = [draw_stereo_meter(levels.left, levels.right, width, silent)]
    else:
        left, right = (draw_meter(one, width, silent) for one in (levels.left, levels.right))
        rows = [*([left] * shape.rows_a_channel), *([right] * shape.rows_a_channel)]
    if shape.has_fader:
        rows.append(draw_fader(stem.gain_db, width, stem.is_selected))
    if shape.has_output:
        rows.append(draw_line_meter(levels.left_output, levels.right_output, width, quiet=True))
    return rows


def _draw_numbers(stem: StemState, shape: StripShape, width: int) -> list[Row]:
    gain = (pad_left(format_gain(stem.gain_db), 7), "text")
    peak: Run = (pad_left(stem.peak, 7), "text" if stem.is_known else "dim")
    clip: Run = ("CLIP", "bar_clip") if stem.is_clipped else ("peak", "dim")
    if width < 14:
        words: Row = [("   ", "text"), ("CLIP", "bar_clip")] if stem.is_clipped else [peak]
        rows: list[Row] = [words, [gain]]
    elif shape.rows_a_channel < 2:
        rows = [[peak, ("  ", "text"), clip], [gain, ("  gain", "dim")]]
    else:
        return _draw_large_numbers(stem, shape, width)
    if shape.rows == 1 and width >= 14:
        short = ("CLIP", "bar_clip") if stem.is_clipped else (cut(f"{stem.gain_db:+.0f}", 4), "dim")
        rows = [[peak, ("  ", "text"), short]]
    return [*rows, *([[]] * shape.rows)][: shape.rows]


def _draw_large_numbers(stem: StemState, shape: StripShape, width: int) -> list[Row]:
    letters = draw_small(stem.peak) if is_drawable(stem.peak) else ["", stem.peak, ""]
    at = max(width - 14, 0)
    words: list[Run] = (
        [("  ", "text"), ("CLIP", "bar_clip"), ("  x", "key")] if stem.is_clipped else [("  peak dB", "dim")]
    )
    rows: list[Row] = [[(pad_left(line, at), "strong" if stem.is_known else "dim")] for line in letters]
    rows[1] = [*rows[1], *words]
    rows.append([])
    if shape.has_fader:
        rows.append([(pad_left(format_gain(stem.gain_db), at), "text"), ("  gain dB", "dim")])
    if shape.has_output:
        rows.append([(pad_left("", at), "text"), ("  after fader", "dim")])
    return rows
