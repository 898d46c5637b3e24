"""Mapping reader: a controller's TOML file checked against the registry, as the `Mapping` that a controller runs.

Reading has no effect but its result, so a file can be tried while the mapping of its last good version runs on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.config import read_toml
from bridge.control.registry import Registry
from bridge.controllers.mappings.input_decoder import PARAMETER_CONTROLLERS
from bridge.controllers.mappings.mapping import (
    Feedback,
    Input,
    Mapping,
    MessageKind,
    MessageSpec,
    ModeWarning,
    ReadingField,
    Strip,
)
from bridge.controllers.mappings.mapping_entry import MappingContext, MappingEntryReader
from bridge.controllers.mappings.mapping_feedback import read_feedback
from bridge.controllers.mappings.mapping_file import MappingFile, StripFunctionName, StripTable, WarningTable
from bridge.controllers.mappings.mapping_inputs import read_inputs
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.mappings.strips import make_strips
from bridge.core.control import Control
from bridge.errors import ConfigError
from bridge.toml import shorten

MOST = 1024
"""Inputs that a mapping may have, and as much feedback; the largest device has some 200."""
_FUNCTIONS: tuple[StripFunctionName, ...] = ("fader", "knob", "mute", "solo", "select")
_BYTE = re.compile(r"\s*(?:(?P<any>\?\?)|(?P<byte>[0-9A-Fa-f]{2})|(?P<unit>\{\s*unit\s*\}))(?=\s|$|\{)")
_INDEX = re.compile(r"(input|feedback|strip|warning)\[(\d+)\](?:(?=:)|\.)")


def never(name: str) -> bool:  # noqa: ARG001 - the signature of is_known
    """Whether ``name`` belongs to an installed engine that is off: no name does."""
    return False


def read_mapping(path: Path | Traversable, registry: Registry, is_known: Callable[[str], bool] = never) -> Mapping:
    """The mapping in the file at ``path``; see `check_mapping`.

    Raises:
        ConfigError: The file cannot be read, or something in it is wrong: the first problem, with the file, the entry
            and the fix.
    """
    return check_mapping(read_mapping_file(path), str(path), registry, is_known)


def read_mapping_file(path: Path | Traversable) -> MappingFile:
    """The tables of the file at ``path``, unchecked but for keys and types.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or has an unknown key or a wrong type.
    """
    try:
        return read_toml(path, MappingFile)
    except ConfigError as error:
        place = f"{path}: "
        what = error.message.removeprefix(place)
        found = _INDEX.match(what)
        if found is None or what == error.message:
            raise
        # people count entries from 1
        entry, rest = f"{found[1]} {int(found[2]) + 1}", what[found.end() :].removeprefix(": ")
        raise ConfigError(f"{place}{entry}: {rest}", error.hint) from error


def check_mapping(
    file: MappingFile, place: str, registry: Registry, is_known: Callable[[str], bool] = never
) -> Mapping:
    """The mapping of ``file``, with every name resolved and every message taken apart.

    ``place`` names the file in errors. ``is_known``: whether a name that the registry lacks belongs to an installed
    engine that is off; such entries are left out, and listed in `Mapping.inactive`.

    Raises:
        ConfigError: Something is wrong: the first problem, with the place, the entry and the fix.
    """
    context = MappingContext(place, registry, is_known, file.device, file.layers)
    device = MappingEntryReader(context, "device")
    _check_head(MappingEntryReader(context, "top"), file)
    _check_device(device, file)
    inputs: list[Input] = []
    for number, table in enumerate(file.input, 1):
        inputs += read_inputs(context, number, table)
        _check_amount(context, f"input {number}", len(inputs))
    _check_clashes(context, inputs)
    feedback: list[Feedback] = []
    for number, shown in enumerate(file.feedback, 1):
        feedback += read_feedback(context, number, shown)
        _check_amount(context, f"feedback {number}", len(feedback))
    strips = tuple(_read_strip(context, number, strip) for number, strip in enumerate(file.strip, 1))
    warnings = tuple(_read_warning(context, number, table) for number, table in enumerate(file.warning, 1))
    keepalive = file.device.keepalive
    return Mapping(
        name=file.name,
        doc=file.doc,
        source=file.source,
        verified=file.verified,
        path=place,
        device=file.device,
        inputs=tuple(inputs),
        feedback=tuple(feedback),
        strips=strips or make_strips(registry),
        layers=file.layers,
        warnings=warnings,
        init=tuple(_parse_message(device, "init", text) for text in file.device.init),
        init_expect=_parse_pattern(device, "init_expect", file.device.init_expect) if file.device.init_expect else (),
        exit=tuple(_parse_message(device, "exit", text) for text in file.device.exit),
        keepalive=_parse_message(device, "keepalive.send", keepalive.send) if keepalive else b"",
        inactive=tuple(context.inactive),
    )


def _check_head(entry: MappingEntryReader, file: MappingFile) -> None:
    if not file.name.strip():
        raise entry.refuse("name: is empty", "give the device's name")
    for layer in file.layers:
        if not layer.strip() or file.layers.count(layer) > 1:
            raise entry.refuse(
                f"layers: {shorten(repr(layer))} is empty or there twice", "give each layer its own name"
            )


def _check_device(entry: MappingEntryReader, file: MappingFile) -> None:
    for key, ports in (("input", file.device.input), ("output", file.device.output)):
        patterns = () if ports is None else (*ports.linux, *ports.macos, *ports.windows)
        if ports is not None and not patterns:
            fix = f'write {key}.linux = ["words of its port"], and the same for macos and windows'
            raise entry.refuse(f"{key}: no port is named", fix)
        if any(not pattern.strip() for pattern in patterns):
            raise entry.refuse(f"{key}: a pattern is empty and would fit every port", "give words of the port's name")


def _check_amount(context: MappingContext, label: str, amount: int) -> None:
    if amount > MOST:
        raise MappingEntryReader(context, label).refuse(f"the file has more than {MOST} of them", "give fewer")


def _check_clashes(context: MappingContext, inputs: list[Input]) -> None:
    """Refuse two inputs of one message that may be active at once, and controllers that are part of another message."""
    seen: dict[MessageSpec, list[Input]] = {}
    for one in inputs:
        entry = MappingEntryReader(context, f"input {one.entry} ({format_message_spec(one.message)})")
        for other in seen.setdefault(one.message, []):
            if one.layer == other.layer or not one.layer or not other.layer:
                where = f"input {other.entry} has this message too"
                where += f", in layer {other.layer}" if other.layer else ""
                raise entry.refuse(where, "remove one of them, or put them in two layers")
        seen[one.message].append(one)
    owners: dict[tuple[int, int], Input] = {}
    for one in sorted(inputs, key=lambda one: one.message.kind is not MessageKind.CC):
        for number in list_controllers(one.message):
            other = owners.setdefault((one.message.channel, number), one)
            if other.message != one.message and {one.message.kind, other.message.kind} != {MessageKind.NRPN}:
                entry = MappingEntryReader(context, f"input {one.entry} ({format_message_spec(one.message)})")
                shown = f"input {other.entry} ({format_message_spec(other.message)})"
                raise entry.refuse(f"cc {number} is a part of it, and of {shown} too", "remove one of them")


def list_controllers(message: MessageSpec) -> tuple[int, ...]:
    """The numbers of the control changes that ``message`` is made of."""
    if message.kind is MessageKind.CC:
        return (message.number,)
    if message.kind is MessageKind.CC14:
        return (message.number, message.fine)
    return PARAMETER_CONTROLLERS if message.kind is MessageKind.NRPN else ()


def _read_strip(context: MappingContext, number: int, table: StripTable) -> Strip:
    entry = MappingEntryReader(context, f"strip {number} ({shorten(table.name, 40)})")
    if not table.name.strip():
        raise entry.refuse("name: is empty", "give the strip a name")
    controls: dict[StripFunctionName, Control] = {}
    for function, name in zip(_FUNCTIONS, (table.fader, table.knob, table.mute, table.solo, table.select), strict=True):
        if not name or (control := entry.find_control(function, name)) is None:
            continue
        if function in {"mute", "solo"} and control.kind != "switch":
            raise entry.refuse(f"{function}: {name} is no switch", "give a control that is on or off")
        controls[function] = control
    meter = entry.find_source(table.meter) if table.meter else None
    if meter is not None and not isinstance(meter, ReadingField):
        raise entry.refuse("meter: is no field of a reading", "write meters[NAME].peak_db")
    return Strip(table.name, controls, meter, table.colour)


def _read_warning(context: MappingContext, number: int, table: WarningTable) -> ModeWarning:
    entry = MappingEntryReader(context, f"warning {number}")
    if not table.text.strip():
        raise entry.refuse("text: is empty", "say what the user does")
    unless = _parse_pattern(entry, "unless", table.unless) if table.unless else ()
    return ModeWarning(_parse_pattern(entry, "midi", table.midi), table.text, unless)


def _parse_message(entry: MappingEntryReader, key: str, text: str) -> bytes:
    template = entry.parse_fixed_template(key, text, {})
    if template is None or template.variables:
        raise entry.refuse(f"{key}: is empty or has a colour", "write whole messages in hex, as in F0 00 20 29 F7")
    return template.render()


def _parse_pattern(entry: MappingEntryReader, key: str, text: str) -> tuple[int | None, ...]:
    return tuple(_parse_bytes(entry, key, text))


def _parse_bytes(entry: MappingEntryReader, key: str, text: str) -> Iterator[int | None]:
    """The bytes of a message in hex, None for ``??``."""
    position, text = 0, text.strip()
    fix = "write two hex digits a byte, ?? for any, as in F0 7E ?? 06 02 F7"
    if not text:
        raise entry.refuse(f"{key}: is empty", fix)
    while position < len(text):
        if not (found := _BYTE.match(text, position)):
            raise entry.refuse(f"{key}: {text[position:].split()[0][:8]!r} is no byte", fix)
        if found["byte"] and position == 0 and int(found["byte"], 16) < 0x80:
            raise entry.refuse(f"{key}: {found['byte']} begins no message", fix)
        yield None if found["any"] else entry.context.device.unit if found["unit"] else int(found["byte"], 16)
        position = found.end()
