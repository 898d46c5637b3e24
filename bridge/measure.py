"""Latency measurement of a sidecar: every path of one that runs, or of one that is started for it."""

from __future__ import annotations

from contextlib import ExitStack

import msgspec

from bridge.app import Sidecar
from bridge.core.audio import STEMS
from bridge.core.latency import UNMEASURED, Ledger, describe_disagreement
from bridge.drivers.dummy_server import DummyServer
from bridge.path_measurement import MeasuredDelays, PathMeasurement
from bridge.runtime.graph import Graph
from bridge.settings import NO_DEVICES, NO_JOBS, NO_OSCQUERY, OscSettings, Settings


def measure(sidecar: Sidecar, freewheel: bool) -> MeasuredDelays:
    """Measure every path of a running sidecar and store the result in the ledger.

    ``freewheel`` is exact however busy the machine is, but stops real time for everyone on that server.
    """
    jack = sidecar.settings.jack
    path = PathMeasurement(sidecar.bus, sidecar.signal_path.graph, jack.client, jack.server, freewheel)
    engines = path.measure_engines()
    return MeasuredDelays(path.measure_paths(), engines)


def find_disagreements(graph: Graph, measured: MeasuredDelays) -> list[str]:
    """A line for each path of ``graph`` whose measured delay is not the declared one.

    The delay through the engines is compared where stems are separated. The ledger has a mix without that too, where
    an insert delays it.
    """
    ledger = graph.ledger
    lines = [
        describe_disagreement(path.name, path.declared, measured.ping.get(path.name, UNMEASURED))
        for path in ledger
        if path.ports and measured.ping.get(path.name, UNMEASURED) != path.declared
    ]
    if graph.plan.audio_worker < 0:
        return lines
    for name, path in (("mix", "mix"), ("sum of stems", STEMS[0])):  # an insert in the mix delays the mix alone
        declared, frames = ledger[path].declared, measured.engines[name]
        if frames != declared:
            lines.append(describe_disagreement(f"{name} through the engines", declared, frames))
    return lines


def measure_new_sidecar(settings: Settings, server: str, rate: int, period: int) -> tuple[Ledger, list[str]]:
    """Start a sidecar, measure it, and return its ledger and the paths that disagree.

    Without a ``server`` on a dummy server of its own that freewheels, else on that server in real time.
    """
    with ExitStack() as opened:
        name = server or opened.enter_context(DummyServer(rate, period)).name
        jack = msgspec.structs.replace(settings.jack, server=name, client="sideman-measured")
        # its engines are the user's; a DAW, a clock, a device or a port is the other sidecar's
        own = Settings(
            jack=jack, engines=settings.engines, osc=OscSettings(port=0), controllers=NO_DEVICES, jobs=NO_JOBS,
            oscquery=NO_OSCQUERY,
        )  # fmt: skip
        sidecar = opened.enter_context(Sidecar(own))
        found = measure(sidecar, freewheel=not server)
        graph = sidecar.signal_path.graph
        return graph.ledger, find_disagreements(graph, found)
