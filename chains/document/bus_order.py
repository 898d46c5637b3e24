"""Bus order: the order in which auxiliary buses are processed, so that each comes behind those that send to it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from bridge.errors import ConfigError
from chains.document.chain import AuxBus, Chain
from chains.document.member_paths import walk_members


def order_buses(chain: Chain) -> tuple[AuxBus, ...]:
    """The buses of a chain, each behind all that send to it.

    Raises:
        ConfigError: Buses send to one another in a circle.
    """
    senders: dict[str, list[str]] = {bus.name: [] for bus in chain.buses}
    for key, member in walk_members(chain):
        if key.startswith("bus["):
            number = int(key[len("bus[") : key.index("]")])
            for name in member.sends:
                senders.setdefault(name, []).append(chain.buses[number].name)
    try:
        order = {name: place for place, name in enumerate(TopologicalSorter(senders).static_order())}
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise ConfigError(
            f"bus: buses send to one another in a circle: {circle}", "take one of these sends out"
        ) from error
    return tuple(sorted(chain.buses, key=lambda bus: order[bus.name]))
