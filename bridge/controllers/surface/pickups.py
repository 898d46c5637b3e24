"""Pickups of a device's faders: one for each, which begins anew where the fader sets another control."""

from __future__ import annotations

from bridge.controllers.mappings.mapping import Input, MessageSpec, SetControl
from bridge.controllers.surface.pickup import Pickup


class PickupTable:
    """The pickup of each fader, by its message.

    One fader may set several controls, by layer and bank. Its pickup is that of the control which it set last: once it
    sets another one, nobody knows where it stood for the first.
    """

    def __init__(self) -> None:
        self._pickups: dict[MessageSpec, tuple[tuple[int, str], Pickup]] = {}

    def find(self, item: Input, target: SetControl) -> Pickup:
        """The pickup of ``item``, while ``target`` is what it sets."""
        key = (item.entry, target.control.name)
        known = self._pickups.get(item.message)
        if known is not None and known[0] == key:
            return known[1]
        pickup = Pickup(target.control, target.low, target.high, target.curve, item.message.maximum)
        self._pickups[item.message] = key, pickup
        return pickup

    def describe(self, item: Input, target: SetControl, present: float) -> str:
        """For the user: whether the fader sets the control, or where it has to be moved."""
        key, pickup = self._pickups.get(item.message, ((0, ""), None))
        if pickup is None or key != (item.entry, target.control.name):
            pickup = Pickup(target.control, target.low, target.high, target.curve, item.message.maximum)
        return pickup.describe(present)

    def forget(self, message: MessageSpec) -> None:
        """The fader is moved while it sets nothing, or something without a pickup."""
        self._pickups.pop(message, None)

    def clear(self) -> None:
        """The device is gone: its faders may be moved unseen."""
        self._pickups.clear()
