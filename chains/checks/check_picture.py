"""Check picture: an SVG of a chain's frequency response, latency correlation and differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from chains.checks.alignment import DelayMeasurement, measure_delay
from chains.checks.check_report import ChainCheckReport
from chains.checks.differences import BIT_EQUAL_DB
from chains.checks.outcome import Outcome, SkippedCheckError
from chains.checks.response import Response, compute_response
from chains.checks.subject import SETTLED_DB, Subject
from chains.process.verdict import PluginError

INK, SOFT, GRID, CURVE, BAD = "#22262b", "#7b848f", "#e3e6ea", "#2f6db3", "#c2413a"
WIDTH_PX, PANEL_PX, GAP_PX, MARGIN_PX = 860, 190, 62, 64
BAR_PX = 22
SHOWN_LAGS = 400
"""Lags on each side of the peak that are drawn."""
GRID_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
DEPTH_FIGURES = (
    ("repeat", "within_process_db", "repeat in a process"), ("repeat", "fresh_process_db", "fresh process"),
    ("repeat", "other_host_db", "twice in other host"),
    ("blocks", "block_1_db", "blocks of 1"), ("blocks", "block_64_db", "blocks of 64"),
    ("blocks", "block_65_db", "blocks of 65"), ("blocks", "block_8192_db", "blocks of 8192"),
    ("nan-input", "after_reset_db", "after NaN and reset"),
    ("state", "null_db", "state, new process"), ("bypass", "chain_db", "bypassed, to input"),
    ("hosts", "null_db", "other host"),
)  # fmt: skip
"""Check, figure and caption of each null depth that is drawn."""


@dataclass(frozen=True, slots=True)
class CheckCurves:
    """The curves of a picture: of a chain that sounds."""

    response: Response
    delay: DelayMeasurement


def compute_curves(subject: Subject) -> CheckCurves | None:
    """The curves of ``subject``; None where nothing sounds, or it has no input."""
    if subject.is_instrument:
        return None
    try:
        audio = subject.sound.audio
    except (SkippedCheckError, PluginError):
        return None
    delay = measure_delay(subject.noise, audio, subject.noise.shape[1] // 2)
    return CheckCurves(compute_response(subject.noise, audio, subject.rate), delay)


def draw_picture(report: ChainCheckReport, curves: CheckCurves | None) -> str:
    """The picture as SVG text."""
    depths = _list_depths(report)
    parts: list[str] = []
    top = 76
    if curves is not None:
        parts += _draw_response(curves.response, top)
        parts += _draw_delay(curves.delay, top + PANEL_PX + GAP_PX)
        top += 2 * (PANEL_PX + GAP_PX)
    parts += _draw_depths(depths, top)
    height = top + BAR_PX * max(len(depths), 1) + 40
    counts = ", ".join(f"{report.count(one)} {one.value}" for one in Outcome if report.count(one))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" width="{WIDTH_PX}"'
        f' height="{height}" font-family="DejaVu Sans, Arial, sans-serif" font-size="11">',
        f'<rect width="{WIDTH_PX}" height="{height}" fill="white"/>',
        _text(MARGIN_PX, 28, report.chain, size=17, colour=INK),
        _text(MARGIN_PX, 46, f"{report.host}, {report.rate:,} Hz, strictness {report.strictness}: {counts}"),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def _list_depths(report: ChainCheckReport) -> list[tuple[str, float, bool]]:
    """Caption, null depth in dB and whether its check passed, of all that were measured."""
    results = {result.check: result for result in report.results}
    found = []
    for check, figure, caption in DEPTH_FIGURES:
        result = results.get(check)
        value = result.figures.get(figure) if result is not None else None
        if result is not None and isinstance(value, (int, float)) and np.isfinite(value):
            found.append((caption, float(value), float(value) <= SETTLED_DB or result.outcome is Outcome.PASS))
    return found


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11, colour: str = SOFT) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return f"<text {where}>{escape(clean)}</text>"


def _line(x0: float, y0: float, x1: float, y1: float, colour: str = GRID) -> str:
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}"/>'


def _curve(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{CURVE}" stroke-width="1.5"/>'


def _scale(
    values: NDArray[np.float64] | Sequence[float], low: float, high: float, begin: float, end: float
) -> NDArray[np.float64]:
    return begin + (np.asarray(values, np.float64) - low) / (high - low) * (end - begin)


def _draw_response(response: Response, top: float) -> list[str]:
    left, right, bottom = MARGIN_PX, WIDTH_PX - 24, top + PANEL_PX
    parts = [_text(left, top - 10, "Response to noise, dB", colour=INK)]
    if not response.levels_db.size:
        return [*parts, _text(left, top + 20, "too short to measure")]
    highest = max(12.0, 12.0 * np.ceil(float(response.levels_db.max()) / 12.0))  # lines each 12 dB, one of them at 0
    lowest = min(highest - 36.0, max(highest - 72.0, 12.0 * np.floor(float(response.levels_db.min()) / 12.0)))
    for level in np.arange(highest, lowest - 0.1, -12.0):
        y = float(_scale([level], highest, lowest, top, bottom)[0])
        parts += [_line(left, y, right, y), _text(left - 6, y + 4, f"{level:.0f}", "end")]
    low, high = np.log(20.0), np.log(20_000.0)
    for hertz in GRID_HZ:
        x = float(_scale([np.log(hertz)], low, high, left, right)[0])
        label = f"{hertz // 1000} k" if hertz >= 1000 else str(hertz)
        parts += [_line(x, top, x, bottom), _text(x, bottom + 15, label, "middle")]
    shown = response.frequencies_hz <= 20_000.0
    x_px = _scale(np.log(response.frequencies_hz[shown]), low, high, left, right)
    y_px = np.clip(_scale(response.levels_db[shown], highest, lowest, top, bottom), top, bottom)
    return [*parts, _curve(x_px, y_px), _text(right, bottom + 30, "Hz", "end")]


def _draw_delay(delay: DelayMeasurement, top: float) -> list[str]:
    left, right, bottom = MARGIN_PX, WIDTH_PX - 24, top + PANEL_PX
    near = np.abs(delay.lags - delay.peak_frames) <= SHOWN_LAGS
    lags, curve = delay.lags[near], delay.curve[near]
    said = f"peak {delay.correlation:.2f} at {delay.peak_frames:+d} frames"
    parts = [_text(left, top - 10, f"Correlation of compensated output and input: {said}", colour=INK)]
    for level in (-1.0, 0.0, 1.0):
        y = float(_scale([level], 1.0, -1.0, top, bottom)[0])
        parts += [_line(left, y, right, y), _text(left - 6, y + 4, f"{level:.0f}", "end")]
    low, high = float(lags[0]), float(max(lags[-1], lags[0] + 1))
    for lag in np.linspace(low, high, 9).round():
        x = float(_scale([lag], low, high, left, right)[0])
        parts += [_line(x, top, x, bottom), _text(x, bottom + 15, f"{lag:.0f}", "middle")]
    x_px, y_px = _scale(lags.astype(np.float64), low, high, left, right), _scale(curve, 1.0, -1.0, top, bottom)
    return [*parts, _curve(x_px, y_px), _text(right, bottom + 30, "frames", "end")]


def _draw_depths(depths: Sequence[tuple[str, float, bool]], top: float) -> list[str]:
    left, right = MARGIN_PX + 130, WIDTH_PX - 90
    parts = [_text(MARGIN_PX, top - 10, "Differences, dB below the signal: longer is better", colour=INK)]
    for number, (caption, depth, is_good) in enumerate(depths):
        y = top + BAR_PX * number
        width = max(float(_scale([min(depth, 0.0)], 0.0, BIT_EQUAL_DB, 0.0, right - left)[0]), 1.0)
        colour = CURVE if is_good else BAD
        parts += [
            _text(left - 8, y + 14, caption, "end"),
            f'<rect x="{left}" y="{y + 4}" width="{width:.1f}" height="{BAR_PX - 8}" fill="{colour}"/>',
            _text(left + width + 6, y + 14, "equal" if depth <= BIT_EQUAL_DB else f"{depth:.0f}"),
        ]
    return parts if depths else [*parts, _text(MARGIN_PX, top + 14, "nothing could be compared")]
