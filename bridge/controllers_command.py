"""Command ``sideman controllers``: the controllers of the running sidecar; the mappings, check and picture of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.control.preset_lookup import list_presets
from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import Mapping, TriggerAction
from bridge.controllers.mappings.mapping_lookup import find_mapping, list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping, read_mapping_file
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.pages.picture import draw_mapping
from bridge.errors import ConfigError
from bridge.osc.client import OscClient
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json, write_out
from bridge.toml import read_text

REMOVED = "removed"
"""State of a device or binding that is no more; the rows of a reading stay."""
DEVICE = ("device", "mapping", "input", "output", "state", "detail")
BINDING = ("binding", "device", "message", "control", "state")


def show_devices(client: OscClient, json_: bool) -> None:
    """Print the devices of the running sidecar with their ports, and with JSON all that is bound on them."""
    devices = _read_rows(client, "/controllers/device", DEVICE)
    bindings = _read_rows(client, "/controllers/binding", BINDING)
    if json_:
        write_json({"devices": devices, "bindings": bindings})
        return
    console = Printer()
    if not devices:
        console.say("No controller is connected. Plug one in, or connect its port to control_in in JACK.")
        return
    table = columns("device", "mapping", "state", "bound", left=("mapping", "state"))
    for one in devices:
        bound = sum(binding["device"] == one["device"] for binding in bindings)
        table.add_row(*map(one_line, (one["device"], one["mapping"] or "none", one["state"], bound)))
    console.print(table)
    for one in devices:
        if ports := _name_ports(one):
            console.say(f"{one['device']}: {ports}", "dim")
        if one["detail"]:
            console.say(f"{one['device']}: {one['detail']}", "yellow")
    if bindings:
        console.say("What is bound on one: sideman controllers DEVICE, where a part of its name will do.")


def show_bindings(client: OscClient, name: str, json_: bool) -> None:
    """Print what is bound on the devices whose names have ``name`` in them, or on the one of that very name.

    Raises:
        ConfigError: There is no such device.
    """
    devices = _read_rows(client, "/controllers/device", DEVICE)
    bindings = _read_rows(client, "/controllers/binding", BINDING)
    chosen = [one for one in devices if one["device"].casefold() == name.casefold()]
    chosen = chosen or [one for one in devices if name.casefold() in one["device"].casefold()]
    if not chosen:
        there = ", ".join(one["device"] for one in devices) or "none"
        raise ConfigError(f"no controller is named {name!r}", f"there are: {there}")
    names = {one["device"] for one in chosen}
    if json_:
        write_json({"devices": chosen, "bindings": [one for one in bindings if one["device"] in names]})
        return
    console = Printer()
    for one in chosen:
        console.say(f"{one['device']}: {one['state']}" + (f", {ports}" if (ports := _name_ports(one)) else ""), "bold")
        if one["detail"]:
            console.say(one["detail"], "yellow")
        table = columns("message", "does", "state", left=("does", "state"))
        own = [binding for binding in bindings if binding["device"] == one["device"]]
        for binding in own:
            message = binding["binding"].removeprefix(f"{one['device']}: ")
            table.add_row(*map(one_line, (message, binding["control"], binding["state"])))
        if own:
            console.print(table)
        else:
            console.say("Nothing is bound. sideman learn binds a fader, knob or button.")


def _name_ports(device: dict[str, str]) -> str:
    received, sent = device["input"], device["output"]
    parts = [f"from {received}"] if received else []
    return ", ".join([*parts, f"to {sent}"] if sent else parts)


def show_mappings(json_: bool) -> None:
    """Print the mapping files, shipped and the user's."""
    entries = list_mappings()
    if json_:
        keys = ("name", "origin", "title", "doc", "problem")
        write_json([{**{key: getattr(one, key) for key in keys}, "path": str(one.path)} for one in entries])
        return
    console = Printer()
    table = columns("name", "from", "device", left=("from", "device"))
    for one in entries:
        table.add_row(*map(one_line, (one.name, one.origin, one.title or "not read")))
    console.print(table)
    for one in entries:
        if one.problem:
            console.say(f"{one.name}: {one.problem}", "yellow")
    console.say("sideman controllers --show NAME prints the file of one, --picture NAME draws it.")


def print_file(name: str) -> None:
    """Print the file of the mapping ``name``, the user's or the shipped one, as it is.

    Raises:
        ConfigError: There is no such mapping, or its file cannot be read.
    """
    write_out(read_text(find_mapping(name).path))


def check_file(path: Path, registry: Registry, is_known: Callable[[str], bool], json_: bool) -> None:
    """Check the mapping file at ``path`` and print what it binds.

    Raises:
        ConfigError: The file is refused: the entry, what is wrong with it, and the fix.
    """
    mapping = read_mapping(path, registry, is_known)
    kinds = [one.kind for one in mapping.inputs]
    missing = list_missing_presets(mapping)
    if json_:
        messages = [format_message_spec(one.message) for one in mapping.inputs]
        shown = {"name": mapping.name, "inputs": messages, "inactive": list(mapping.inactive)}
        write_json({**shown, "missing_presets": missing})
        return
    console = Printer()
    buttons = sum(one.is_button for one in mapping.inputs)
    lights = len(mapping.feedback) + sum(one.led is not None for one in mapping.inputs)
    console.say(
        f"{path}: {mapping.name}: {buttons} buttons, {len(kinds) - buttons} faders and knobs, "
        f"{lights} lights and displays: no error",
        "green",
    )
    if mapping.inactive:
        console.say(f"left out, as their engine is off: {', '.join(mapping.inactive)}")
    if missing:
        console.say(f"no preset is named {', '.join(missing)}; sideman preset list shows what there is", "yellow")


def list_missing_presets(mapping: Mapping) -> list[str]:
    """The presets that the mapping's buttons load and that are not there now."""
    loads = [one.target for one in mapping.inputs if isinstance(one.target, TriggerAction)]
    wanted = dict.fromkeys(one.argument for one in loads if one.action == "preset.load")
    there = {one.name for one in list_presets() if not one.problem}
    return [name for name in wanted if name not in there]


def print_picture(name: str, registry: Registry, is_known: Callable[[str], bool]) -> None:
    """Print the picture of the mapping ``name``, the user's or the shipped one, as SVG.

    Raises:
        ConfigError: There is no such mapping, or its file is refused.
    """
    path = find_mapping(name).path
    drawn = draw_mapping(read_mapping(path, registry, is_known), read_mapping_file(path))
    write_out(drawn.encode("ascii", "xmlcharrefreplace").decode("ascii"))  # the same in every encoding


def _read_rows(client: OscClient, address: str, fields: tuple[str, ...]) -> list[dict[str, str]]:
    rows = client.gather("/get", address, done="/get/done")[:-1]
    shown = [dict(zip(fields, map(str, args), strict=False)) for _, args in rows]
    return [row for row in shown if row.get("state") != REMOVED]
