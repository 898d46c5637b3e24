"""MIDI learn: finds which fader, knob or button of which device a user moves, and binds it to a control or action.

Pure logic: while it listens it gets every message of every device, and the time with it.
`bridge.controllers.learning.learn_binding` writes what was learned into the device's mapping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.control.registry import Registry
from bridge.controllers.learning.kind_detection import Detection
from bridge.controllers.learning.learn_target import LearnTarget, describe_target, make_entry, parse_target
from bridge.controllers.learning.message_tracker import PRESSURE, MessageHistory, MessageTracker
from bridge.controllers.mappings.mapping import Mapping, MessageKind, MessageSpec
from bridge.controllers.mappings.mapping_file import InputTable
from bridge.controllers.mappings.mapping_reader import list_controllers
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.core.control import Control
from bridge.errors import ControlError

MOST = 5
"""Candidates that are listed."""
MOST_RATED = 32
"""Messages that are looked at closely, those that came last: a storm of all messages costs no more."""
HALF_S = 1.5
"""In this time a candidate that rests falls to half of its movement, so that the newest is ahead."""
UNFIT = 0.05
"""Share of the movement of what can hardly be meant, such as a key where a fader is to be learned."""
LEAST_MOVEMENT = 0.01
"""Below it (a knob that trembles between two values of 127) nothing is listed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the user may have moved. ``rank``: from 1, the likeliest. ``value``: its last. ``movement``: 1 is a whole
    range. ``conflict``: what it is bound to already, empty where it is free."""

    rank: int
    device: str
    spec: MessageSpec
    detection: Detection
    value: int
    movement: float
    conflict: str = ""

    @property
    def message(self) -> str:
        """Its message as a mapping file has it, always with the channel."""
        return format_message_spec(self.spec)


@dataclass(frozen=True, slots=True)
class LearnedBinding:
    """What was learned: ``entry`` is for the mapping of ``device``; ``conflict``: what its message was bound to."""

    device: str
    spec: MessageSpec
    target: LearnTarget
    entry: InputTable
    conflict: str = ""


class Learn:
    """Learning of one binding at a time. ``get_mapping``: the mapping of a device, None where it has none."""

    def __init__(self, registry: Registry, get_mapping: Callable[[str], Mapping | None]) -> None:
        self._registry = registry
        self._get_mapping = get_mapping
        self._trackers: dict[str, MessageTracker] = {}
        self.target: LearnTarget | None = None
        """What is being learned; None while nothing is."""

    def start(self, text: str) -> LearnTarget:
        """Listen for what is to set the control, or trigger the action, that ``text`` names; see `parse_target`.

        Raises:
            ControlError: There is none of that name, or the value or argument is not one of it.
        """
        self.target = parse_target(self._registry, text)
        self._trackers.clear()
        return self.target

    def cancel(self) -> None:
        """Listen no more."""
        self.target = None
        self._trackers.clear()

    def observe(self, device: str, message: bytes, now_s: float) -> None:
        """Note one whole message of a device; nothing happens while nothing is being learned."""
        if self.target is not None:
            self._trackers.setdefault(device, MessageTracker()).receive(message, now_s)

    def candidates(self, now_s: float) -> tuple[Candidate, ...]:
        """What may be meant, the likeliest first: newest and largest movement, of a kind that fits the target."""
        scored: list[tuple[float, str, MessageHistory, Detection, float]] = []
        moved = [
            (history, device, tracker)
            for device, tracker in self._trackers.items()
            for history in tracker.list_histories()
        ]
        moved.sort(key=lambda one: -one[0].last_s)
        for history, device, tracker in moved[:MOST_RATED]:
            detection = history.detect(now_s, self.target is not None and self.target.wants_button)
            movement = history.compute_movement(detection)
            if history.spec.kind in _PRESSURES and tracker.has_key(history.spec):
                movement *= PRESSURE
            if movement >= LEAST_MOVEMENT:
                score = movement * 0.5 ** ((now_s - history.last_s) / HALF_S)
                score *= UNFIT if self._is_unfit(detection) else 1.0
                scored.append((score, device, history, detection, movement))
        scored.sort(key=lambda one: -one[0])
        return tuple(
            Candidate(
                rank, device, history.spec, detection, history.value, movement, self.find_conflict(device, history.spec)
            )
            for rank, (_, device, history, detection, movement) in enumerate(scored[:MOST], 1)
        )

    def take(self, rank: int, now_s: float) -> LearnedBinding:
        """The binding of the candidate ``rank`` to the target; listening goes on until `cancel`.

        Raises:
            ControlError: Nothing is being learned, there is no such candidate, what it is is not clear yet, or it
                cannot be bound to this target.
        """
        if self.target is None:
            raise ControlError("nothing is being learned", "start with sideman learn and the name of a control")
        candidates = self.candidates(now_s)
        if not 1 <= rank <= len(candidates):
            there = f"there are {len(candidates)}" if candidates else "nothing has been moved"
            raise ControlError(f"no candidate {rank}: {there}", "move the fader, knob or button, then take it")
        candidate = candidates[rank - 1]
        entry = make_entry(self.target, candidate.message, candidate.detection)
        return LearnedBinding(candidate.device, candidate.spec, self.target, entry, candidate.conflict)

    def find_conflict(self, device: str, spec: MessageSpec) -> str:
        """What ``spec`` is bound to in the mapping of ``device``; empty where it is free."""
        mapping = self._get_mapping(device)
        bound = [one for one in mapping.inputs if overlaps(one.message, spec)] if mapping is not None else []
        return ", ".join(dict.fromkeys(describe_target(one.target) for one in bound))

    def _is_unfit(self, detection: Detection) -> bool:
        if self.target is None or (detection.kind is None and not detection.relative and not detection.is_button):
            return False
        if self.target.wants_button:
            return not detection.is_button
        assert isinstance(self.target.item, Control)
        return detection.is_button and self.target.item.kind != "choice"


_PRESSURES = (MessageKind.KEY_PRESSURE, MessageKind.CHANNEL_PRESSURE)


def overlaps(one: MessageSpec, other: MessageSpec) -> bool:
    """Whether two specs have a message in common: equal ones, and a controller that is a part of another."""
    if one.channel != other.channel:
        return False
    if one.kind is other.kind is MessageKind.PROGRAM:
        return one.number == other.number or -1 in (one.number, other.number)
    if one.kind is other.kind and one.kind is not MessageKind.CC14:
        return one.number == other.number
    return not set(list_controllers(one)).isdisjoint(list_controllers(other))
