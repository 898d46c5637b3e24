"""Port assignment: which of the ports that are there belong to which mapping.

A port belongs to the mapping whose patterns describe it best, so that "MPK mini 3" is not taken for a second "MPK mini"
where both have a mapping. Where two fit equally well the first one has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.ports.port_names import PortPair, SystemName, find_pairs, rate_name, select_patterns

THROUGH = "midi through"


def assign_ports(
    mappings: Sequence[Mapping], inputs: Sequence[str], outputs: Sequence[str], system: SystemName
) -> list[tuple[Mapping, PortPair]]:
    """The devices that are there, each with its mapping, by the names of all ports. Units of one model are several."""
    owners_in = [find_owner(mappings, name, system) for name in inputs]
    owners_out = [_find_best(mappings, name, _select_output, system) for name in outputs]
    return [
        (mapping, pair)
        for mapping in mappings
        for pair in find_pairs(
            [name for name, owner in zip(inputs, owners_in, strict=True) if owner is mapping],
            [name for name, owner in zip(outputs, owners_out, strict=True) if owner is mapping],
            _select_input(mapping, system),
            _select_output(mapping, system),
        )
    ]


def list_unassigned(mappings: Sequence[Mapping], inputs: Sequence[str], system: SystemName) -> list[PortPair]:
    """The inputs that no mapping fits, without an output; those of ALSA that give back what they are sent are none."""
    others = [name for name in inputs if THROUGH not in name.lower()]
    names = [name for name in others if find_owner(mappings, name, system) is None]
    return [PortPair(name, "", names[:at].count(name)) for at, name in enumerate(names)]


def find_owner(mappings: Sequence[Mapping], name: str, system: SystemName) -> Mapping | None:
    """The mapping whose patterns describe the input port called ``name`` best; None where none does."""
    return _find_best(mappings, name, _select_input, system)


def find_unsure(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Names that there were and are, and now another number of them: nobody can say which port came or went."""
    old, new = Counter(before), Counter(after)
    return {name for name in old.keys() & new.keys() if old[name] != new[name]}


def _select_input(mapping: Mapping, system: SystemName) -> tuple[str, ...]:
    return select_patterns(mapping.device.input, system)


def _select_output(mapping: Mapping, system: SystemName) -> tuple[str, ...]:
    # most devices call both alike
    return select_patterns(mapping.device.output or mapping.device.input, system)


def _find_best(
    mappings: Sequence[Mapping],
    name: str,
    select: Callable[[Mapping, SystemName], tuple[str, ...]],
    system: SystemName,
) -> Mapping | None:
    """The mapping whose patterns, which ``select`` takes out of it, describe the port called ``name`` best."""
    best, found = 0, None
    for mapping in mappings:
        rating = rate_name(name, select(mapping, system))
        if rating > best:
            best, found = rating, mapping
    return found
