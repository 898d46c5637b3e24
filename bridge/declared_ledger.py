"""Declared ledger: the latencies of a sidecar that does not run."""

from __future__ import annotations

import logging

from bridge.control.sidecar import RESERVE_FRAMES
from bridge.core.latency import Ledger
from bridge.drivers.clients import ask_server
from bridge.runtime.graph import Graph
from bridge.runtime.rate_refusals import wire_runnable
from bridge.settings import Settings, list_engines_by_role

log = logging.getLogger(__name__)


def make_declared_ledger(settings: Settings, server: str, rate: int, period: int) -> Ledger:
    """The latencies declared on ``server``, or at ``rate`` and ``period`` without one. Nothing runs."""
    if server:
        facts = ask_server(server)
        rate, period = facts.rate, facts.period
    reserves = dict(RESERVE_FRAMES)
    wiring, refused = wire_runnable(list_engines_by_role(settings), rate, reserves)
    for role, why in refused.items():
        log.warning("%s is off at %d Hz: %s", role, rate, why)
    with Graph(wiring, period, reserves, {}) as graph:
        return graph.ledger
