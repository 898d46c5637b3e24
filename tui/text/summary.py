"""Summary of a session in plain lines, what is wrong in it, and all of it as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from tui.core.registry import Control, Value
from tui.core.session import Record, Session
from tui.core.values import format_value, read_number, read_text
from tui.models.clocks import name_leader

MOMENTARY_PORTS = ("in", "mix", "band")
STEMS = ("drums", "bass", "vocals", "other")
WELL = ("running", "off", "stopped", "starting")
"""States of a worker in which nothing is wrong with it."""
UNUSED = "control_in"
"""The port for controllers, which nobody needs to connect."""
SILENT_DB = -100.0
DIGITS = 7
"""Decimals that a number of 32 bits has."""
FAULTS = (("xruns", "xruns"), ("skipped", "skipped cycles"), ("late_frames", "late frames"), ("restarts", "restarts"))


def describe_session(session: Session) -> list[str]:
    """What there is to know at one look, a line for each thing."""
    lines = [describe_identity(session), describe_music(session)]
    lines += [*describe_levels(session), describe_dry(session)]
    lines += [describe_band(session), describe_preset(session), describe_workers(session), describe_faults(session)]
    lines += describe_jobs(session)
    lines += [f"wrong: {problem}" for problem in find_problems(session)] or ["nothing is wrong"]
    return [line for line in lines if line]


def describe_identity(session: Session) -> str:
    """Which sidecar it is."""
    known = session.read("sideman")
    name = f"{read_text(known, 'name') or 'sideman'} {read_text(known, 'version')}".strip()
    rate = f", {read_number(known, 'rate'):.0f} Hz" if read_number(known, "rate") else ""
    return f"{name} at {session.peer}, {read_text(known, 'state') or session.state}{rate}"


def describe_music(session: Session) -> str:
    """Where the music is."""
    clock, parts = session.read("clock"), []
    if clock:
        parts.append("rolls" if read_number(clock, "rolling") else "stopped")
        if read_number(clock, "bar") >= 1:
            parts.append(f"bar {read_number(clock, 'bar'):.0f}, beat {int(read_number(clock, 'beat'))}")
        if read_number(clock, "tempo_bpm"):
            parts.append(f"{read_number(clock, 'tempo_bpm'):.1f} BPM, {name_leader(clock) or 'nothing'} leads")
    if key := session.read("mir.key"):
        parts.append(f"key {read_text(key, 'label')}")
    if chord := session.read("mir.chord"):
        parts.append(f"chord {read_text(chord, 'label')}")
    return f"music: {', '.join(parts)}" if parts else ""


def describe_levels(session: Session) -> Iterator[str]:
    """Levels of the inputs, stems and sums, and what faders and switches do to them."""
    ports = [read_text(row, "port") for row in session.read_rows("meters")]
    known = [port for port in (*STEMS, *MOMENTARY_PORTS) if port in ports]
    others = [port for port in ports if port not in known and not port.endswith((".out", ".before"))]
    for port in (*known, *others):
        peak_db = read_number(session.read_row("meters", port), "peak_db", SILENT_DB)
        words = [f"peak {peak_db:.1f} dB" if peak_db > SILENT_DB else "silent"]
        for end in ("gain_db", "mute", "solo"):
            control = session.registry.controls.get(f"stems.{port}.{end}")
            if control is not None and end == "gain_db":
                words.append(f"gain {format_value(control, session.get(control.name))}")
            elif control is not None and session.is_on(control.name):
                words.append({"mute": "muted", "solo": "solo"}[end])
        yield f"{port}: {', '.join(words)}"


def describe_dry(session: Session) -> str:
    """That the mix is dry, where it is: then no fader and no mute acts on it."""
    return "dry mix: the input as it came, whatever faders and mutes say" if session.is_on("stems.dry") else ""


def describe_band(session: Session) -> str:
    """What the accompaniment plays."""
    words = []
    for end in ("style", "seed", "intensity"):
        control = session.registry.controls.get(f"accompaniment.band.{end}")
        if control is not None:
            words.append(f"{end} {format_value(control, session.get(control.name))}")
    if section := session.read("accompaniment.section"):
        words.append(f"section {read_text(section, 'section')}")
    return f"band: {', '.join(words)}" if words else ""


def describe_preset(session: Session) -> str:
    """The preset, and whether it was changed."""
    preset = session.read("preset.current")
    if not read_text(preset, "preset"):
        return ""
    changed = read_number(preset, "changed")
    return f"preset: {read_text(preset, 'preset')}{f', {changed:.0f} changed' if changed else ''}"


def describe_workers(session: Session) -> str:
    """The workers and their states."""
    rows = session.read_rows("health")
    words = [f"{read_text(row, 'worker')} {read_text(row, 'state')}" for row in rows]
    return f"workers: {', '.join(words)}" if words else ""


def describe_faults(session: Session) -> str:
    """Faults since the counters were reset."""
    counters = session.read("counters")
    words = [f"{read_number(counters, name):.0f} {said}" for name, said in FAULTS if read_number(counters, name)]
    return f"faults: {', '.join(words) or 'none'}" if counters else ""


def describe_jobs(session: Session) -> list[str]:
    """The jobs, a line each."""
    return [describe_job(row) for row in session.read_rows("jobs")]


def describe_job(row: Record) -> str:
    """A job and how far it is."""
    share = f" {read_number(row, 'share'):.0%}" if read_text(row, "state") == "runs" else ""
    detail = f", {read_text(row, 'detail')}" if read_text(row, "detail") else ""
    head = f"job {read_text(row, 'job')}: {read_text(row, 'kind')} {read_text(row, 'what')}"
    return f"{head}: {read_text(row, 'state')}{share}{detail}"


def find_problems(session: Session) -> list[str]:
    """What is wrong, in words; empty where all is well."""
    problems = []
    if session.state != "attached":
        problems.append(f"nobody answers at {session.peer}; start sideman run, or give --attach HOST:PORT")
    state = read_text(session.read("sideman"), "state")
    if state not in ("", "running"):
        problems.append(f"the sidecar is {state}")
    for row in session.read_rows("health"):
        if read_text(row, "state").split(" ")[0].strip(":,(") not in WELL:
            problems.append(f"{read_text(row, 'worker')} is {read_text(row, 'state')}")
    counters = session.read("counters")
    for name, said in FAULTS:
        if read_number(counters, name):
            problems.append(f"{read_number(counters, name):.0f} {said} since the counters were reset")
    for row in session.read_rows("controllers.device"):
        is_unused = read_text(row, "device") == UNUSED and read_text(row, "state") == "missing"
        if read_text(row, "state") in ("missing", "refused", "taken") and not is_unused:
            detail = read_text(row, "detail")
            problems.append(f"controller {read_text(row, 'device')} is {read_text(row, 'state')}: {detail}")
    return problems


def to_json(session: Session) -> dict[str, object]:
    """All that is known, by dotted names: controls as words and numbers, readings as records or lists of them."""
    registry = session.registry
    readings: dict[str, object] = {}
    for reading in registry.readings.values():
        found: object = _to_record(session.read(reading.name))
        if reading.kind == "rows":
            found = [_to_record(row) for row in session.read_rows(reading.name)]
        if found:
            readings[reading.name] = found
    return {
        "peer": session.peer,
        "state": session.state,
        "controls": {one.name: to_plain(one, session.get(one.name)) for one in registry.controls.values()},
        "readings": readings,
        "problems": find_problems(session),
    }


def to_plain(control: Control, number: float) -> Value:
    """The value of a control as a person writes it: true or false, a word, a number."""
    if control.kind == "switch":
        return number > 0.5
    if control.choices:
        return format_value(control, number)
    return round(number) if control.kind == "integer" else _round(number)


def _round(value: Value) -> Value:
    """A number without the digits that 32 bits do not carry."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _to_record(record: Record) -> Record:
    return {name: _round(value) for name, value in record.items()}
