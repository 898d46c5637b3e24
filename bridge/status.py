"""Status line of a running sidecar, and the line that says that it runs."""

from __future__ import annotations

from rich.text import Text

from bridge.app import Sidecar
from bridge.control.bus import Bus, Row
from bridge.control.insert_controls import INSERT_READING
from bridge.core.insert import rank_point
from bridge.core.insert_registry import OFF
from bridge.core.role import ROLES
from bridge.runtime.counters import read_counters
from bridge.runtime.graph import Graph
from bridge.runtime.shared.slots import INSERT_LATE

REFRESH_S = 0.25
SPINNER_COLUMNS = 2
"""What the spinner before the line takes, with the space behind it."""
_COUNTERS = (("late_frames", "late"), ("skipped", "skipped"), ("xruns", "xruns"), ("restarts", "restarts"))


def format_start_line(sidecar: Sidecar) -> str:
    """On what the sidecar runs, and where it listens."""
    graph, osc = sidecar.signal_path.graph, sidecar.osc
    figures = f"{sidecar.audio.title} {graph.plan.rate:,} Hz, period {graph.ledger.period}"
    listens = "" if osc is None else f"; OSC on {sidecar.settings.osc.host}:{osc.port}"
    return f"sideman {figures}{listens}; Ctrl-C ends it"


def format_insert_lines(sidecar: Sidecar) -> list[str]:
    """A line for each live insert that is chosen: its point, its chain, and what became of it."""
    statuses = sidecar.signal_path.inserts.statuses
    return [f"insert {one.point}: {one.chain}, {one.state}" for one in statuses if one.chain != OFF]


def count_late_frames(graph: Graph) -> int:
    """Frames that were late so far: of stems, of the band and of inserts."""
    counters, inserts = read_counters(graph.arrays), graph.insert_arrays.words
    return counters.late_frames + counters.band_late_frames + int(inserts[:, INSERT_LATE].sum())


def format_status_line(sidecar: Sidecar, width: int) -> Text:
    """Chord, key, tempo, faults since the counters were reset and the times of the workers, in ``width`` columns.

    Where they do not all fit, what is wrong goes first: the times are left out, then counters at 0, then the music.
    """
    bus = sidecar.bus
    names = bus.registry.get_reading("counters").fields
    counters = dict(zip(names, bus.get_latest("counters") or (), strict=False))
    counts = [(int(counters.get(name, 0)), label) for name, label in _COUNTERS]
    faults = [Text(f" {label} {count:,}", "yellow") for count, label in counts if count]
    all_counts = [
        Text(f" {label} {count:,}", "yellow" if count else "dim")
        for count, label in counts
        if count or label != "restarts"
    ]
    times = [
        Text(f" {spec.audio_ring} {slowest_ms:.1f} ms", "dim")  # 99.9 % of the hops
        for role, _, _, slowest_ms, _, _ in bus.get_rows("worker.time")
        if (spec := ROLES[str(role)]).realtime
    ]
    waiting = [f"{row[0]} {row[1]}" for row in bus.get_rows("health") if row[1] != "running"]
    waiting += [
        f"insert {point} {str(state).partition(':')[0]}"
        for point, _, state, *_ in sorted(bus.get_rows(INSERT_READING.name), key=lambda row: rank_point(str(row[0])))
        if state not in ("running", "bypassed")
    ]
    alarms = [Text(f"  {', '.join(waiting)}", "bold red")] if waiting else []
    if not sidecar.is_connected:
        alarms.append(Text(f"  waiting for the {sidecar.audio_source}", "bold red"))
    music = [_format_music(bus)]
    choices = ([*music, *all_counts, *times, *alarms], [*music, *all_counts, *alarms], [*music, *faults, *alarms])
    lines = [Text.assemble(*parts) for parts in (*choices, [*alarms, *faults] or music)]
    line = next((one for one in lines if one.cell_len <= width), lines[-1])
    line.truncate(width, overflow="ellipsis")
    return line


def _format_music(bus: Bus) -> Text:
    def last(reading: str) -> Row:
        return bus.get_latest(reading) or ()

    chord, key, beat = last("mir.chord"), last("mir.key"), last("mir.beat")
    line = Text(f"chord {chord[1] if chord else '–':<9} in {key[1] if key else '–':<8} ")
    return line.append(f"{float(beat[3]):5.1f} BPM" if beat else "    – BPM", "default")
