"""Simulated DAW: tracks with faders, mutes and solos that shows eight of them on a Mackie Control, as a host does.

It toggles at the press of a button, takes a fader only while that is touched, answers late, rounds to its own steps,
and repeats what it was sent. Nothing here is taken from the product: it is the other side of the cable.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STRIPS = 8
HEADER = bytes((0xF0, 0x00, 0x00, 0x66, 0x14))


@dataclass
class Track:
    """A track of the song. ``fader``: 0 to 16383."""

    name: str
    fader: int = 12000
    mute: bool = False
    solo: bool = False


@dataclass
class SimulatedDaw:
    """A DAW with ``tracks``.

    ``delay_s``: from what it is sent to what it answers. ``step``: of its faders, of 16384. ``echoes``: whether it
    repeats a fader move. ``answers``: whether it does anything at a press. ``names_after_s``: from faders and lights to
    the names of a bank; negative where it sends the names first.
    """

    tracks: list[Track]
    delay_s: float = 0.05
    step: int = 1
    echoes: bool = True
    names_after_s: float = 0.0
    answers: bool = True
    has_display: bool = True
    bank: int = 0
    touched: set[int] = field(default_factory=set)
    presses: int = 0
    _line: list[tuple[float, list[bytes]]] = field(default_factory=list)

    def connect(self, now_s: float) -> None:
        """Show all: what a DAW sends when a surface appears, and after a change of bank, names first or last."""
        shown = self.shown()
        messages = [self._fader(i) for i in range(len(shown))]
        messages += [bytes((0x90, note + i, 0x7F * on)) for i, t in enumerate(shown) for note, on in _switches(t)]
        self._line.append((now_s + max(-self.names_after_s, 0.0), messages))
        if self.has_display:
            names = b"".join(track.name.encode()[:6].ljust(7) for track in shown).ljust(7 * STRIPS)
            self._line.append((now_s + max(self.names_after_s, 0.0), [HEADER + bytes((0x12, 0)) + names + b"\xf7"]))

    def shown(self) -> list[Track]:
        """The tracks on the strips."""
        return self.tracks[self.bank : self.bank + STRIPS]

    def move(self, index: int, fader: int, now_s: float) -> None:
        """Its user moves the fader of a track."""
        self.tracks[index].fader = fader
        if self.bank <= index < self.bank + STRIPS:
            self._line.append((now_s, [self._fader(index - self.bank)]))

    def click(self, index: int, switch: str, now_s: float) -> None:
        """Its user clicks the ``mute`` or ``solo`` of a track."""
        track = self.tracks[index]
        setattr(track, switch, not getattr(track, switch))
        if self.bank <= index < self.bank + STRIPS:
            self._line.append((now_s, [self._led(index - self.bank, switch)]))

    def show_bank(self, bank: int, now_s: float) -> None:
        """Its user scrolls the mixer to another track."""
        self.bank = bank
        self.connect(now_s)

    def receive(self, message: bytes, now_s: float) -> None:
        """Take a message of the surface in."""
        kind, shown = message[0] & 0xF0, self.shown()
        if kind == 0xE0:
            strip = message[0] & 0x0F
            assert strip in self.touched, "a fader was moved that nobody touches"
            if strip < len(shown):
                shown[strip].fader = (message[1] | message[2] << 7) // self.step * self.step
                if self.echoes:
                    self._line.append((now_s + self.delay_s, [self._fader(strip)]))
        elif message[0] == 0x90 and 0x68 <= message[1] < 0x70:
            self.touched = self.touched | {message[1] - 0x68} if message[2] else self.touched - {message[1] - 0x68}
        elif message[0] == 0x90 and message[2] == 0x7F and 0x08 <= message[1] < 0x18:
            self.presses += 1
            strip, switch = (message[1] - 8) % STRIPS, "solo" if message[1] < 0x10 else "mute"
            if strip < len(shown) and self.answers:
                setattr(shown[strip], switch, not getattr(shown[strip], switch))
                self._line.append((now_s + self.delay_s, [self._led(strip, switch)]))

    def take_output(self, now_s: float) -> list[bytes]:
        """What it sends by now."""
        due = [messages for at_s, messages in self._line if at_s <= now_s]
        self._line = [entry for entry in self._line if entry[0] > now_s]
        return [message for messages in due for message in messages]

    def _fader(self, strip: int) -> bytes:
        fader = self.shown()[strip].fader
        return bytes((0xE0 + strip, fader & 0x7F, fader >> 7))

    def _led(self, strip: int, switch: str) -> bytes:
        on = getattr(self.shown()[strip], switch)
        return bytes((0x90, strip + (0x10 if switch == "mute" else 0x08), 0x7F * on))


def _switches(track: Track) -> list[tuple[int, bool]]:
    return [(0x10, track.mute), (0x08, track.solo)]
