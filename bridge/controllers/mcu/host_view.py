"""Host view: what a DAW shows on the Mackie Control that Sideman is for it: names, faders and lights of its strips."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.controllers.mcu.protocol import (
    LED_BLINK,
    LINE_CHARACTERS,
    NOTE_MUTE,
    NOTE_SOLO,
    STRIP_CHARACTERS,
    STRIPS,
    Command,
    parse_sysex,
)

STALE_S = 0.3
"""Age up to which what a strip was sent before its name changed is of the new name: a DAW that changes its bank sends
faders, lights and names in any order."""


@dataclass(slots=True)
class Arrival:
    """What the DAW sent last for a fader or light, until it is taken. ``since_s``: when the first of them arrived."""

    value: int
    since_s: float
    latest_s: float


@dataclass(slots=True)
class HostStrip:
    """A strip as the DAW shows it. ``name``: in lower case, empty before there is one.

    ``leds``: its lights, by the first strip's note. A device that was switched on is dark: one that was never sent is
    off. ``fader``, ``arrivals`` (by the same note): what is new.
    """

    name: str = ""
    fader: Arrival | None = None
    leds: dict[int, bool] = field(default_factory=dict)
    arrivals: dict[int, Arrival] = field(default_factory=dict)

    def keep(self, note: int, arrival: Arrival | None) -> None:
        """Keep what arrived for a light, or forget it where it was taken."""
        if arrival is None:
            self.arrivals.pop(note, None)
        else:
            self.arrivals[note] = arrival

    def rename(self, name: str, now_s: float) -> None:
        """Show another name. What arrived long before it was of the old one."""
        if self.name:
            if self.fader is not None and now_s - self.fader.latest_s > STALE_S:
                self.fader = None
            self.arrivals = {n: a for n, a in self.arrivals.items() if now_s - a.latest_s <= STALE_S}
        self.name = name


class HostView:
    """What the DAW has sent. All of it fits in eight strips and one line of text, whatever arrives.

    ``has_names``: it has written into the upper line. ``since_s``: its first message, None before there was one.
    """

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self.forget()

    def forget(self) -> None:
        """Forget all: another DAW may be there now, or the same one with another song."""
        self.strips = [HostStrip() for _ in range(STRIPS)]
        self.has_names = False
        self.since_s: float | None = None
        self._line = bytearray(b" " * LINE_CHARACTERS)

    def receive(self, message: bytes, now_s: float) -> None:
        """Take a message in. One that is not whole, or of a strip that does not exist, is ignored."""
        if not message:
            return
        kind, data = message[0] & 0xF0, message[1:]
        if kind == 0xF0:
            self._receive_sysex(message, now_s)
        elif len(data) == 2 and max(data) <= 0x7F:
            if kind == 0xE0:
                self._receive_fader(message[0] & 0x0F, data[0] | data[1] << 7, now_s)
            elif message[0] == 0x90:
                self._receive_led(data[0], data[1], now_s)

    def _receive_fader(self, index: int, position: int, now_s: float) -> None:
        if index < STRIPS:
            self._mark_traffic(now_s)
            strip = self.strips[index]
            strip.fader = _renew(strip.fader, position, now_s)

    def _receive_led(self, note: int, velocity: int, now_s: float) -> None:
        for first in (NOTE_MUTE, NOTE_SOLO):
            if first <= note < first + STRIPS:
                self._mark_traffic(now_s)
                strip = self.strips[note - first]
                # blinking is no state of the strip itself: it is silent because another one is soloed
                strip.leds[first] = velocity > LED_BLINK
                strip.arrivals[first] = _renew(strip.arrivals.get(first), velocity > LED_BLINK, now_s)

    def _receive_sysex(self, message: bytes, now_s: float) -> None:
        parsed = parse_sysex(message, self._unit)
        if parsed is None:
            return
        self._mark_traffic(now_s)
        command, data = parsed
        if command != Command.LCD or not data:
            return
        offset, text = data[0], data[1:]
        if offset >= LINE_CHARACTERS or not text:
            return
        text = text[: LINE_CHARACTERS - offset]
        self._line[offset : offset + len(text)] = text
        self.has_names = self.has_names or bool(text.strip(b"\0 "))
        for i, strip in enumerate(self.strips):
            written = self._line[i * STRIP_CHARACTERS : (i + 1) * STRIP_CHARACTERS]
            name = written.decode("ascii").strip("\0 ").casefold()
            if name != strip.name:
                strip.rename(name, now_s)

    def _mark_traffic(self, now_s: float) -> None:
        if self.since_s is None:
            self.since_s = now_s


def _renew(arrival: Arrival | None, value: int, now_s: float) -> Arrival:
    return Arrival(int(value), now_s if arrival is None else arrival.since_s, now_s)
