"""Endpoints: the ports that a name means, which is a port's or a stereo pair's, and the links between two of them."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.core.control import suggest_nearest
from bridge.errors import ControlError
from bridge.routing.pairs import Pairs
from bridge.routing.port_graph import Link, Port


def find_endpoint(name: str, is_source: bool, ports: Mapping[str, Port], pairs: Pairs) -> tuple[Port, ...]:
    """The port ``name``, or both ports of the pair ``name``, left first.

    Raises:
        ControlError: There is none, or it has the other direction.
    """
    if pair := pairs.by_name.get((is_source, name)):
        return ports[pair.left], ports[pair.right]
    port = ports.get(name)
    is_pair = (not is_source, name) in pairs.by_name
    if is_pair or (port is not None and port.is_source != is_source):
        what, fix = ("an input", "a source") if is_source else ("an output", "a destination")
        raise ControlError(f"{name} is {what} and cannot be {fix}", "give the source first, then the destination")
    if port is None:
        known = [one.name for one in ports.values() if one.is_source == is_source]
        known += [pair_name for source, pair_name in pairs.by_name if source == is_source]
        kind = "output" if is_source else "input"
        raise ControlError(
            f"no {kind} port is named {name}", suggest_nearest(name, known, "the reading /routing/port lists them")
        )
    return (port,)


def join_endpoints(sources: tuple[Port, ...], destinations: tuple[Port, ...]) -> list[Link]:
    """The links that connect them: two pairs side by side, a port and a pair to both channels.

    Raises:
        ControlError: One is audio and the other MIDI.
    """
    source, destination = sources[0], destinations[0]
    if source.kind != destination.kind:
        raise ControlError(
            f"{source.name} is {source.kind} and {destination.name} is {destination.kind}",
            "connect ports of one kind",
        )
    if len(sources) == len(destinations):
        return [(one.name, other.name) for one, other in zip(sources, destinations, strict=True)]
    return cross_endpoints(sources, destinations)


def cross_endpoints(sources: tuple[Port, ...], destinations: tuple[Port, ...]) -> list[Link]:
    """Every link that may be between them: those of a pair that is connected crosswise, too."""
    return [(one.name, other.name) for one in sources for other in destinations]
