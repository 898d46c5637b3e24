"""Inputs of a mapping file: each entry checked and expanded to one `Input` for each of its messages."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.controllers.mappings.mapping import (
    Input,
    Led,
    MessageKind,
    MessageSpec,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Target,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.mapping_entry import MappingContext, MappingEntryReader
from bridge.controllers.mappings.mapping_file import ButtonKind, EncoderKind, InputTable, LedTable, StripFunctionName
from bridge.controllers.mappings.message_specs import parse_message_specs
from bridge.core.control import Control
from bridge.errors import ConfigError
from bridge.toml import shorten

_DOES = "set, action, strip, select_layer, hold_layer or bank"
_POSITIONS = frozenset({MessageKind.CC, MessageKind.CC14, MessageKind.NRPN, MessageKind.PITCH_BEND})
"""Messages of a fader; pickup is for these where the entry does not say. Force and velocity have no position."""
_TURNED: tuple[StripFunctionName, ...] = ("fader", "knob")
_PRESSED: tuple[StripFunctionName, ...] = ("mute", "solo", "select")


def read_inputs(context: MappingContext, number: int, table: InputTable) -> Iterator[Input]:
    """The inputs of entry ``number`` of the file, from 1; without those whose control belongs to an engine that is off.

    Raises:
        ConfigError: Something in the entry is wrong.
    """
    entry = MappingEntryReader(context, f"input {number} ({shorten(table.midi, 40)})")
    try:
        messages = parse_message_specs(table.midi, context.device.channel)
    except ConfigError as error:
        raise MappingEntryReader(context, f"input {number}").refuse(f"midi: {error.message}", error.hint) from error
    reader = _InputReader(entry, table, messages)
    for message, target in zip(messages, reader.read_targets(), strict=True):
        if target is not None:
            led = reader.read_led(messages.index(message), message, target)
            yield Input(number, message, reader.kind, target, table.layer, led, table.doc)


class _InputReader:
    """One entry, with what all its messages have in common checked."""

    def __init__(self, entry: MappingEntryReader, table: InputTable, messages: tuple[MessageSpec, ...]) -> None:
        self._entry, self._table, self._messages = entry, table, messages
        kinds = [kind for kind in (table.encoder, table.button) if kind is not None]
        if not kinds:
            fix = (
                'add encoder = "absolute" for a fader, encoder = "twos_complement" or another kind of steps for an '
                'endless knob, button = "momentary" for a button; docs/mappings.md tells the kinds apart'
            )
            raise entry.refuse("does not say whether it is a fader, a knob or a button", fix)
        if len(kinds) > 1:
            raise entry.refuse("is an encoder and a button", "remove one of both")
        self.kind: EncoderKind | ButtonKind = kinds[0]
        entry.check_layer("layer", table.layer)
        self._check_kind(messages[0].kind)
        if table.pickup and table.encoder != "absolute":
            raise entry.refuse("pickup is for absolute encoders", "remove pickup")
        if table.curve != "linear" and table.encoder != "absolute":
            raise entry.refuse("curve is for absolute encoders", "remove curve")
        self._pickup = table.encoder == "absolute" and (
            table.pickup
            if table.pickup is not None
            else self._entry.context.device.pickup and messages[0].kind in _POSITIONS
        )

    def _check_kind(self, message: MessageKind) -> None:
        if self._table.encoder not in {None, "absolute"} and message is not MessageKind.CC:
            raise self._entry.refuse(f"{self.kind} steps come by cc alone", 'write encoder = "absolute"')
        if self._table.button and message in {MessageKind.PITCH_BEND, MessageKind.CC14}:
            raise self._entry.refuse(f"a button sends no {message.value}", 'write encoder = "absolute"')
        if message is MessageKind.PROGRAM and (self._messages[0].number < 0) != (self._table.button is None):
            fix = "name a program, as in program 3" if self._table.button else "write program alone, for all of them"
            raise self._entry.refuse(
                "a button is one program" if self._table.button else "one program has no values", fix
            )

    def read_targets(self) -> list[Target | None]:
        """What each message does; None where its control belongs to an engine that is off."""
        table, count = self._table, len(self._messages)
        given = [
            key
            for key, has in {
                "set": table.set, "action": table.action, "strip": table.strip, "select_layer": table.select_layer,
                "hold_layer": table.hold_layer, "bank": table.bank,
            }.items()
            if has
        ]  # fmt: skip
        if len(given) != 1:
            raise self._entry.refuse(
                f"does {' and '.join(given)}" if given else "does nothing", f"give exactly one of {_DOES}"
            )
        does = given[0]
        self._refuse_strangers(does)
        if does == "set":
            names = self._entry.spread("set", table.set, count)
            values = self._entry.spread("value", table.value, count)
            touches = [self._read_set(name, value) for name, value in zip(names, values, strict=True)]
            return [Touch(one) if one is not None and table.touch else one for one in touches]
        if does == "strip":
            strips = [self._read_strip(index) for index in range(count)]
            return [Touch(one) if table.touch else one for one in strips]
        if self._table.button is None:
            raise self._entry.refuse(f"{does} is for buttons", 'write button = "momentary" in place of encoder')
        if does == "action":
            return self._read_actions(count)
        if does == "bank":
            self._entry.check_strips(1, 1)
            return [MoveBank(table.bank)] * count
        self._entry.check_layer(does, table.select_layer or table.hold_layer)
        return [SelectLayer(table.select_layer or table.hold_layer, held=bool(table.hold_layer))] * count

    def _refuse_strangers(self, does: str) -> None:
        """Refuse keys that mean nothing beside what the entry does."""
        table = self._table
        setting = {"value": table.value is not None, "step": table.step is not None, "range": table.range is not None}
        if table.touch:
            if table.button != "momentary":
                raise self._entry.refuse("touch is a button that is held", 'write button = "momentary"')
            allowed = {"set", "strip"}
            extra = [key for key, has in setting.items() if has] + (["led"] if table.led else [])
        else:
            allowed = {"set", "action", "strip", "select_layer", "hold_layer", "bank"}
            extra = [key for key, has in setting.items() if has and does != "set"]
        if table.argument and does != "action":
            extra.append("argument")
        if table.function and does != "strip":
            extra.append("function")
        if (table.pickup is not None or table.curve != "linear") and does not in {"set", "strip"}:
            extra.append("pickup" if table.pickup is not None else "curve")
        if does not in allowed:
            raise self._entry.refuse(
                f"touch and {does} do not go together", "touch belongs to the fader of set or strip"
            )
        if extra:
            beside = "touch" if table.touch else does
            raise self._entry.refuse(f"{extra[0]} means nothing beside {beside}", f"remove {extra[0]}")

    def _read_actions(self, count: int) -> list[Target | None]:
        names = self._entry.spread("action", self._table.action, count)
        arguments = self._entry.spread("argument", self._table.argument or "", count)
        found = [self._entry.find_action(name, text) for name, text in zip(names, arguments, strict=True)]
        return [
            TriggerAction(action.name, argument) if action is not None else None
            for action, argument in zip(found, arguments, strict=True)
        ]

    def _read_strip(self, index: int) -> SetStrip:
        table = self._table
        if table.strip is None or table.function is None:
            functions = ", ".join((*_TURNED, *_PRESSED))
            raise self._entry.refuse("which function of the strip?", f"add function: {functions}")
        self._entry.check_strips(table.strip, len(self._messages))
        if table.touch and table.function not in _TURNED:
            raise self._entry.refuse(f"nobody touches a {table.function}", 'write function = "fader"')
        if table.function not in (*_TURNED, *_PRESSED):
            raise self._entry.refuse(f"function: {table.function} is only shown", "make it a [[feedback]]")
        if table.button and table.function in _TURNED and not table.touch:
            raise self._entry.refuse(f"function: a button is no {table.function}", "give mute, solo or select")
        if table.encoder and table.function in _PRESSED:
            raise self._entry.refuse(f"function: {table.function} is a button", 'write button = "momentary"')
        return SetStrip(table.strip - 1 + index, table.function, table.curve, self._pickup)

    def _read_set(self, name: str, value: bool | float | str | None) -> SetControl | None:
        table, entry = self._table, self._entry
        if (control := entry.find_control("set", name)) is None:
            return None
        low, high = control.low, control.high
        if table.range is not None:
            low, high = (entry.parse(control, "range", end) for end in table.range)
            if low == high:
                raise entry.refuse(f"range: both ends are {low:g}", "give two values, the lower end of the fader first")
        if table.curve == "log" and min(low, high) <= 0:
            raise entry.refuse(f"curve: log needs a range above 0, {control.name} begins at {low:g}", "give a range")
        step = self._check_step(control)
        number = None if value is None else entry.parse(control, "value", value)
        if table.button is None and value is not None:
            raise entry.refuse("value is for buttons", "give range for a fader, step for an encoder")
        if table.button and not table.touch:
            self._check_button(control, number, step)
        return SetControl(control, low, high, number, step, table.curve, bool(self._pickup))

    def _check_step(self, control: Control) -> float | None:
        step = self._table.step
        if step is None:
            return None
        if self._table.encoder == "absolute":
            raise self._entry.refuse("step is for buttons and encoders that send steps", "give range for a fader")
        if not 0 < abs(step) <= control.high - control.low:
            raise self._entry.refuse(
                f"step: {step:g} is no step of {control.name}",
                f"give one up to {control.high - control.low:g}, or less than 0",
            )
        if control.is_whole and step != int(step):
            raise self._entry.refuse(f"step: {control.name} has whole numbers", f"give {max(1, round(abs(step)))}")
        return step

    def _check_button(self, control: Control, value: float | None, step: float | None) -> None:
        if value is not None and step is not None:
            raise self._entry.refuse("has a value and a step", "give one of them")
        if self._table.range is not None and value is not None:
            raise self._entry.refuse("has a value and a range", "give value, or range: its ends are off and on")
        if value is None and step is None and self._table.range is None and control.kind != "switch":
            raise self._entry.refuse(f"what does the button set {control.name} to?", "add value, step or range")

    def read_led(self, index: int, message: MessageSpec, target: Target) -> Led | None:
        """The light of message ``index``, whose variables are its index, number and channel."""
        if (table := self._table.led) is None:
            return None
        if table.value and not isinstance(target, SetControl | SetStrip):
            raise self._entry.refuse("led.value: the button sets no control", "give led.on and led.off")
        variables = {"i": index, "n": message.number, "c": message.channel}
        if message.kind in {MessageKind.CHANNEL_PRESSURE, MessageKind.PITCH_BEND}:
            del variables["n"]
        return read_led(self._entry, table, variables, _has_two_states(target, self._table.button is not None))


def read_led(entry: MappingEntryReader, table: LedTable, variables: dict[str, int], two_states: bool) -> Led:
    """The light of an input. ``two_states``: its control is on or off, so that ``on`` and ``off`` can show it.

    Raises:
        ConfigError: A message is wrong, or does not fit what is shown.
    """
    on = entry.parse_fixed_template("led.on", table.on, variables)
    off = entry.parse_fixed_template("led.off", table.off, variables)
    value = entry.parse_template("led.value", table.value, variables)
    if (on is None) != (off is None):
        missing = "on" if on is None else "off"
        raise entry.refuse(f"led: {missing} is missing", f"give on and off; without {missing} the light would stay")
    if (on is None) == (value is None):
        raise entry.refuse("led: on and off, or value", "give exactly one of both ways")
    if on is not None and not two_states:
        raise entry.refuse("led: on and off are for buttons and switches", "give value, with {v}")
    if value is not None:
        if not value.variables - {"colour", "colours"}:
            raise entry.refuse("led.value: is always the same", "put {v} where the value belongs, or give on and off")
        entry.check_range("led.value", value, table.to)
    return Led(on, off, value, table.to, table.resend_on_release)


def _has_two_states(target: Target, button: bool) -> bool:
    if isinstance(target, SelectLayer | TriggerAction | MoveBank):
        return True
    if isinstance(target, SetStrip):
        return target.function in _PRESSED
    return isinstance(target, SetControl) and (button or target.control.kind == "switch")
