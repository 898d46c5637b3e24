"""Routing panes: what the cursor of the matrix is on, the scenes, the last changes, in words."""

from __future__ import annotations

from tui.core.rows import Row, cut, draw_heading
from tui.core.session import Record, Session
from tui.core.values import UNKNOWN, read_number, read_text
from tui.drawing.matrix import Line, shorten_labels
from tui.drawing.panes import draw_text
from tui.drawing.table import Column, draw_table
from tui.models.port_graph import Crossing, Endpoint
from tui.models.times import format_clock

LEGEND = (
    ("LR", "both"),
    ("L. .R", "one side"),
    ("RL", "crossed"),
    ("( )", "wanted, away"),
    ("●", "mono"),
    ("M", "MIDI"),
)
LEGEND_LARGE = (("·", "free"), ("blank", "never"))


def draw_legend(is_large: bool) -> Row:
    """What the letters of the matrix mean."""
    row: Row = []
    for letters, words in (*LEGEND, *LEGEND_LARGE) if is_large else LEGEND:
        row += [("  " if row else "", "text"), (letters, "text"), (f" {words}", "dim")]
    return row


def draw_crossing(source: Endpoint, destination: Endpoint, crossing: Crossing, rate: float, width: int) -> list[Row]:
    """Source and destination, what of them is connected, and the delays that their ports declare."""
    title = f"{source.name} ▸ {destination.name}"
    rows = [draw_heading(cut(title, width - 3), width)]
    if not crossing.is_possible:
        text = f"{source.kind} cannot be connected to {destination.kind}"
        return [*rows, [(text, "dim")], _draw_delays(source, destination, rate)]
    links: Row = []
    for words, role, several in (
        ("connected", "text", crossing.made),
        ("away", "warning", crossing.away),
        ("free", "dim", crossing.missing),
    ):
        for one, other in several:
            links += [("  " if links else "", "text"), (f"{_cut_client(one)} ▸ {_cut_client(other)} ", "text")]
            links.append((words, role))
    return [*rows, links, _draw_delays(source, destination, rate)]


def _cut_client(port: str) -> str:
    return port.partition(":")[2] or port


def _draw_delays(source: Endpoint, destination: Endpoint, rate: float) -> Row:
    parts = []
    for words, end in (("source", source), ("destination", destination)):
        if end.is_away:
            parts.append(f"{words} not there")
        else:
            ms = f"{1000 * end.latency_frames / rate:.1f}" if rate > 0 else UNKNOWN
            parts.append(f"{words} {end.latency_frames:,} frames, {ms} ms")
    return [("latency  ", "dim"), ("   ".join(parts), "dim")]


def explain_crossing(source: Endpoint, destination: Endpoint, crossing: Crossing) -> str:
    """What Enter would do here; empty where that is plain."""
    if crossing.made and crossing.missing:
        return "only one side is connected: ↵ makes the pair whole"
    if crossing.away:
        gone = destination if destination.is_away else source
        if gone.is_away:
            return f"{gone.name} is not there: connected when it comes back; ↵ gives it up"
        return "wanted and not made: it is connected when the ports are back; ↵ gives it up"
    return ""


def draw_scenes(scenes: list[Record], selected: int, width: int, height: int) -> list[Row]:
    """The saved scenes: how many of their connections are made, and which was restored last."""
    if not scenes:
        return draw_text("No scene is saved: S saves the connections that are made now.", width, height, "dim")
    rows = []
    for one in scenes:
        links, made = int(read_number(one, "links")), int(read_number(one, "made"))
        active = read_number(one, "active") > 0
        words = f"{made} of {links} made" if active else f"{links} links" if links >= 0 else "file refused"
        role = "dim" if links >= 0 else "error"
        rows.append([(read_text(one, "scene"), "text"), (words, role), ("restored last" if active else "", "dim")])
    return draw_table([Column(""), Column("", 18), Column("", 13)], rows, width, height, selected)


def draw_changes(events: list[Record], width: int, height: int) -> list[Row]:
    """The last changes of the connections, the newest first."""
    if not events:
        return [[("no change so far", "dim")]] if height > 0 else []
    rows = []
    for one in reversed(events[-height:]) if height > 0 else []:
        source, destination = read_text(one, "source"), read_text(one, "destination")
        what = f"{_cut_client(source)} ▸ {_cut_client(destination)}" if ":" in source + destination else ""
        words = what or " ".join(part for part in (source, destination) if part)
        event = read_text(one, "event")
        role = "warning" if event == "away" else "text"
        rows.append([(format_clock(read_number(one, "time_ms")), "dim"), (event, role), (words, "text")])
    return draw_table([Column("", 8), Column("", 9), Column("")], rows, width, height)


def draw_away(links: list[tuple[str, str]], height: int) -> list[Row]:
    """The connections that wait for a port."""
    rows: list[Row] = [[(f"{source} ▸ {destination}", "text")] for source, destination in links[: max(height, 0)]]
    if len(links) > len(rows) and rows:
        rows[-1] = [(f"and {len(links) - len(rows) + 1} more", "dim")]
    return rows


def draw_clients(names: list[str], hidden: frozenset[str], selected: int, width: int, height: int) -> list[Row]:
    """The clients under their heading, scrolled to the selected one; those in ``hidden`` have no mark."""
    rows = [draw_heading("Clients", width, "↵ shows or hides   c closes")]
    size = max(height - 1, 0)
    start = max(min(selected - size // 2, len(names) - size), 0)
    for number, name in list(enumerate(names))[start : start + size]:
        box = "[ ]" if name in hidden else "[x]"
        role = "selected" if number == selected else "text"
        rows.append([("▌" if number == selected else " ", role), (f"{box} {name}", role)])
    return rows


def make_lines(ends: list[Endpoint]) -> list[Line]:
    """Rows or columns of the matrix, their labels without what those of the client have in common."""
    labels: dict[int, str] = {}
    for client in {(one.client, one.kind) for one in ends}:
        places = [at for at, one in enumerate(ends) if (one.client, one.kind) == client]
        labels.update(zip(places, shorten_labels([ends[at].label for at in places]), strict=True))
    return [Line(one.client, labels[at].strip("/_:- ") or one.label, one.is_away) for at, one in enumerate(ends)]


def explain_empty(session: Session, hidden: frozenset[str]) -> str:
    """Why the matrix has nothing to show, and what helps."""
    if session.state != "attached":
        return "–"
    if "routing.port" not in session.registry.readings:
        return "This sidecar does not publish the ports of the audio system: it is older than this app."
    if read_text(session.read("sideman"), "server") == "offline":
        return "No ports: this sidecar plays offline, without an audio system. With JACK, start it by sideman run."
    if hidden:
        return f"All clients that have ports are hidden: {', '.join(sorted(hidden))}. c shows them again."
    return "No ports: the sidecar waits for the JACK server, or nothing is connected to it."
