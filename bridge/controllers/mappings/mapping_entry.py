"""Mapping entry: one input, feedback or strip of a mapping file while it is checked, with its place for errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import BEAT, ControlField, ReadingField
from bridge.controllers.mappings.mapping_file import DeviceTable, Names, Setting
from bridge.controllers.mappings.message_template import MessageTemplate
from bridge.core.control import Action, Control, Reading, suggest_nearest
from bridge.errors import ConfigError, ControlError
from bridge.toml import shorten

T = TypeVar("T")

_READING = re.compile(r"(?P<reading>[a-z0-9_.]+?)(?:\[(?P<row>[^\[\]]+)\])?(?:\.(?P<field>[a-z0-9_]+))?")


@dataclass(frozen=True, slots=True)
class MappingContext:
    """What every entry of one file is checked against. ``inactive`` collects the names that `Mapping.inactive` has."""

    place: str
    registry: Registry
    is_known: Callable[[str], bool]
    device: DeviceTable
    layers: tuple[str, ...]
    inactive: dict[str, None] = field(default_factory=dict)

    @property
    def unit(self) -> Mapping[str, int]:
        """The variable of templates that every entry has."""
        return {"unit": self.device.unit}


@dataclass(frozen=True, slots=True)
class MappingEntryReader:
    """Reads values of one entry. ``label`` names it, such as ``input 4 (cc 48)``."""

    context: MappingContext
    label: str

    def refuse(self, what: str, fix: str) -> ConfigError:
        """The error that says ``what`` is wrong at this entry, and the ``fix``."""
        return ConfigError(f"{self.context.place}: {self.label}: {what}", fix)

    def find_control(self, key: str, name: str) -> Control | None:
        """The control ``name``; None where it belongs to an engine that is off.

        Raises:
            ConfigError: There is none.
        """
        if self._is_inactive(name):  # before get_control: its error compares the name with all others
            return None
        try:
            return self.context.registry.get_control(name)
        except ControlError as error:
            raise self.refuse(f"{key}: {shorten(error.message)}", error.hint) from error

    def find_action(self, name: str, argument: str) -> Action | None:
        """The action ``name``, which takes ``argument``; None where it belongs to an engine that is off.

        Raises:
            ConfigError: There is none, or it takes no argument or needs one.
        """
        if self._is_inactive(name):
            return None
        try:
            action = self.context.registry.get_action(name)
        except ControlError as error:
            raise self.refuse(f"action: {shorten(error.message)}", error.hint) from error
        if action.argument and not argument:
            raise self.refuse(f"action: {name} needs its {action.argument}", f'add argument = "{action.argument}"')
        if argument and not action.argument:
            raise self.refuse(f"argument: {name} takes none", "remove it")
        return action

    def find_source(self, text: str) -> ControlField | ReadingField | None:
        """The source that ``text`` names: a control, ``control = choice``, or a field of a reading; None as above.

        Raises:
            ConfigError: There is none, or a keyed reading is given without its row, or another with one.
        """
        registry = self.context.registry
        name, equals, word = (part.strip() for part in text.partition("="))
        if isinstance(registry.find(name), Control) or equals:
            control = self.find_control("source", name)
            if control is None:
                return None
            return ControlField(control, self.parse(control, "source", word) if equals else None)
        found = _READING.fullmatch(text)
        reading = registry.find(found["reading"]) if found else None
        whole = registry.find(f"{found['reading']}.{found['field']}") if found and found["field"] else None
        if found and isinstance(whole, Reading):
            if whole.name == BEAT and not found["row"]:
                return ReadingField(BEAT, whole.fields.index("number"))
            raise self.refuse(f"source: {whole.name} has several fields", self._list_fields(whole))
        if not found or not isinstance(reading, Reading):
            if self._is_inactive(name):
                return None
            names = [item.name for item in registry if not isinstance(item, Action)]
            raise self.refuse(f"source: no control or reading is named {shorten(text)}", suggest_nearest(name, names))
        if reading.keyed and not found["row"]:
            raise self.refuse(
                f"source: {reading.name} has a row for each {reading.fields[0]}",
                f"write {reading.name}[NAME].{found['field'] or reading.fields[-1]}",
            )
        if found["row"] and not reading.keyed:
            raise self.refuse(f"source: {reading.name} has no rows", f"remove [{found['row']}]")
        if found["field"] not in reading.fields:
            what = f"no field {found['field']}" if found["field"] else "several fields"
            raise self.refuse(f"source: {reading.name} has {what}", self._list_fields(reading))
        return ReadingField(reading.name, reading.fields.index(found["field"]), found["row"] or "")

    def parse(self, control: Control, key: str, value: Setting) -> float:
        """``value`` as the control's number.

        Raises:
            ConfigError: It is of the wrong type, or out of the control's range.
        """
        try:
            number = self.context.registry.parse_value(control.name, value)
        except ControlError as error:
            raise self.refuse(f"{key}: {shorten(error.message)}", error.hint) from error
        if control.clamp(number) != number:
            whole = "a whole number, " if control.is_whole else ""
            raise self.refuse(
                f"{key}: {shorten(str(value))} is out of {control.name}'s range",
                f"give {whole}{control.low:g} to {control.high:g}",
            )
        return number

    def parse_template(self, key: str, text: str, variables: Mapping[str, int]) -> MessageTemplate | None:
        """``text`` as a template with ``variables`` and ``unit``; None where it is empty.

        Raises:
            ConfigError: It is none, or would send what is no MIDI.
        """
        if not text:
            return None
        try:
            return MessageTemplate(text, {**self.context.unit, **variables})
        except ValueError as error:
            raise self.refuse(f"{key}: {shorten(str(error), 200)}", "correct the message") from error

    def parse_fixed_template(self, key: str, text: str, variables: Mapping[str, int]) -> MessageTemplate | None:
        """As `parse_template`, of a message that is always the same but for the strip's colour."""
        template = self.parse_template(key, text, variables)
        if template is None:
            return None
        if extra := template.variables - {"colour"}:
            what = f"{key}: {{{sorted(extra)[0]}}} changes with the value"
            raise self.refuse(what, f"write its number, or use value, not {key}")
        self.check_range(key, template, (0, 0))
        return template

    def check_range(self, key: str, template: MessageTemplate, to: tuple[int, int]) -> None:
        """Check that ``template`` makes MIDI of all numbers of ``to``.

        Raises:
            ConfigError: It does not.
        """
        try:
            template.check_range(*to)
        except ValueError as error:
            raise self.refuse(f"{key}: {shorten(str(error), 200)}", "narrow to, or correct the message") from error

    def check_layer(self, key: str, layer: str) -> None:
        """Check that ``layer`` is declared, or empty.

        Raises:
            ConfigError: It is not.
        """
        if layer and layer not in self.context.layers:
            fix = suggest_nearest(layer, self.context.layers, "add it to layers at the top of the file")
            raise self.refuse(f"{key}: there is no layer {shorten(layer)}", fix)

    def check_strips(self, first: int, count: int) -> None:
        """Check that the device has ``count`` strips from ``first`` on, which counts from 1.

        Raises:
            ConfigError: It has not.
        """
        if first + count - 1 > self.context.device.strips:
            raise self.refuse(
                f"strip: {first + count - 1} is beyond the {self.context.device.strips} strips of the device",
                "set strips in [device] to the number that it has",
            )

    def spread(self, key: str, value: T | Sequence[T], count: int) -> list[T]:
        """``value`` for each of ``count`` messages: one for all, or as many.

        Raises:
            ConfigError: There are another number of them.
        """
        if isinstance(value, str) or not isinstance(value, Sequence):
            return [value] * count
        if len(value) != count:
            raise self.refuse(f"{key}: {len(value)} for {count} messages", f"give one, or {count}")
        return list(value)

    def _is_inactive(self, name: str) -> bool:
        if name in self.context.registry or not self.context.is_known(name):
            return False
        self.context.inactive[name] = None
        return True

    @staticmethod
    def _list_fields(reading: Reading) -> str:
        row = "[NAME]" if reading.keyed else ""
        return f"give one of its fields: {', '.join(f'{reading.name}{row}.{name}' for name in reading.fields)}"


def list_names(names: Names) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else names
