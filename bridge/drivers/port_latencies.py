"""Port latencies: the latency ranges that our JACK ports declare, from the ledger and from what is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.core.audio import CHANNELS
from bridge.core.latency import NO_SENDS, RETURNED, Ledger
from bridge.drivers.libjack import CAPTURE, PLAYBACK, port_latency, set_port_latency

RETURNED_PORTS: tuple[str, ...] = tuple(f"{path}_{i + 1}" for path in RETURNED for i in range(CHANNELS))
"""Audio ports that return what came in, each with the delay of its path."""


def declare_latencies(mode: int, ledger: Ledger, client: Any, outs: Mapping[str, Any]) -> None:
    """Declare the latency before us plus ours (``mode`` CAPTURE), or after us plus ours (PLAYBACK), as JACK demands.

    ``outs``: our output ports, MIDI too, by their own names. With ``latency.jack.sends`` at none the inputs declare 0,
    see `bridge.core.latency.SENDS`.
    """
    delays = {port: path.declared for path in ledger for port in path.ports}
    played = [name for name in outs if name not in RETURNED_PORTS]  # the band's sound with its notes
    for ins, names in ((client.inports, RETURNED_PORTS), (client.midi_inports[:1], played)):
        if mode == CAPTURE:
            ranges = [port_latency(port, CAPTURE) for port in ins]
            least, most = min(r[0] for r in ranges), max(r[1] for r in ranges)
            for name in names:
                delay = delays.get(name, 0)
                set_port_latency(outs[name], CAPTURE, least + delay, most + delay)
        else:
            after = [(port_latency(outs[name], PLAYBACK), delays.get(name, 0)) for name in names]
            least = min(found[0] + delay for found, delay in after)
            most = max(found[1] + delay for found, delay in after)
            if ledger.sends == NO_SENDS:
                least = most = 0
            for port in ins:
                set_port_latency(port, PLAYBACK, least, most)
