"""Clock checks: what sends MIDI clock or time code to the sidecar, or could."""

from __future__ import annotations

from bridge.doctor.finding import Finding
from bridge.doctor.probe import ServerFigures

NAME = "MIDI clock in"
MOST_SHOWN = 4


def check_clock_input(figures: ServerFigures | None, client: str) -> Finding:
    """What is connected to ``midi_in`` of the running sidecar, whose JACK client is ``client``; else what could be.

    ``figures``: of the server, None where there is none.
    """
    if figures is None:
        return Finding(NAME, "ok", "nothing to look at without a server")
    port, sources = f"{client}:midi_in", _shorten(figures.midi_sources)
    without = "JACK's transport, Link and our own clock need none"
    if figures.midi_in is None:
        found = (
            f"MIDI ports to connect to {port}: {sources}" if sources else f"no MIDI port that could send it; {without}"
        )
        return Finding(NAME, "ok", found)
    if figures.midi_in:
        return Finding(NAME, "ok", f"{port} gets {_shorten(figures.midi_in)}")
    fix = f"connect the port that sends the clock to {port}: {sources}" if sources else ""
    return Finding(NAME, "ok", f"nothing is connected to {port}; {without}", fix)


def _shorten(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more
