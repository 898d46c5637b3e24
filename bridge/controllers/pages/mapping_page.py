"""Mapping page: the documentation of one controller in Markdown, made from its mapping and its picture.

docs/controllers has those of the shipped mappings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.controllers.mappings.mapping import (
    BEAT,
    ControlField,
    Feedback,
    Input,
    Mapping,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    StripField,
    Target,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.mapping_file import FeedbackTable, MappingFile, PortPatterns
from bridge.controllers.pages.input_labels import InputLabel, describe_target

_KINDS = {
    "absolute": "position",
    "twos_complement": "steps, two's complement",
    "sign_bit": "steps, sign bit",
    "sign_bit_inverted": "steps, inverted sign bit",
    "offset_64": "steps around 64",
    "inc_dec": "steps, 1 up and 127 down",
    "momentary": "while held",
    "latched": "on and off",
    "toggle": "on and off, in the device",
}
_TRIED = {
    "docs": "Written from documentation, **never tried on the device**.",
    "device": "Tried on the device.",
}


def format_mapping_page(mapping: Mapping, file: MappingFile, name: str, text: str) -> str:
    """The page of the mapping ``name``, whose picture is NAME.svg beside it. ``text``: of the file, for its comment."""
    return "\n".join(_list_paragraphs(mapping, file, name, text))


def _list_paragraphs(mapping: Mapping, file: MappingFile, name: str, text: str) -> Iterator[str]:
    yield f"# {mapping.name}\n"
    yield f"{mapping.doc}\n"
    yield f"{_TRIED[mapping.verified]}\n"
    yield f"![The inputs of the {mapping.name} and what each does]({name}.svg)\n"
    if comment := read_comment(text):
        yield f"{comment}\n"
    if mapping.layers:
        yield f"Layers: `{mapping.layers[0]}` at the start, {', '.join(_list_layers(mapping))}.\n"
    yield "## Inputs\n"
    yield _format_table(("Input", "Layer", "Message", "Does", "Kind", "Light"), list(_list_inputs(mapping, file)))
    if file.feedback:
        yield "## Displays and meters\n"
        yield _format_table(("Where", "Shows"), [_describe_feedback(*pair) for pair in _pair_feedback(mapping, file)])
    yield "## Connection\n"
    yield _format_table(("System", "Ports that it is found by"), list(_list_ports(mapping)))
    yield "\n".join(f"- {line}" for line in _list_setup(mapping)) + "\n"
    yield f"Source of the messages: {mapping.source}.\n"
    yield f"Made from `mappings/{name}.toml` by `tools/controller_pages.py`; do not edit.\n"


def _list_layers(mapping: Mapping) -> Iterator[str]:
    for layer in mapping.layers[1:]:
        keys = [item for item in mapping.inputs if isinstance(item.target, SelectLayer) and item.target.layer == layer]
        yield f"`{layer}`" + (f" by {keys[0].doc}" if keys else "")


def read_comment(text: str) -> str:
    """The comment at the beginning of a file, as a paragraph."""
    lines = list[str]()
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def _list_inputs(mapping: Mapping, file: MappingFile) -> Iterator[tuple[str, ...]]:
    groups: dict[int, list[Input]] = {}
    for item in mapping.inputs:
        groups.setdefault(item.entry, []).append(item)
    for entry, items in groups.items():
        table, first = file.input[entry - 1], items[0]
        if isinstance(first.target, Touch):
            does = "no motor moves while a finger is there"
        else:
            does = describe_labels([describe_target(mapping, item.target) for item in items])
        message = table.midi if " ch " in table.midi else f"{table.midi} ch {first.message.channel + 1}"
        yield table.doc, first.layer, f"`{message}`", does, _describe_kind(first), _describe_light(first)


def describe_labels(labels: Sequence[InputLabel]) -> str:
    """What an entry does, from the labels of its inputs; what they have in common is said once."""
    known = [label for label in labels if label.title]
    titles = ", ".join(dict.fromkeys(label.title for label in known))
    details = {label.detail for label in known}
    if details == {"hold"} or details == {""}:
        return f"layer: {titles}" if known[0].group == "key" else titles
    if len(details) == 1 and not labels[0].is_step:
        return f"{known[0].detail}: {titles}"
    return ", ".join(f"{label.title} {label.detail}".rstrip() for label in known)


def _describe_kind(item: Input) -> str:
    target = item.target
    if isinstance(target, SetControl | SetStrip) and target.pickup:
        return f"{_KINDS[item.kind]}, pickup"
    if isinstance(target, SelectLayer) and not target.held:
        return "press"
    is_choice = isinstance(target, SetControl) and target.control.kind != "switch"
    return "press" if item.is_button and (is_choice or _has_no_state(target)) else _KINDS[item.kind]


def _has_no_state(target: Target) -> bool:
    return isinstance(target, TriggerAction | MoveBank) or (isinstance(target, SetControl) and target.step is not None)


def _describe_light(item: Input) -> str:
    if item.led is None:
        return ""
    if item.led.value is not None:
        return "motor" if item.led.value.variables >= {"msb"} else "value"
    return "lit" if _has_no_state(item.target) else "on, off"


def _pair_feedback(mapping: Mapping, file: MappingFile) -> Iterator[tuple[FeedbackTable, list[Feedback]]]:
    for number, table in enumerate(file.feedback, 1):
        if entries := [entry for entry in mapping.feedback if entry.entry == number]:
            yield table, entries


def _describe_feedback(table: FeedbackTable, entries: Sequence[Feedback]) -> tuple[str, str]:
    first = entries[0].source
    if isinstance(first, StripField):
        shown = f"{first.function} of {'each strip' if len(entries) > 1 else 'the strip'}"
    elif isinstance(first, ControlField):
        shown = ", ".join(
            f"`{entry.source.control.name}`" for entry in entries if isinstance(entry.source, ControlField)
        )
    elif first.reading == BEAT and entries[0].on is not None:
        shown = "the beat, and the first of a bar in another colour" if entries[0].downbeat else "the beat"
    else:
        names = table.source if not isinstance(table.source, str) else (table.source,)
        shown = ", ".join(f"`{name}`" for name in names)
    return table.doc or "Display", shown


def _list_ports(mapping: Mapping) -> Iterator[tuple[str, str]]:
    ports, out = mapping.device.input, mapping.device.output
    for system, title in (("linux", "Linux"), ("macos", "macOS"), ("windows", "Windows")):
        words = _read_patterns(ports, system)
        others = _read_patterns(out, system) if out is not None else words
        shown = ", ".join(f"`{word}`" for word in words)
        yield title, shown if others == words else f"in {shown}; out {', '.join(f'`{word}`' for word in others)}"


def _read_patterns(ports: PortPatterns, system: str) -> tuple[str, ...]:
    return {"linux": ports.linux, "macos": ports.macos, "windows": ports.windows}[system]


def _list_setup(mapping: Mapping) -> Iterator[str]:
    device = mapping.device
    if mapping.init:
        yield f"At the start the device is sent {_count(len(mapping.init), 'message')}, at the end {len(mapping.exit)}."
    elif mapping.exit:
        yield f"At the end the device is sent {_count(len(mapping.exit), 'message')}, so that no light stays on."
    else:
        yield "The device is never sent anything."
    if mapping.init_expect:
        yield "It is shown as confirmed once it has answered."
    if device.keepalive is not None:
        yield f"It is sent a sign of life each {device.keepalive.every_s:g} s."
    pacing = device.pacing
    if pacing.gap_ms or pacing.byte_ms or pacing.burst:
        words = [f"{pacing.gap_ms:g} ms between messages"] if pacing.gap_ms else []
        words += [f"{pacing.byte_ms:g} ms a byte"] if pacing.byte_ms else []
        words += [f"{pacing.pause_ms:g} ms after {pacing.burst} messages"] if pacing.burst else []
        yield f"It is sent to at the pace that it can take: {', '.join(words)}."
    for warning in mapping.warnings:
        yield f"Sideman warns: {warning.text}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table without the columns that are empty in all rows."""
    used = [index for index in range(len(head)) if any(row[index] for row in rows)]
    lines = [[head[i] for i in used], ["---"] * len(used), *([row[i] for i in used] for row in rows)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
