"""Command ``sideman controllers``: the controllers of the running sidecar; the mappings, check and picture of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping_lookup import find_mapping, list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping, read_mapping_file
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.pages.picture import draw_mapping
from bridge.osc.client import OscClient
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json, write_out

REMOVED = "removed"
"""State of a device or binding that is no more; the rows of a reading stay."""
DEVICE = ("device", "mapping", "input", "output", "state", "detail")
BINDING = ("binding", "device", "message", "control", "state")


def show_devices(client: OscClient, json_: bool) -> None:
    """Print the devices of the running sidecar, and with JSON all that is bound on them."""
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
        if one["detail"]:
            console.say(f"{one['device']}: {one['detail']}")


def show_mappings(json_: bool) -> None:
    """Print the mapping files, shipped and the user's."""
    entries = list_mappings()
    if json_:
        keys = ("name", "origin", "title", "doc", "problem")
        write_json([{**{key: getattr(one, key) for key in keys}, "path": str(one.path)} for one in entries])
        return
    table = columns("name", "from", "device", "what it does", left=("from", "device", "what it does"))
    for one in entries:
        table.add_row(*map(one_line, (one.name, one.origin, one.title, one.doc or one.problem)))
    Printer().print(table)


def check_file(path: Path, registry: Registry, is_known: Callable[[str], bool], json_: bool) -> None:
    """Check the mapping file at ``path`` and print what it binds.

    Raises:
        ConfigError: The file is refused: the entry, what is wrong with it, and the fix.
    """
    mapping = read_mapping(path, registry, is_known)
    kinds = [one.kind for one in mapping.inputs]
    if json_:
        messages = [format_message_spec(one.message) for one in mapping.inputs]
        write_json({"name": mapping.name, "inputs": messages, "inactive": list(mapping.inactive)})
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
