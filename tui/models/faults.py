"""Faults of the running sidecar, each in words with what helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui.core.session import Record, Session
from tui.core.values import read_number, read_text

PATH_WORKERS: dict[str, str] = {
    **dict.fromkeys(("drums", "bass", "vocals", "other", "mix"), "separation"),
    "band": "synth",
    "accompaniment": "accompaniment",
    **dict.fromkeys(("chords", "beats", "onsets", "notes", "clock"), "mir"),
}
"""The worker whose reserve a path waits for; in the order in which paths are shown."""
WORKERS = ("separation", "mir", "accompaniment", "synth")
HIGH_LOAD = 0.8
"""Share of the period: above it JACK begins to report xruns."""
UNMEASURED = -1.0
LOOKAHEAD = "accompaniment.lookahead_beats"
_COUNTERS: tuple[tuple[str, str, str, str], ...] = (
    ("xruns", "xrun", "xruns", ""),
    ("skipped", "cycle skipped", "cycles skipped", ""),
    ("restarts", "worker restarted", "workers restarted", "the Log says why"),
    ("faults", "hop failed", "hops failed", "the Log says why"),
    ("dropped_hops", "hop dropped", "hops dropped", "the machine is too slow for an engine: choose a lighter one"),
    ("late_events", "late MIDI event", "late MIDI events", "T tunes the reserves"),
    ("lost_events", "lost MIDI event", "lost MIDI events", "too many came at once: thin out controllers"),
    ("slips", "overlapping period", "overlapping periods", "sideman doctor says what to set"),
)
"""Counters that should stay at 0, what they count (one, several), and what helps; empty: as `explain_overload` says."""
OWN_SHARE = 0.25
"""Share of the period: a callback that mostly needs less leaves the other clients and JACK enough, so that cycles that
come too late are due to other programs."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong. ``words``: what; ``fix``: what helps; ``is_error``: the sound is affected at once."""

    words: str
    fix: str
    is_error: bool = False


def read_paths(session: Session) -> list[Record]:
    """The paths of the ledger: the stems first, whatever came last."""
    order = list(PATH_WORKERS)
    rows = [(read_text(row, "path"), row) for row in session.read_rows("latency")]
    rows.sort(key=lambda one: order.index(one[0]) if one[0] in order else len(order))
    return [row for _, row in rows]


def find_faults(session: Session) -> list[Fault]:
    """What is wrong, the worst first."""
    found = [
        *_find_absent(session),
        *_find_late(session),
        *_find_counted(session),
        *_find_loaded(session),
        *_find_late_beats(session),
        *_find_differing(session),
        *_find_uneven(session.read("clock")),
    ]
    return sorted(found, key=lambda fault: not fault.is_error)


def _find_absent(session: Session) -> Iterator[Fault]:
    state = read_text(session.read("sideman"), "state")
    if state not in ("", "running"):
        yield Fault(f"no sound: {state}", "start the JACK server: the sidecar connects by itself", True)
    for row in session.read_rows("health"):
        worker, state = read_text(row, "worker"), read_text(row, "state")
        if state == "off":
            yield Fault(f"{worker} is off", "it does not work at this sample rate: 44,100 Hz always does")
        elif state not in ("running", "starting", "stopped"):
            yield Fault(f"{worker} {state}", "it is started anew by itself; the Log says why", True)
    yield from _find_silent_inserts(session)


def _find_silent_inserts(session: Session) -> Iterator[Fault]:
    for row in session.read_rows("insert"):
        state, _, reason = read_text(row, "state").partition(": ")
        what = f"insert {read_text(row, 'point')} {state}"
        if state in ("refused", "off") or (state == "starting" and reason):
            yield Fault(what, reason)
        elif state not in ("running", "bypassed", "starting"):
            yield Fault(what, "the dry sound plays; it is started anew by itself")


def _find_late(session: Session) -> Iterator[Fault]:
    late: dict[str, list[Record]] = {}
    for row in read_paths(session):
        if read_number(row, "late") > 0:
            late.setdefault(PATH_WORKERS.get(read_text(row, "path"), ""), []).append(row)
    for worker, rows in late.items():
        frames = max(read_number(row, "late") for row in rows)
        paths = read_text(rows[0], "path") + (f" + {len(rows) - 1}" if len(rows) > 1 else "")
        control = f"latency.{worker}.reserve_frames"
        known = control in session.registry.controls
        fix = f"T tunes {control}" if known else "T tunes the reserves"
        yield Fault(f"{frames:,.0f} frames late ({paths})", fix)


def explain_overload(session: Session) -> str:
    """Why cycles come too late, and what helps: other programs, or a period in which our own callback has no room."""
    callback, period = session.read("callback.time"), read_number(session.read("counters"), "period")
    typical_us, period_us = read_number(callback, "p50_us"), read_number(callback, "period_us")
    if not (typical_us > 0 and period_us > 0 and period > 0):
        return "raise the audio period, or close other programs"
    if typical_us < OWN_SHARE * period_us:
        return f"too many programs: close some, or raise the period {period:.0f}"
    return f"the period of {period:.0f} is too short here: raise it in JACK"


def _find_counted(session: Session) -> Iterator[Fault]:
    counters, overload = session.read("counters"), explain_overload(session)
    for field, one, several, fix in _COUNTERS:
        count = read_number(counters, field)
        if count > 0:
            yield Fault(
                f"{count:,.0f} {one if count == 1 else several}", fix or overload, field in ("xruns", "skipped")
            )


def _find_loaded(session: Session) -> Iterator[Fault]:
    load = read_number(session.read("callback.time"), "dsp_load")
    if load >= HIGH_LOAD:
        yield Fault(f"load {100 * load:.0f} %", explain_overload(session), True)


def _find_late_beats(session: Session) -> Iterator[Fault]:
    late = read_number(session.read("accompaniment.lookahead"), "late")
    if late > 0:
        yield Fault(f"{late:,.0f} beats decided too late", f"raise {LOOKAHEAD} (→), or a sets it")


def _find_differing(session: Session) -> Iterator[Fault]:
    for row in read_paths(session):
        measured, declared = read_number(row, "measured", UNMEASURED), read_number(row, "declared")
        if measured >= 0 and measured != declared:
            path, fix = read_text(row, "path"), "M measures again"
            offset = f"latency.{PATH_WORKERS.get(path, '')}.user_offset_frames"
            if measured > declared and offset in session.registry.controls:
                fix += f"; else add {measured - declared:,.0f} to {offset}"
            yield Fault(f"{path} measured {measured:,.0f}, declared {declared:,.0f}", fix)


def _find_uneven(clock: Record) -> Iterator[Fault]:
    if read_text(clock, "lock") != "searching" or read_number(clock, "rolling") <= 0:
        return
    if read_text(clock, "leader") == "host":
        jitter = read_number(clock, "jitter_ms")
        yield Fault(f"clock not locked, jitter {jitter:.1f} ms", "use JACK transport instead of MIDI clock")
    else:
        yield Fault("the beat is not certain yet", "let the music play some bars, or tap it: g o, then t")
