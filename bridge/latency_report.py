"""Latency report: the delays that ``sideman latency`` shows, of the sidecar that runs or of one that would, and whose.

The sidecar that runs goes first: it has live inserts, which the settings do not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from bridge.command_options import open_osc_client
from bridge.core.latency import Ledger
from bridge.errors import DriverError
from bridge.osc.client import OscClient, UnreachableError
from bridge.running_latency import RunningLatency, measure_running_latency, read_running_latency
from bridge.settings import Settings

DEFAULT_RATE, DEFAULT_PERIOD = 44100, 128
"""Sampling rate in Hz and period in frames of the latencies that are shown where no server is asked."""

Measure: TypeAlias = Callable[[OscClient], RunningLatency]
"""Measures the sidecar that a client reaches."""


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """Delays of all paths. ``origin``: whose they are, a sentence. ``problems``: a line for each that disagrees."""

    ledger: Ledger
    origin: str
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LatencySource:
    """Whose delays are asked for.

    Attributes:
        settings: With the name of the JACK client.
        server: The JACK server that the sidecar has to be on; empty: any.
        port: The UDP port of the sidecar; 0: that of the settings, where none needs to answer.
        rate: The sampling rate in Hz of a sidecar that does not run; 0: the one that runs is asked.
        period: The same in frames.
    """

    settings: Settings
    server: str = ""
    port: int = 0
    rate: int = 0
    period: int = 0


def report_declared(source: LatencySource) -> LatencyReport:
    """The declared delays: of the running sidecar, else of the settings.

    Raises:
        DriverError: The sidecar of ``source.port`` does not answer, a sidecar is still starting, or one is on
            ``source.server`` and cannot be asked.
        ControlError: It refuses to answer.
    """
    from bridge.declared_ledger import make_declared_ledger

    running, why = _ask(source)
    if running is not None:
        return LatencyReport(running.ledger, f"Declared by {running.describe()}")
    ledger = make_declared_ledger(
        source.settings, source.server, source.rate or DEFAULT_RATE, source.period or DEFAULT_PERIOD
    )
    return LatencyReport(
        ledger, f"From the settings, at {ledger.rate} Hz and period {ledger.period}, without inserts: {why}."
    )


def report_measured(source: LatencySource, anyway: bool = False) -> LatencyReport:
    """The measured delays: of the running sidecar with its inserts, else of one that is started for it.

    ``anyway``: also while the music plays.

    Raises:
        DriverError: As `report_declared`; or the running sidecar has no ports, or there is no JACK.
        ControlError: The music plays, or the sidecar is measured already.
    """
    running, why = _ask(source, partial(measure_running_latency, anyway=anyway))
    if running is not None:
        return LatencyReport(running.ledger, f"Measured on {running.describe()}", running.find_disagreements())
    from bridge.measure import measure_new_sidecar

    ledger, problems = measure_new_sidecar(
        source.settings, source.server, source.rate or DEFAULT_RATE, source.period or DEFAULT_PERIOD
    )
    origin = f"Measured on a sidecar that was started for it, without inserts: {why}."
    return LatencyReport(ledger, origin, problems)


def _ask(source: LatencySource, measure: Measure | None = None) -> tuple[RunningLatency | None, str]:
    """The running sidecar as it declares its delays, or as ``measure`` finds them; without one, None and why."""
    if source.rate or source.period:
        return None, "no sidecar was asked"
    try:
        with open_osc_client(source.port) as client:
            running = read_running_latency(client)
            if source.server in ("", running.server):
                return (running if measure is None else measure(client)), ""
    except UnreachableError as error:
        if source.port:
            raise
        why = f"no sidecar that runs was found ({error.message}; another port: --port)"
    else:
        why = f"the sidecar that answers is on the server {running.server} (another one: --port)"
    if source.server:
        _refuse_to_guess(source.server, why)
    return None, why


def _refuse_to_guess(server: str, why: str) -> None:
    """Raise where a sidecar is on ``server`` and could not be asked: its inserts are not known."""
    from bridge.drivers.clients import list_clients_with
    from bridge.drivers.jack_driver import CONTROL_IN

    if names := list_clients_with(server, CONTROL_IN):
        raise DriverError(
            f"the sidecar {' and '.join(names)} runs on {server} and cannot be asked for its inserts: {why}",
            "give its OSC port by --port: the start of sideman run names it",
        )
