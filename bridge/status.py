"""Status line of a running sidecar."""

from __future__ import annotations

from rich.text import Text

from bridge.app import Sidecar
from bridge.control.bus import Row
from bridge.core.role import ROLES

REFRESH_S = 0.25


def format_status_line(sidecar: Sidecar) -> Text:
    """Chord, key, tempo and faults since the counters were reset; 78 columns where there are none."""
    bus = sidecar.bus

    def last(reading: str) -> Row:
        return bus.get_latest(reading) or ()

    chord, key, beat, counts = last("mir.chord"), last("mir.key"), last("mir.beat"), last("counters")
    line = Text(f"chord {chord[1] if chord else '–':<9} in {key[1] if key else '–':<8} ")
    line.append(f"{float(beat[3]):5.1f} BPM" if beat else "    – BPM", "default")
    names = bus.registry.get_reading("counters").fields
    counters = dict(zip(names, counts, strict=False))
    for name, label in (("late_frames", "late"), ("skipped", "skipped"), ("xruns", "xruns"), ("restarts", "restarts")):
        count = int(counters.get(name, 0))
        if count or label != "restarts":
            line.append(f" {label} {count:,}", "yellow" if count else "dim")
    for role, _, _, slowest_ms, _, _ in bus.get_rows("worker.time"):
        if (spec := ROLES[str(role)]).realtime:
            line.append(f" {spec.audio_ring} {slowest_ms:.1f} ms", "dim")  # 99.9 % of the hops
    waiting = [f"{row[0]} {row[1]}" for row in bus.get_rows("health") if row[1] != "running"]
    if waiting:
        line.append(f"  {', '.join(waiting)}", "bold red")
    if not sidecar.connected:
        line.append("  waiting for the JACK server", "bold red")
    return line
