"""Port latencies: the latency ranges that our JACK ports declare, from the ledger and from what is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bridge.core.audio import CHANNELS
from bridge.core.latency import LOOP_SENDS, PATH_SENDS, RETURNED, Ledger
from bridge.drivers.libjack import (
    CAPTURE,
    PLAYBACK,
    port_latency,
    read_connected_names,
    read_latency_of,
    set_port_latency,
)

RETURNED_PORTS: tuple[str, ...] = tuple(f"{path}_{i + 1}" for path in RETURNED for i in range(CHANNELS))
"""Audio ports that return what came in, each with the delay of its path."""


class PlaybackLatency(NamedTuple):
    """Playback latency of what an output is connected to: ``least`` and ``most`` frames to the output.

    ``is_loop``: a client that it is connected to also sends to our audio inputs.
    """

    least: int = 0
    most: int = 0
    is_loop: bool = False


def declare_latencies(
    mode: int, ledger: Ledger, client: Any, outs: Mapping[str, Any], after: Mapping[str, PlaybackLatency]
) -> None:
    """Declare the latency before us plus ours (``mode`` CAPTURE), or after us plus ours (PLAYBACK), as JACK demands.

    ``outs``: our output ports, MIDI too, by their own names. ``after``: as `read_playback_latencies` returns it. What
    the choices of ``latency.jack.sends`` mean is at `bridge.core.latency.SENDS`.
    """
    delays = {port: path.declared for path in ledger for port in path.ports}
    following = {name: after.get(name, PlaybackLatency()) for name in outs}
    played = [name for name in outs if name not in RETURNED_PORTS]  # the band's sound with its notes
    for ins, names in ((client.inports, RETURNED_PORTS), (client.midi_inports[:1], played)):
        if mode == CAPTURE:
            ranges = [port_latency(port, CAPTURE) for port in ins]
            least, most = min(r[0] for r in ranges), max(r[1] for r in ranges)
            for name in names:
                delay = delays.get(name, 0)
                if ledger.sends == LOOP_SENDS and name in RETURNED_PORTS and following[name].is_loop:
                    delay += ledger.period - following[name].most
                set_port_latency(outs[name], CAPTURE, max(least + delay, 0), max(most + delay, 0))
        elif ledger.sends == PATH_SENDS:
            least = min(following[name].least + delays.get(name, 0) for name in names)
            most = max(following[name].most + delays.get(name, 0) for name in names)
            for port in ins:
                set_port_latency(port, PLAYBACK, least, most)
        else:
            # at the outputs too: Ardour declares at its inputs what it reads there, JACK passes that on to our outputs,
            # and so its output latency of before would stay when Master is disconnected or the period gets shorter
            for port in (*ins, *(outs[name] for name in names)):
                set_port_latency(port, PLAYBACK, 0, 0)


def read_playback_latencies(client: Any, outs: Mapping[str, Any]) -> dict[str, PlaybackLatency]:
    """What follows each of our outputs, by its name. Not for JACK's callbacks: it may ask the server.

    It goes by the ports there, since the range of our own port may still be what we declared.
    """
    senders = {_get_client(name) for port in client.inports for name in read_connected_names(client, port)}
    found = {}
    for name, port in outs.items():
        peers = read_connected_names(client, port)
        ranges = [read_latency_of(client, peer, PLAYBACK) for peer in peers] or [(0, 0)]
        is_loop = any(_get_client(peer) in senders for peer in peers)
        found[name] = PlaybackLatency(min(r[0] for r in ranges), max(r[1] for r in ranges), is_loop)
    return found


def _get_client(port: str) -> str:
    return port.partition(":")[0]
