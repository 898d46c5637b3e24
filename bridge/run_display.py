"""Run display: what ``sideman run`` prints about a sidecar that runs, until it ends."""

from __future__ import annotations

from contextlib import nullcontext

from bridge.app import Sidecar
from bridge.app_terminal import AppTerminal
from bridge.daw.latency_card import format_text, make_cards, make_ledger_table, summarise
from bridge.printing import Printer
from bridge.signals import Signals
from bridge.status import (
    REFRESH_S,
    SPINNER_COLUMNS,
    format_insert_lines,
    format_start_line,
    format_status_line,
)


def print_start(console: Printer, sidecar: Sidecar, usual_port: int, verbose: bool) -> None:
    """Say that it runs, with its latency, and how to go on. ``usual_port``: where other commands look for it."""
    graph = sidecar.signal_path.graph
    console.say(format_start_line(sidecar))
    for line in summarise(graph.ledger):
        console.say(f"  {line}")
    for line in format_insert_lines(sidecar):
        console.say(f"  {line}")
    asking = attaching = ""
    if sidecar.osc is not None and (bound := sidecar.osc.port) != usual_port:
        asking, attaching = f" --port {bound}", f" --attach 127.0.0.1:{bound}"
    console.say(f"more: sideman latency{asking}, sideman controls; the app: sideman tui{attaching}")
    if verbose:
        console.print(make_ledger_table(graph.ledger))
        console.print(format_text(make_cards(graph.ledger)))


def wait_for_end(console: Printer, sidecar: Sidecar, signals: Signals, terminal: AppTerminal | None) -> None:
    """Wait until the sidecar ends, or a signal asks for it; with a ``terminal`` the app is there until it is closed."""
    if terminal is not None and sidecar.osc is not None:
        terminal.start_app(sidecar.osc.port)
        while terminal.has_app and not signals.asked and not sidecar.wait(REFRESH_S):
            pass
        terminal.end_app()
        if not signals.asked:
            console.say("the app is closed, Sideman goes on: sideman tui opens it again, Ctrl-C ends Sideman")
    with console.status("") if console.is_terminal else nullcontext() as status:
        while not signals.asked and not sidecar.wait(REFRESH_S):
            if status is not None:
                status.update(format_status_line(sidecar, console.width - SPINNER_COLUMNS))
