"""Ports of the audio system by words, stereo pairs as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.core.session import Session
from tui.core.values import read_text
from tui.text.matching import UnclearError, find_one


@dataclass(slots=True)
class PortGroup:
    """A port, or the ports of a pair. ``direction``: out (a source) or in; ``ports``: full names."""

    name: str
    kind: str
    direction: str
    ports: list[str] = field(default_factory=list)


def list_groups(session: Session) -> list[PortGroup]:
    """All ports, those of a pair together, under the client and the name that they share."""
    groups: dict[tuple[str, str, str], PortGroup] = {}
    for row in session.read_rows("routing.port"):
        port, kind, direction = (read_text(row, name) for name in ("port", "kind", "direction"))
        pair = read_text(row, "pair")
        shown = pair if not pair or ":" in pair else f"{read_text(row, 'client')}:{pair}"
        name = shown or port
        group = groups.setdefault((name, kind, direction), PortGroup(name, kind, direction))
        group.ports.append(port)
    return list(groups.values())


def find_group(session: Session, words: Sequence[str], direction: str) -> PortGroup:
    """The port or pair that the words mean.

    Raises:
        UnclearError: None or several fit.
    """
    groups = [group for group in list_groups(session) if group.direction == direction]
    kind = "source" if direction == "out" else "destination"
    if not groups:
        raise UnclearError(f"no {kind} is known; ports lists what there is")
    for group in groups:
        for port in group.ports:
            if port == " ".join(words):
                return PortGroup(port, group.kind, direction, [port])
    return find_one(words, groups, lambda group: group.name, kind)


def check_kinds(source: PortGroup, destination: PortGroup) -> None:
    """Check that both can be connected.

    Raises:
        UnclearError: One is audio and the other is MIDI.
    """
    if source.kind != destination.kind:
        raise UnclearError(f"{source.name} is {source.kind} and {destination.name} is {destination.kind}")
