"""Mapping: a controller's file after it was checked, with every name resolved and every message taken apart.

`bridge.controllers.mappings.mapping_reader` makes it, `bridge.controllers.surface.controller` runs it. All is
immutable; entries that stand for several messages have been expanded to one `Input` or `Feedback` each.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from bridge.controllers.mappings.mapping_file import (
    ButtonKind,
    Curve,
    DeviceTable,
    EncoderKind,
    StripFunctionName,
)
from bridge.controllers.mappings.message_template import MessageTemplate
from bridge.core.control import Control

BEAT = "mir.beat"
"""The reading that is a source without one of its fields: its lights are on for a moment at each beat."""


class MessageKind(enum.Enum):
    """Kind of an incoming message; the value is its word in a mapping file."""

    CC = "cc"
    CC14 = "cc14"
    """Two controllers, the fine one usually 32 above the coarse one."""
    NRPN = "nrpn"
    NOTE = "note"
    KEY_PRESSURE = "key pressure"
    CHANNEL_PRESSURE = "channel pressure"
    PITCH_BEND = "bend"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """What an input sends. ``channel``: from 0. ``number``: controller, note, NRPN (MSB << 7 | LSB) or program;

    0 where the kind has none, -1 for a program that is any. ``fine``: the LSB's controller of a CC14.
    """

    kind: MessageKind
    channel: int
    number: int = 0
    fine: int = -1

    @property
    def maximum(self) -> int:
        """The largest value: 127 or 16383."""
        wide = (MessageKind.CC14, MessageKind.NRPN, MessageKind.PITCH_BEND)
        return 16383 if self.kind in wide else 127


@dataclass(frozen=True, slots=True)
class ControlField:
    """A control, as source of feedback. ``choice``: on while the control has this value; None: by its own value."""

    control: Control
    choice: float | None = None


@dataclass(frozen=True, slots=True)
class ReadingField:
    """A field of a reading, as source of feedback. ``row``: of a keyed reading. ``field``: its index."""

    reading: str
    field: int
    row: str = ""


@dataclass(frozen=True, slots=True)
class StripField:
    """A function of a channel strip, by strip from 0 on the device, before the bank is added."""

    strip: int
    function: StripFunctionName


Source: TypeAlias = ControlField | ReadingField | StripField


@dataclass(frozen=True, slots=True)
class SetControl:
    """Sets ``control``. ``value``: what a button sets. ``step``: what a button or one step of an encoder adds.

    ``low`` and ``high``: values at the ends of a fader, low may be the larger one. ``pickup``: an absolute fader takes
    over only once it is at the present value (soft takeover).
    """

    control: Control
    low: float
    high: float
    value: float | None = None
    step: float | None = None
    curve: Curve = "linear"
    pickup: bool = False


@dataclass(frozen=True, slots=True)
class SetStrip:
    """Does to ``strip``'s ``function`` what `SetControl` does to a control, over the whole range of it."""

    strip: int
    function: StripFunctionName
    curve: Curve = "linear"
    pickup: bool = False


@dataclass(frozen=True, slots=True)
class TriggerAction:
    """Triggers an action when the button is pressed."""

    action: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class SelectLayer:
    """Makes ``layer`` the active one; while the button is ``held``, or until another is selected."""

    layer: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class MoveBank:
    """Moves the channel strips of the device by ``strips``."""

    strips: int


@dataclass(frozen=True, slots=True)
class Touch:
    """A finger is on the fader that ``of`` sets, while the value is not 0: no motor moves then."""

    of: SetControl | SetStrip


Target: TypeAlias = SetControl | SetStrip | TriggerAction | SelectLayer | MoveBank | Touch


@dataclass(frozen=True, slots=True)
class Led:
    """Messages for an input's light, ring or motor; see `LedTable`."""

    on: MessageTemplate | None = None
    off: MessageTemplate | None = None
    value: MessageTemplate | None = None
    to: tuple[int, int] = (0, 127)
    resend_on_release: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One fader, knob, button or pad. ``entry``: its number in the file, from 1, for errors. ``layer``: "": in all."""

    entry: int
    message: MessageSpec
    kind: EncoderKind | ButtonKind
    target: Target
    layer: str = ""
    led: Led | None = None
    doc: str = ""

    @property
    def is_button(self) -> bool:
        return self.kind in ("momentary", "latched", "toggle")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A light, display or meter; see `FeedbackTable`. ``low`` and ``high``: the source at the ends of ``to``."""

    entry: int
    source: Source
    on: MessageTemplate | None = None
    off: MessageTemplate | None = None
    downbeat: MessageTemplate | None = None
    value: MessageTemplate | None = None
    flash_s: float = 0.08
    low: float = 0.0
    high: float = 1.0
    to: tuple[int, int] = (0, 127)
    every_s: float = 0.0
    repeat_s: float = 0.0
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """A channel strip: the control of each function that it has. ``meter``: the source of its level, or None."""

    name: str
    controls: dict[StripFunctionName, Control] = field(default_factory=dict)
    meter: ReadingField | None = None
    colour: int = 7


@dataclass(frozen=True, slots=True)
class ModeWarning:
    """``pattern``: bytes of the message, None for any byte. ``text``: what the user does.

    ``unless``: the pattern of the one of these messages that warns of nothing; empty: there is none.
    """

    pattern: tuple[int | None, ...]
    text: str
    unless: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A controller's mapping, checked.

    ``init``, ``exit``, ``keepalive``: whole messages. ``init_expect``: the reply that confirms, empty: none is awaited.
    ``inactive``: controls, actions and readings that entries name, of installed engines that are off; those entries
    were left out.
    """

    name: str
    doc: str
    source: str
    verified: str
    path: str
    device: DeviceTable
    inputs: tuple[Input, ...]
    feedback: tuple[Feedback, ...]
    strips: tuple[Strip, ...]
    layers: tuple[str, ...] = ()
    warnings: tuple[ModeWarning, ...] = ()
    init: tuple[bytes, ...] = ()
    init_expect: tuple[int | None, ...] = ()
    exit: tuple[bytes, ...] = ()
    keepalive: bytes = b""
    inactive: tuple[str, ...] = ()
