"""Learn target: what a fader, knob or button is to do, as a user names it, and the mapping file's entry for it."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.control.registry import Registry
from bridge.controllers.learning.kind_detection import Detection
from bridge.controllers.mappings.mapping import (
    Input,
    Mapping,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Target,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.mapping_file import ButtonKind, InputTable, Setting
from bridge.core.control import Action, Control, format_value, parse_value
from bridge.errors import ControlError

ENDLESS = "an endless knob first to the right, then to the left"


@dataclass(frozen=True, slots=True)
class LearnTarget:
    """What is to be bound: a control, a value of it that a button sets, or an action with its argument."""

    item: Control | Action
    value: Setting | None = None
    argument: str = ""

    @property
    def name(self) -> str:
        """As `parse_target` reads it."""
        given = self.argument if self.value is None else str(self.value)
        return f"{self.item.name} {given}".rstrip()

    @property
    def wants_button(self) -> bool:
        return isinstance(self.item, Action) or self.value is not None or self.item.kind == "switch"

    @property
    def prompt(self) -> str:
        """What a user does to have it learned."""
        if self.wants_button:
            return "press the button or pad that is to do it"
        if isinstance(self.item, Control) and self.item.kind == "choice":
            return f"turn the knob, or press the button, that is to do it; {ENDLESS}"
        return f"move the fader or knob that is to do it; {ENDLESS}"


def parse_target(registry: Registry, text: str) -> LearnTarget:
    """The target that ``text`` names: a control (``stems.vocals.gain_db``), a control and the value that a button sets
    (``accompaniment.band.style funk``), or an action and its argument (``preset.load karaoke``).

    Raises:
        ControlError: There is none of that name, or the value or argument is not one of it.
    """
    name, _, given = text.strip().partition(" ")
    given = given.strip()
    item = registry.find(name)
    if isinstance(item, Action):
        if item.argument and not given:
            raise ControlError(f"{name}: which {item.argument}?", f"write it behind it: {name} {item.argument.upper()}")
        if given and not item.argument:
            raise ControlError(f"{name} takes no argument", "leave it out")
        return LearnTarget(item, argument=given)
    control = registry.get_control(name)
    if not given:
        return LearnTarget(control)
    value = parse_value(control, given if given in control.choices else _parse_number(given))
    if control.clamp(value) != value:
        raise ControlError(f"{name}: {given} is out of range", f"give {control.low:g} to {control.high:g}")
    return LearnTarget(control, value=format_value(control, value))


def _parse_number(text: str) -> object:
    words: dict[str, object] = {"on": 1, "true": 1, "off": 0, "false": 0}
    try:
        return words.get(text.lower()) if text.lower() in words else float(text)
    except ValueError:
        return text


def make_entry(target: LearnTarget, midi: str, detection: Detection) -> InputTable:
    """The entry of the mapping file by which the message ``midi``, sent by what was detected, does ``target``.

    Raises:
        ControlError: What was detected is not clear yet, or cannot be bound to this target.
    """
    item = target.item
    if detection.encoder is not None:
        if isinstance(item, Action) or target.value is not None:
            raise ControlError(f"{midi} is a fader or knob; {target.name} takes a button", "press a button, key or pad")
        absolute = detection.encoder == "absolute"
        return InputTable(midi=midi, encoder=detection.encoder, set=item.name, pickup=True if absolute else None)
    if (button := detection.button) is None:
        raise ControlError(f"{midi}: what it is cannot be decided yet", detection.question)
    if isinstance(item, Action):
        return InputTable(midi=midi, button=_make_pressed(button), action=item.name, argument=target.argument or ())
    if target.value is not None:
        return InputTable(midi=midi, button=_make_pressed(button), set=item.name, value=target.value)
    if item.kind == "switch":
        return InputTable(midi=midi, button="toggle" if button == "toggle" else "latched", set=item.name)
    if item.kind == "choice":
        return InputTable(midi=midi, button=_make_pressed(button), set=item.name, step=1.0)
    raise ControlError(
        f"{midi} is a button; {item.name} takes a fader or knob",
        f"move one, or learn a value: {item.name} {item.default:g}",
    )


def _make_pressed(kind: ButtonKind) -> ButtonKind:
    """The kind for what happens once at each press. A button that never says that it was released is pressed too."""
    return "toggle" if kind == "toggle" else "momentary"


def describe_target(target: Target) -> str:
    """What an input does, in a few words: the control's or action's name, or that of its strip."""
    match target:
        case SetControl(control=control, value=value):
            return control.name if value is None else f"{control.name} {format_value(control, value)}"
        case SetStrip(strip=strip, function=function):
            return f"{function} of strip {strip + 1}"
        case TriggerAction(action=action, argument=argument):
            return f"{action} {argument}".rstrip()
        case SelectLayer(layer=layer):
            return f"layer {layer}"
        case MoveBank(strips=strips):
            return f"bank {strips:+d}"
        case Touch(of=touched):
            return f"touch of {describe_target(touched)}"


def list_inputs_of(mapping: Mapping, name: str) -> list[Input]:
    """The inputs of a mapping that set the control, or trigger the action, ``name``, whatever the value."""
    return [
        one
        for one in mapping.inputs
        if (isinstance(one.target, SetControl) and one.target.control.name == name)
        or (isinstance(one.target, TriggerAction) and one.target.action == name)
    ]
