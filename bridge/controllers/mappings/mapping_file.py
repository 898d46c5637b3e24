"""Mapping file: the tables and keys of a controller's TOML file, before anything in them is checked.

docs/mappings.md describes every key with examples. `bridge.controllers.mappings.mapping_reader` checks a file against
the registry and makes the `Mapping` of it that a controller runs.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from bridge.config import Table

Names: TypeAlias = str | tuple[str, ...]
"""One name, or one for each message of an entry that stands for several."""
Setting: TypeAlias = bool | int | float | str
"""A value of a control as a person writes it: a number, a switch, the word of a choice."""

EncoderKind: TypeAlias = Literal["absolute", "twos_complement", "sign_bit", "sign_bit_inverted", "offset_64", "inc_dec"]
"""Coding of a fader or knob: its position, or steps. inc_dec: 1 up, 127 down, and 2, 126 ... when turned fast."""
ButtonKind: TypeAlias = Literal["momentary", "latched", "toggle"]
"""momentary: on while held. latched: each press switches over, in Sideman. toggle: the device itself switches over."""
Curve: TypeAlias = Literal["linear", "log", "square", "root"]
Shape: TypeAlias = Literal["", "fader", "knob", "encoder", "button", "pad"]
StripFunctionName: TypeAlias = Literal["fader", "knob", "mute", "solo", "select", "name", "meter", "colour"]
MOST_ENTRIES = msgspec.Meta(max_length=1024)
Channel: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=16)]
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=60_000)]
"""Of a time; the bound refuses what is endless."""


class PortPatterns(Table, frozen=True):
    """Words of the port's name by system; a port matches one of them (`bridge.controllers.ports.port_names`)."""

    linux: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()


class KeepaliveTable(Table, frozen=True):
    """A message that the device must get again and again."""

    send: str
    every_s: Positive


class PacingTable(Table, frozen=True):
    """How fast the device can be sent to: a gap after each message, time per byte, a pause after each ``burst``."""

    gap_ms: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    byte_ms: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    burst: Annotated[int, msgspec.Meta(ge=0)] = 0
    pause_ms: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.0


class DeviceTable(Table, frozen=True):
    """The device: its ports, what it must be sent first and last, and how it may be sent to.

    ``unit``: the device number in system exclusive messages, ``{unit}`` in templates. ``strips``: channel strips that
    it has; ``first_strip``: the strip of its first one, from 1 (an extender begins at 9). ``pickup``: whether absolute
    faders and knobs take over only at the present value, where an entry does not say. ``channel``: of every message
    that names none, from 1; ``also_channel``: what comes on this one is taken as on ``channel``.
    """

    input: PortPatterns
    output: PortPatterns | None = None
    protocol: Literal["", "mcu"] = ""
    unit: Annotated[int, msgspec.Meta(ge=0, le=127)] = 0
    channel: Channel = 1
    also_channel: Channel | None = None
    strips: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    first_strip: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    pickup: bool = True
    init: tuple[str, ...] = ()
    init_expect: str = ""
    exit: tuple[str, ...] = ()
    keepalive: KeepaliveTable | None = None
    pacing: PacingTable = PacingTable()


class LedTable(Table, frozen=True):
    """Light, ring or motor of an input: what is sent for which value of its control.

    ``on``, ``off``: of a switch, of a button that sets one ``value``, of a layer's button. A button with nothing to
    show (an action, a ``step``, the bank) is ``on`` wherever its layer is. ``value``: a template with ``{v}`` or
    ``{msb}`` and ``{lsb}``; ``to``: its range in whole numbers. ``resend_on_release``: send again when the button is
    released, because the device itself changes its light then.
    """

    on: str = ""
    off: str = ""
    value: str = ""
    to: tuple[int, int] = (0, 127)
    resend_on_release: bool = False


class InputTable(Table, frozen=True):
    """One fader, knob, button or pad, or several alike: ``midi`` may list several numbers.

    It has an ``encoder`` or a ``button`` kind, and does exactly one thing: ``set`` a control, trigger an ``action``,
    act on a ``strip``, ``select_layer``, ``hold_layer`` or move the ``bank``; or with ``touch`` it says that a finger
    is on the fader of ``set`` or ``strip``.

    For the picture: ``doc`` is what is printed on the device, ``shape`` what it is, ``at`` the column and row of its
    first one, from 0; the others are to its right, or at ``to_next`` (columns, rows) from each other.
    """

    midi: str
    encoder: EncoderKind | None = None
    button: ButtonKind | None = None
    set: Names = ()
    value: Setting | tuple[Setting, ...] | None = None
    step: float | None = None
    range: tuple[Setting, Setting] | None = None
    curve: Curve = "linear"
    pickup: bool | None = None
    action: Names = ()
    argument: Names = ()
    strip: Annotated[int, msgspec.Meta(ge=1, le=64)] | None = None
    function: StripFunctionName | None = None
    select_layer: str = ""
    hold_layer: str = ""
    bank: int = 0
    touch: bool = False
    layer: str = ""
    led: LedTable | None = None
    doc: str = ""
    shape: Shape = ""
    at: tuple[float, float] | None = None
    to_next: tuple[float, float] = (1.0, 0.0)


class FeedbackTable(Table, frozen=True):
    """Light, display or meter that belongs to no input, or several alike: ``count`` of them.

    ``source``: a control, or a field of a reading, as ``mir.chord.label`` or ``meters[drums].peak_db``; or a ``strip``
    and its ``function``. ``on``, ``off``: of a switch, or of one choice, as ``accompaniment.band.style = funk``; of the
    reading ``mir.beat``, ``on`` at each beat, ``downbeat`` at the first of a bar, ``off`` after ``flash_ms``.
    ``value``: a template for a number, whose ``range`` in the source's unit is sent as ``to``; for a word it has
    ``{text:N}``; for the function colour ``{colour}``, or ``{colours:N}`` of N strips from ``strip`` on. ``every_ms``:
    send at most so often. ``repeat_ms``: send again after so long, for meters that decay by themselves.
    """

    source: Names = ()
    strip: Annotated[int, msgspec.Meta(ge=1, le=64)] | None = None
    function: StripFunctionName | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=128)] = 1
    on: str = ""
    off: str = ""
    downbeat: str = ""
    flash_ms: Positive = 80.0
    value: str = ""
    range: tuple[Setting, Setting] | None = None
    to: tuple[int, int] = (0, 127)
    every_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 0.0
    repeat_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 0.0
    layer: str = ""
    doc: str = ""


class StripTable(Table, frozen=True):
    """A channel strip: which control each of its functions is. ``meter``: a field of a reading. ``colour``: 0 to 7."""

    name: str
    fader: str = ""
    knob: str = ""
    mute: str = ""
    solo: str = ""
    select: str = ""
    meter: str = ""
    colour: Annotated[int, msgspec.Meta(ge=0, le=7)] = 7


class WarningTable(Table, frozen=True):
    """A message of the device that tells of a mode in which the mapping does not fit, and what the user does then.

    ``unless``: the one of these messages that tells of the mode in which it fits.
    """

    midi: str
    text: str
    unless: str = ""


class MappingFile(Table, frozen=True):
    """Keys of a mapping file. ``layers``: by name, the first is active at the start; an input of no layer always is.

    ``verified``: ``docs`` (from documentation, never tried) or ``device`` (tried on one). ``source``: where its
    messages are documented. Without ``strip`` the strips are those of `bridge.controllers.mappings.strips`.
    """

    schema: int
    name: str
    device: DeviceTable
    doc: str = ""
    source: str = ""
    verified: Literal["docs", "device"] = "docs"
    layers: Annotated[tuple[str, ...], msgspec.Meta(max_length=32)] = ()
    strip: Annotated[tuple[StripTable, ...], MOST_ENTRIES] = ()
    input: Annotated[tuple[InputTable, ...], MOST_ENTRIES] = ()
    feedback: Annotated[tuple[FeedbackTable, ...], MOST_ENTRIES] = ()
    warning: Annotated[tuple[WarningTable, ...], MOST_ENTRIES] = ()
