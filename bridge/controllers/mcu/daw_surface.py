"""DAW surface: Sideman as a Mackie Control that a DAW adds, so that its mixer's faders, mutes and solos act on stems.

The DAW believes that it moves the motors and lights of a device. What it shows on a strip is what its own track has, so
that is set in Sideman; what changes in Sideman is sent back as a hand on the device would: touch, move, let go; press,
release. docs/mcu.md describes it for users, with the reasons for what is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridge.control.bus import Bus
from bridge.controllers.mappings.mapping import Strip
from bridge.controllers.mcu.host_view import HostStrip, HostView
from bridge.controllers.mcu.protocol import NOTE_MUTE, NOTE_SOLO, STRIP_CHARACTERS, UNIT_MAIN
from bridge.controllers.mcu.strip_link import ButtonLink, FaderLink, SetValue

NAMES_WAIT_S = 2.0
"""So long names are awaited from a DAW that sends anything. One that writes none has strips by number."""


class DawSurface:
    """The strips of a DAW, bound to those of Sideman that have a fader: by name, or by number in a DAW without names.

    A strip is bound if the DAW shows exactly its name on it, such as "Drums", in any case; of two alike the left one.
    A strip with another name is none of ours. At the start, and after a restart of the DAW, the DAW's values win; from
    then on the latest change. It is used by one thread. ``source``: by what name it changes controls.
    """

    def __init__(self, bus: Bus, strips: Sequence[Strip], unit: int = UNIT_MAIN, source: str = "mcu") -> None:
        self._bus = bus
        self._source = source
        self._view = HostView(unit)
        self._links = [_StripLinks(strip, bus) for strip in strips if "fader" in strip.controls]

    def receive(self, message: bytes, now_s: float) -> None:
        """Take one whole message of the DAW in. It has its effect in the next `take_output`."""
        self._view.receive(message, now_s)

    def update(self, now_s: float) -> None:
        """Nothing yet: what a DAW shows settles first."""

    def take_output(self, now_s: float) -> list[bytes]:
        """Do what the DAW's messages ask for, and return what it must be sent by now."""
        assigned = self._assign(now_s)
        sent, values = list[bytes](), self._bus.values() if any(strip is not None for strip in assigned) else {}
        for links, strip in zip(self._links, assigned, strict=True):
            sent += links.attach(strip, now_s)
            if strip is not None:
                sent += links.update(values, self._view.strips[strip], now_s, self._set)
        return sent

    def replay(self) -> None:
        """The DAW was started again, or looked who is there: its values win once more.

        What it has shown is kept, as it may show all before its handshake is complete.
        """
        for links in self._links:
            links.start_afresh(self._bus)

    def release(self, now_s: float) -> None:
        """The DAW is gone: nothing that it showed holds any longer, and nothing of it is touched."""
        del now_s
        self._view.forget()
        for links in self._links:
            links.start_afresh(self._bus)
            links.detach()

    def close(self) -> None:
        """End; it holds nothing that must be closed."""

    def find_strips(self) -> dict[str, int]:
        """The strips of the DAW, from 0, that are bound now, by the name of ours."""
        return {links.name: links.strip for links in self._links if links.strip is not None}

    def describe(self) -> str:
        """Which strips are bound, for the user; the DAW's are counted from 1."""
        strips = ", ".join(f"{name} {strip + 1}" for name, strip in self.find_strips().items())
        return f"on the DAW's strips: {strips}" if strips else "no strip of a DAW is bound"

    def _assign(self, now_s: float) -> list[int | None]:
        """The strip of the DAW for each of ours."""
        if self._view.has_names:
            shown = [strip.name for strip in self._view.strips]
            return [shown.index(links.shown_as) if links.shown_as in shown else None for links in self._links]
        since_s = self._view.since_s
        if since_s is None or now_s - since_s < NAMES_WAIT_S:
            return [None] * len(self._links)
        return [i if i < len(self._view.strips) else None for i in range(len(self._links))]

    def _set(self, name: str, value: float) -> float:
        return self._bus.set(name, value, self._source)


class _StripLinks:
    """Fader, mute and solo of one of our strips. ``strip``: that of the DAW, from 0; None while it shows none."""

    def __init__(self, strip: Strip, bus: Bus) -> None:
        self.name = strip.name
        self.shown_as = strip.name.casefold()[:STRIP_CHARACTERS].strip()
        self.strip: int | None = None
        self._controls = strip.controls
        fader = strip.controls["fader"]
        self._fader = FaderLink(fader, bus.get(fader.name))
        self._buttons = {
            note: (control, ButtonLink(control, note, bus.get(control.name)))
            for note, control in ((NOTE_MUTE, strip.controls.get("mute")), (NOTE_SOLO, strip.controls.get("solo")))
            if control is not None
        }

    def attach(self, strip: int | None, now_s: float) -> list[bytes]:
        """Bind to a strip of the DAW; returns what is sent."""
        if strip == self.strip:
            return []
        sent, self.strip = self._fader.let_go(), strip
        if strip is not None:
            self._fader.attach(strip)
            for _, button in self._buttons.values():
                button.attach(strip, now_s)
        return sent

    def update(self, values: Mapping[str, float], shown: HostStrip, now_s: float, set_value: SetValue) -> list[bytes]:
        """Bring our controls, of ``values``, and the strip as it is ``shown`` together; returns what is sent."""
        value = values[self._controls["fader"].name]
        sent, shown.fader = self._fader.update(value, shown.fader, now_s, set_value)
        for note, (control, button) in self._buttons.items():
            led, arrival = shown.leds.get(note, False), shown.arrivals.get(note)
            pressed, left = button.update(values[control.name], led, arrival, now_s, set_value)
            sent += pressed
            shown.keep(note, left)
        return sent

    def detach(self) -> None:
        """Bind to no strip, of a DAW that is gone."""
        self._fader.let_go()
        self.strip = None

    def start_afresh(self, bus: Bus) -> None:
        """Take the values of the controls as they are, for a DAW that sends its own next."""
        self._fader.start_afresh(bus.get(self._controls["fader"].name))
        for control, button in self._buttons.values():
            button.start_afresh(bus.get(control.name))
