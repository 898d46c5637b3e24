"""Demo report: the measurements as data (the file report.json), and the verdict in plain words.

All frames are on the song's own time line: the declared delay of its path is subtracted from each recording before a
report is made, so an offset of 0 frames is exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bridge.config import write_atomic
from bridge.core.events import NOTE_NAMES
from bridge.core.latency import UNMEASURED, Ledger
from bridge.printing import columns, one_line

SCHEMA = 1
TOLERANCE_S = 0.07  # a detected beat within this of a true one is correct: mir_eval's window


class PathRow(msgspec.Struct, frozen=True, kw_only=True):
    """A path of the latency ledger, all in frames; see `bridge.core.latency.Path`."""

    name: str
    ports: tuple[str, ...]
    declared: int
    measured: int = UNMEASURED
    model: int = 0
    buffering: int = 0
    reserve: int = 0
    user_offset: int = 0
    period: int = 0
    late: int = 0
    upstream: int = 0
    insert: int = 0


class CallbackFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Duration of JACK's callback, over ``cycles`` of them."""

    p50_us: float = 0.0
    p99_us: float = 0.0
    max_us: float = 0.0
    cycles: int = 0


class CounterFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Faults: late frames (played dry), skipped cycles and their frames, xruns, restarts."""

    late_frames: int = 0
    skipped: int = 0
    gap_frames: int = 0
    xruns: int = 0
    worker_restarts: int = 0


class Music(msgspec.Struct, frozen=True, kw_only=True):
    """Beats in frames, chords as (frame, label), the key as ``G minor``; empty where nothing is known."""

    beats: tuple[int, ...] = ()
    downbeats: tuple[int, ...] = ()
    chords: tuple[tuple[int, str], ...] = ()
    key: str = ""


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """The detected music against the true one.

    ``beat_offset_frames``: the median of detected minus true, over the beats that were found; None without any.
    ``chords_right`` of ``chords_total``: true beats on which the detected root is right.
    """

    beats_found: int
    beats_total: int
    beat_offset_frames: float | None
    chords_right: int
    chords_total: int
    key_right: bool


class Playing(msgspec.Struct, frozen=True, kw_only=True):
    """The player's decisions, beat by beat. ``lookahead_beats``: median time from the end of the known input to the
    beat, ``least_lookahead_beats``: the shortest. ``levels``, ``sources``: beats by LEVELS and by CHORD_SOURCES; see
    `bridge.core.events`. Empty where the player publishes none."""

    beats: int = 0
    least_lookahead_beats: float = 0.0
    lookahead_beats: float = 0.0
    levels: dict[str, int] = {}
    sources: dict[str, int] = {}


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the demo. ``files`` are names in ``folder``; ``ok``: every path measured as it was declared."""

    schema: int = SCHEMA
    song: str
    seconds: float
    rate: int
    period: int
    server: str
    paths: tuple[PathRow, ...]
    callback: CallbackFigures = CallbackFigures()
    counters: CounterFigures = CounterFigures()
    detected: Music = Music()
    playing: Playing = Playing()
    truth: Music | None = None
    checks: Checks | None = None
    folder: str = ""
    files: tuple[str, ...] = ()
    ok: bool = False
    problems: tuple[str, ...] = ()


def list_paths(ledger: Ledger) -> tuple[PathRow, ...]:
    """The ledger's paths that have a port and so can be measured."""
    return tuple(
        PathRow(
            name=path.name, ports=path.ports, declared=path.declared, measured=path.measured, model=path.model,
            buffering=path.buffering, reserve=path.reserve, user_offset=path.user_offset, period=path.period,
            late=path.late, upstream=path.upstream, insert=path.insert,
        )
        for path in ledger
        if path.ports
    )  # fmt: skip


def compare_music(detected: Music, truth: Music, rate: int) -> Checks:
    """Compare the ``detected`` music with the ``truth``; a beat counts as found within TOLERANCE_S."""
    window = TOLERANCE_S * rate
    offsets = [near - beat for beat in truth.beats if (near := _find_nearest(detected.beats, beat, window)) is not None]
    on_beats = [(beat, root) for beat in truth.beats if (root := _root_at(truth.chords, beat)) is not None]
    return Checks(
        beats_found=len(offsets),
        beats_total=len(truth.beats),
        beat_offset_frames=float(np.median(offsets)) if offsets else None,
        # a chord detected within the window of its beat is on the beat
        chords_right=sum(_root_at(detected.chords, beat + window) == root for beat, root in on_beats),
        chords_total=len(on_beats),
        key_right=detected.key == truth.key,
    )


def _find_nearest(frames: Sequence[int], frame: int, window: float) -> int | None:
    """The entry of ascending ``frames`` that is nearest to ``frame``, or None farther off than ``window``."""
    i = bisect_left(frames, frame)
    near = min(frames[max(i - 1, 0) : i + 1], key=lambda other: abs(other - frame), default=None)
    return near if near is not None and abs(near - frame) <= window else None


def _root_at(chords: Sequence[tuple[int, str]], frame: float) -> int | None:
    """The root that sounds at ``frame``, 0 is C; None before the first chord and where none sounds."""
    i = bisect_right(chords, frame, key=lambda chord: chord[0]) - 1
    if i < 0:
        return None
    label = chords[i][1]
    return next((NOTE_NAMES.index(label[:size]) for size in (2, 1) if label[:size] in NOTE_NAMES), None)


def add_verdict(report: DemoReport, notices: Iterable[str] = ()) -> DemoReport:
    """The report with its verdict: problems in plain words, then the caller's ``notices``.

    Late and lost frames are problems to show, but only a path whose delay is not as declared makes it not ``ok``.
    """
    wrong = [_mismatch(row, report.rate) for row in report.paths if row.measured != row.declared]
    counters, band = report.counters, sum(row.late for row in report.paths if row.name == "band")
    faults = [
        ("late frames", counters.late_frames, "the dry mix played there; raise the separation's reserve"),
        ("late frames of the band", band, "silence there; raise the synth's reserve and start again"),
        ("skipped callbacks", counters.skipped, "something blocked the real-time thread; sideman doctor may say what"),
        ("xruns", counters.xruns, "JACK counted them; a longer period helps"),
        ("worker restarts", counters.worker_restarts, "an engine's process died; its last words are in the log"),
    ]
    problems = [*wrong, *(f"{name}: {count:,}; {fix}" for name, count, fix in faults if count), *notices]
    return msgspec.structs.replace(report, ok=bool(report.paths) and not wrong, problems=tuple(problems))


def _mismatch(row: PathRow, rate: int) -> str:
    if row.measured == UNMEASURED:
        return f"{row.name}: declares {row.declared} frames, but nothing was measured"
    off = row.measured - row.declared
    return f"{row.name}: declares {row.declared} frames, measured {row.measured} ({1000 * off / rate:+.2f} ms)"


def write_json(report: DemoReport, path: Path) -> None:
    """Write the report, indented; the file is whole or not there."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def render_report(report: DemoReport) -> RenderableType:
    """The report for a terminal of 80 columns or more: latency, timing, music, files, problems."""
    title = Text.assemble(
        (one_line(report.song), "bold"), f"  {report.seconds:.1f} s at {report.rate:,} Hz, period {report.period}"
    )
    title.append(f", JACK server {one_line(report.server)}" if report.server else "", "dim")
    parts: list[RenderableType] = [title, _latencies(report), _facts(report)]
    if report.ok:
        parts.append(Text("\nDeclared = measured on every path.", "bold green"))
    for problem in report.problems:
        parts.append(Text(f"\n! {one_line(problem)}", "yellow" if report.ok else "red"))
    return Group(*parts)


def _latencies(report: DemoReport) -> Table:
    names = ("Path", "Declared\nframes", "\nms", "Measured\nframes", "\nms", "", "Late\nframes")
    grid = columns(*names, left=("",), box=box.SIMPLE_HEAD, header_style="bold")
    for row in report.paths:
        measured = ("-", "-") if row.measured == UNMEASURED else _delay(row.measured, report.rate)
        verdict = Text("exact", "green") if row.measured == row.declared else Text("differs", "bold red")
        grid.add_row(row.name, *_delay(row.declared, report.rate), *measured, verdict, f"{row.late:,}")
    return grid


def _delay(frames: int, rate: int) -> tuple[str, str]:
    return f"{frames:,}", f"{1000 * frames / rate:.2f}"


def _facts(report: DemoReport) -> Table:
    """Everything else, as a name and a sentence a row."""
    call, count = report.callback, report.counters
    budget_us = 1e6 * report.period / report.rate
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row(
        "Callback",
        f"p50 {call.p50_us:.0f} µs, p99 {call.p99_us:.0f} µs, max {call.max_us:.0f} µs of {budget_us:,.0f} µs;"
        f" {call.cycles:,} cycles",
    )
    facts.add_row(
        "Counters",
        f"late frames {count.late_frames:,}, skipped callbacks {count.skipped:,} ({count.gap_frames:,} frames),"
        f" xruns {count.xruns:,}, worker restarts {count.worker_restarts:,}",
    )
    facts.add_row("Detected", describe_analysis(report))
    if report.playing.beats:
        facts.add_row("Played", describe_playing(report.playing))
    if report.files:
        facts.add_row("Files", one_line(report.folder))
        facts.add_row("", one_line(", ".join(report.files)))
    return facts


def describe_analysis(report: DemoReport) -> str:
    """The detected music, compared with the truth where that is known, as one sentence."""
    detected, checks = report.detected, report.checks
    if checks is None:
        return f"{len(detected.beats)} beats, {len(detected.chords)} chords, key {detected.key or 'unknown'}"
    offset = checks.beat_offset_frames
    when = "" if offset is None else f", {offset:+.0f} frames ({1000 * offset / report.rate:+.1f} ms) off in the median"
    key = f"key {detected.key or 'unknown'}, "
    key += "right" if checks.key_right else f"in truth {report.truth.key if report.truth else 'unknown'}"
    return (
        f"beats {checks.beats_found} of {checks.beats_total}{when};"
        f" chord roots right on {checks.chords_right} of {checks.chords_total} beats; {key}"
    )


def describe_playing(playing: Playing) -> str:
    """How far ahead of its beats the player decided, and on what basis."""
    levels = ", ".join(f"{name} {beats}" for name, beats in playing.levels.items() if beats)
    sources = ", ".join(f"{name} {beats}" for name, beats in playing.sources.items() if beats)
    return (
        f"{playing.beats} beats, decided {playing.lookahead_beats:.2f} beats ahead in the median,"
        f" {playing.least_lookahead_beats:.2f} at least; {levels}; chords from: {sources}"
    )
