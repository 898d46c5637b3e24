"""Light slots: which lights are one and the same on the device, in this layer or that, and what it shows now."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bridge.controllers.lights.hand import FaderHand
from bridge.controllers.lights.lights import Light
from bridge.controllers.mappings.mapping import MessageSpec


class LightSlot:
    """One place on the device that lights, and its ``lights``, in the order of the mapping."""

    def __init__(self, lights: list[Light]) -> None:
        self.lights = lights
        self.hand = FaderHand() if any(light.is_motor for light in lights) else None
        self.shown: bytes | None = None
        """What the device shows, as far as it was sent; None: unknown, and whatever it should show is sent."""
        self.sent_s = -math.inf
        self.fresh_s = -math.inf
        """When its reading was last published."""
        self.flash: str = ""
        """"on" or "downbeat" until ``flash_end_s``."""
        self.flash_end_s = -math.inf

    def list_active(self, layer: str) -> list[Light]:
        """The lights of the active ``layer``, or else those that are in all layers; the last one that is on is seen.

        So the light of a key can flash with the beat, and a pad have a colour for each choice. Empty: it is dark.
        """
        own = [light for light in self.lights if light.layer == layer and layer]
        return own or [light for light in self.lights if not light.layer]

    @property
    def blank(self) -> bytes | None:
        """What switches it off where the active layer has no light for it. A motor stays where it is."""
        if self.hand is not None:
            return None
        return next((blank for light in self.lights if (blank := light.blank) is not None), None)

    @property
    def messages(self) -> set[MessageSpec]:
        """What the inputs that it belongs to send."""
        return {light.message for light in self.lights if light.message is not None}


def make_slots(lights: Iterable[Light]) -> tuple[LightSlot, ...]:
    """Join lights of the same input, and those whose messages begin alike, into slots."""
    groups: list[list[Light]] = []
    group_of: dict[object, int] = {}
    for light in lights:
        keys: list[object] = [*light.addresses, *([light.message] if light.message is not None else [])]
        joined = sorted({group_of[key] for key in keys if key in group_of})
        if joined:
            first, *others = joined
            for other in others:
                groups[first] += groups[other]
                groups[other] = []
                group_of.update({key: first for key, group in group_of.items() if group == other})
        else:
            first = len(groups)
            groups.append([])
        groups[first].append(light)
        group_of.update(dict.fromkeys(keys, first))
    return tuple(LightSlot(group) for group in groups if group)
