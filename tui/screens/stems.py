"""Stems: levels, faders, mutes and solos of the separated stems, and the levels of input, mix and band."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui.core.rows import Row, Run, fit_row, pad_left
from tui.core.screen import Context, KeyAction
from tui.core.session import Record, Session
from tui.core.values import read_number
from tui.drawing.faders import format_gain
from tui.drawing.meters import FLOOR_DB, MeterChannel, draw_line_meter, draw_meter, draw_scale
from tui.drawing.panes import join_fitting
from tui.drawing.steady import SteadyTexts
from tui.drawing.stem_strip import (
    LARGE_COLUMNS,
    Columns,
    StemLevels,
    StemState,
    choose_shape,
    divide_columns,
    draw_insert,
    draw_strip,
)
from tui.models.insert_marks import find_insert_mark
from tui.models.position import get_rate_hz

MUTE, SOLO, GAIN = "stems.{}.mute", "stems.{}.solo", "stems.{}.gain_db"
DIRECT, DRY = "stems.direct", "stems.dry"
OUTPUTS: tuple[str, ...] = ("in", "mix", "band")
"""The meters below the stems."""
STEP_DB, FINE_STEP_DB, COARSE_STEP_DB = 1.0, 0.1, 6.0
"""Steps of a fader, for a key alone, with Shift, and with Page Up and Down."""
MOST_STEMS = 9
"""Stems that have a digit."""
LEVEL_FIELDS = ("left_peak_db", "right_peak_db")


def find_stems(session: Session) -> list[str]:
    """The stems, in the order of their controls."""
    names = session.registry.controls
    return [name.split(".")[1] for name in names if name.startswith("stems.") and name.endswith(".mute")][:MOST_STEMS]


class StemsScreen:
    """The screen of the stems. Its state: the selected stem, the ticks of the meters, what was clipped."""

    name = "stems"
    title = "Stems"
    letter = "s"
    subscriptions: tuple[tuple[str, float], ...] = (("/meters", 10.0), ("/latency", 1.0), ("/insert", 2.0))
    histories: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._selected = 0
        self._channels: dict[tuple[str, int], MeterChannel] = {}
        self._texts = SteadyTexts()

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen, those of the footer first."""
        return (
            *self._make_choices(),
            KeyAction("stems.mute", ("m",), "mute", "Mute the selected stem, or end it.", self._toggle(MUTE)),
            KeyAction("stems.solo", ("s",), "solo", "Solo the selected stem, or end it.", self._toggle(SOLO)),
            KeyAction("stems.louder", ("right",), "gain", "Raise the fader by 1 dB.", self._move(STEP_DB), label="←→"),
            KeyAction("stems.softer", ("left",), "", "Lower the fader by 1 dB.", self._move(-STEP_DB)),
            KeyAction("stems.unity", ("0",), "unity", "Set the fader to 0 dB.", self._act(self._reset_gain)),
            KeyAction("stems.dry", ("y",), "dry mix", "Dry mix: the input as it came; again: leave it.", toggle_dry),
            KeyAction("stems.clear", ("x",), "clear clips", "Forget what was at full scale.", self._clear, shown=False),
            KeyAction(
                "stems.direct",
                ("e",),
                "direct outs",
                "Stem ports before faders, mutes and solos; the mix stays behind them.",
                lambda context: context.remote.toggle(DIRECT),
                shown=False,
            ),
            KeyAction(
                "stems.finely_louder",
                ("shift+right",),
                "fine",
                "Raise the fader by 0.1 dB.",
                self._move(FINE_STEP_DB),
                shown=False,
                label="shift ←→",
            ),
            KeyAction("stems.finely_softer", ("shift+left",), "", "Lower it by 0.1 dB.", self._move(-FINE_STEP_DB)),
            KeyAction("stems.much_louder", ("pageup",), "", "Raise the fader by 6 dB.", self._move(COARSE_STEP_DB)),
            KeyAction("stems.much_softer", ("pagedown",), "", "Lower it by 6 dB.", self._move(-COARSE_STEP_DB)),
            KeyAction("stems.next", ("down", "j"), "", "Select the next stem.", partial(self._select_by, 1)),
            KeyAction("stems.previous", ("up", "k"), "", "Select the stem before.", partial(self._select_by, -1)),
        )

    def _make_choices(self) -> list[KeyAction]:
        choices = [
            KeyAction(
                f"stems.select_{number}",
                (str(number),),
                "stem" if number == 1 else "",
                f"Select stem {number}.",
                partial(self._select, number - 1),
                label="1-4" if number == 1 else "",
            )
            for number in range(1, MOST_STEMS + 1)
        ]
        letters = (("drums", "d"), ("bass", "b"), ("vocals", "v"), ("other", "o"))
        return choices + [
            KeyAction(f"stems.select_{stem}", (key,), "", f"Select {stem}.", partial(self._select_name, stem))
            for stem, key in letters
        ]

    # keys

    def _select(self, index: int, context: Context) -> None:
        if index < len(find_stems(context.session)):
            self._selected = index

    def _select_name(self, stem: str, context: Context) -> None:
        stems = find_stems(context.session)
        if stem in stems:
            self._selected = stems.index(stem)

    def _select_by(self, steps: int, context: Context) -> None:
        last = len(find_stems(context.session)) - 1
        self._selected = min(max(self._selected + steps, 0), max(last, 0))

    def _act(self, act: Callable[[Context, str], None]) -> Callable[[Context], None]:
        """What a key does with the selected stem."""

        def run(context: Context) -> None:
            stems = find_stems(context.session)
            if stems:
                act(context, stems[min(self._selected, len(stems) - 1)])
            else:
                context.say("no stems: this sidecar separates nothing", "warning")

        return run

    def _toggle(self, control: str) -> Callable[[Context], None]:
        return self._act(lambda context, stem: context.remote.toggle(control.format(stem)))

    def _move(self, step_db: float) -> Callable[[Context], None]:
        def move(context: Context, stem: str) -> None:
            control = context.session.registry.controls[GAIN.format(stem)]
            context.remote.nudge(control.name, step_db / (control.step or 1.0))

        return self._act(move)

    def _reset_gain(self, context: Context, stem: str) -> None:
        context.remote.set(GAIN.format(stem), 0.0)

    def _clear(self, context: Context) -> None:
        clipped = [channel for channel in self._channels.values() if channel.is_clipped]
        for channel in clipped:
            channel.clear()
        context.say("clips cleared" if clipped else "nothing was at full scale", "text")

    # drawing

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """At most ``height`` rows of at most ``width`` columns."""
        session, now_s = context.session, context.now_s
        stems = find_stems(session)
        self._selected = min(self._selected, max(len(stems) - 1, 0))
        columns = divide_columns(width)
        shape, output_rows, output_gap = choose_shape(len(stems), len(OUTPUTS), height)
        rows: list[Row] = [[(" " * columns.label, "text"), *draw_scale(columns.meter)]]
        if height < len(stems) + 2:
            rows.clear()
        for number, stem in enumerate(stems):
            rows += draw_strip(
                self._read_stem(session, stem, number, now_s), self._read_levels(session, stem, now_s), shape, columns
            )
            rows += [[]] * (shape.gap if number < len(stems) - 1 else 0)
        if not stems:
            rows.append([("  – no stems yet: the sidecar has not said which it has", "dim")])
        dry = session.is_on(DRY)
        tight = len(rows) + output_rows * len(OUTPUTS) >= height
        if not tight:
            rows.append(_draw_dry(width) if dry else [])
        for output in OUTPUTS:
            rows += self._draw_output(session, output, columns, output_rows, now_s)
            rows += [[]] * output_gap
        rows = rows[: height - 2] if not tight and len(rows) > height - 2 else rows
        if tight and len(rows) >= height:
            rows = _keep_selected(rows, height - 1, 1 + (self._selected + 1) * (shape.rows + shape.gap))
        if len(rows) + 1 < height:
            rows.append([])
        rows.append(_draw_dry(width) if dry and tight else self._draw_status(session, width))
        return [fit_row(row, width) for row in rows[:height]]

    def _update(self, session: Session, port: str, channel: int, now_s: float) -> MeterChannel:
        meter = self._channels.setdefault((port, channel), MeterChannel())
        level_db = read_number(_read_meter(session, port), LEVEL_FIELDS[channel], FLOOR_DB)
        meter.update(level_db, now_s)
        return meter

    def _read_levels(self, session: Session, stem: str, now_s: float) -> StemLevels:
        return StemLevels(
            *(self._update(session, stem, channel, now_s) for channel in (0, 1)),
            *(self._update(session, f"{stem}.out", channel, now_s) for channel in (0, 1)),
        )

    def _read_stem(self, session: Session, stem: str, number: int, now_s: float) -> StemState:
        levels = self._read_levels(session, stem, now_s)
        muted, soloed = session.is_on(MUTE.format(stem)), session.is_on(SOLO.format(stem))
        others = any(session.is_on(SOLO.format(other)) for other in find_stems(session))
        silence = (
            "DRY MIX" if session.is_on(DRY) else "MUTED" if muted else "not soloed" if others and not soloed else ""
        )
        peak_db = max(levels.left.tick_db, levels.right.tick_db)
        known = bool(_read_meter(session, stem))
        return StemState(
            name=stem,
            number=number + 1,
            is_selected=number == self._selected,
            is_muted=muted,
            is_soloed=soloed,
            silence=silence,
            gain_db=session.get(GAIN.format(stem)),
            peak=self._texts.hold(stem, _format_peak(peak_db, known), now_s),
            late=self._find_late(session, stem),
            is_clipped=levels.left.is_clipped or levels.right.is_clipped,
            is_known=known,
            insert=find_insert_mark(session, stem),
        )

    def _find_late(self, session: Session, stem: str) -> int:
        """Late frames of a stem; 0 where all stems have the same, which the status says once."""
        late = [int(read_number(session.read_row("latency", one), "late")) for one in find_stems(session)]
        return int(read_number(session.read_row("latency", stem), "late")) if len(set(late)) > 1 else 0

    def _draw_output(self, session: Session, port: str, columns: Columns, count: int, now_s: float) -> list[Row]:
        left, right = (self._update(session, port, channel, now_s) for channel in (0, 1))
        known = bool(_read_meter(session, port))
        peak = self._texts.hold(port, _format_peak(max(left.tick_db, right.tick_db), known), now_s)
        clipped = left.is_clipped or right.is_clipped
        bars = [draw_line_meter(left, right, columns.meter)]
        if count > 1:
            bars = [draw_meter(left, columns.meter), draw_meter(right, columns.meter)]
        at = columns.numbers - 14 if columns.numbers > 20 else 7
        words: Run = ("CLIP", "bar_clip") if clipped else ("peak dB" if columns.numbers > 20 else "peak", "dim")
        number: Row = [(pad_left(peak, at), "text" if known else "dim"), ("  ", "text"), words]
        if columns.numbers < 14:
            number = [("   ", "text"), words] if clipped else number[:1]
        name: Row = [("   ", "text"), draw_insert(find_insert_mark(session, port)), (port, "text")]
        label = fit_row(name, columns.label)
        first = [*label, *bars[0], *number]
        return [first, *([(" " * columns.label, "text"), *bar] for bar in bars[1:])]

    def _draw_status(self, session: Session, width: int) -> Row:
        counters, mix = session.read("counters"), session.read_row("latency", "mix")
        late, frames, rate = read_number(counters, "late_frames"), read_number(mix, "declared"), get_rate_hz(session)
        items: list[Row] = [
            [("late frames ", "dim"), (f"{late:,.0f}" if counters else "–", "warning" if late else "text")]
        ]
        if DIRECT in session.registry.controls:
            items.append([("direct outs ", "dim"), ("ON" if session.is_on(DIRECT) else "off", "text")])
        if mix and rate > 0:
            delay = f"{frames / rate * 1000:.1f} ms"
            shown = f"{frames:,.0f} frames, {delay}" if width >= LARGE_COLUMNS else delay
            items.append([("mix ", "dim"), (f"{shown} behind the input", "text")])
        if "synth.gain_db" in session.registry.controls:
            items.append([("synth ", "dim"), (f"{format_gain(session.get('synth.gain_db'))} dB", "text")])
        return join_fitting(items, width, 4)


def toggle_dry(context: Context) -> None:
    """Turn the dry mix on, or leave it."""
    if DRY in context.session.registry.controls:
        context.remote.toggle(DRY)
    else:
        context.say("this sidecar has no dry mix: update it", "warning")


def _keep_selected(rows: list[Row], room: int, end: int) -> list[Row]:
    """The first ``room`` rows, or those that end with the selected strip where it would be cut off."""
    start = max(min(end, len(rows)) - room, 0)
    return rows[start : start + max(room, 0)]


def _draw_dry(width: int) -> Row:
    words = "the input as it came, whatever faders and mutes say"
    row: Row = [("    DRY MIX", "warning"), (f"  {words}", "text"), ("   y", "key"), (" leaves it", "dim")]
    return row if width >= 80 else [row[0], *row[2:]]


def _format_peak(level_db: float, known: bool) -> str:
    if not known:
        return "–"
    return "-inf" if level_db <= FLOOR_DB else f"{0.0 if abs(level_db) < 0.05 else level_db:.1f}"


def _read_meter(session: Session, port: str) -> Record:
    """The level of a port; empty while the sidecar is lost, as the last level would look like music."""
    return {} if session.state == "lost" else session.read_row("meters", port)
