"""Commands for session presets: list, save, load, show, diff, rename and delete."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from bridge.command_options import AsJson, OscPort, open_osc_client
from bridge.errors import ControlError
from bridge.printing import FAILED, Printer, columns, one_line
from bridge.settings import load_settings
from bridge.streams import write_json

if TYPE_CHECKING:
    from bridge.control.preset import Preset
    from bridge.control.registry import Registry

FIRST_NAMES = 5
"""Names of controls that are listed in a line."""

app = App(name="preset", help="Manage session presets: faders, mutes, solos, live inserts and engine settings.")


@app.command(name="list")
def list_() -> None:
    """List the presets, yours and the shipped ones."""
    from bridge.control.preset_lookup import list_presets

    table = columns("name", "from", "what it does", left=("from", "what it does"))
    for one in list_presets(_make_registry()):
        about = f"cannot be loaded: {one.problem}" if one.problem else one.doc
        table.add_row(*map(one_line, (one.name, one.origin, about)))
    Printer().print(table)


@app.command
def save(
    name: str,
    /,
    *,
    doc: Annotated[
        str | None, Parameter(help="Its description, one line; by default that of an existing file.")
    ] = None,
    port: OscPort = 0,
) -> None:
    """Save the controls of the running sidecar as preset NAME."""
    with open_osc_client(port) as client:
        client.call("/preset/save", name, *(() if doc is None else (doc,)))
    Printer().say(f"preset {name}: saved")


@app.command
def load(name: str, /, *, port: OscPort = 0) -> None:
    """Load preset NAME into the running sidecar."""
    with open_osc_client(port) as client:
        refused = client.call("/preset/load", name)
    console = Printer()
    console.say(f"preset {name}: loaded")
    for control, chain, obstacle in refused:
        console.say(f"! {control}: {chain} cannot run live, the dry signal plays: {obstacle}", "bold red")


@app.command
def show(name: str, /, *, json_: AsJson = False) -> None:
    """Show the controls that preset NAME sets, and their values."""
    registry = _make_registry()
    loaded = _read(name, registry)
    if json_:
        write_json({"preset": name, "doc": loaded.doc, "controls": _format_values(loaded.values, registry)})
        return
    table = columns("control", "value")
    for control, value in loaded.values.items():
        table.add_row(control, _format_shown(control, value, registry))
    console = Printer()
    console.print(table)
    if loaded.doc:
        console.say(loaded.doc)


@app.command
def diff(
    name: str,
    other: Annotated[str, Parameter(help="Another preset; by default the running sidecar as it is now.")] = "",
    /,
    *,
    all_: Annotated[
        bool, Parameter(name="--all", negative="", help="List the controls, too, that only one of two presets names.")
    ] = False,
    port: OscPort = 0,
    json_: AsJson = False,
) -> int:
    """Show what preset NAME would change in the running sidecar, or how it differs from preset OTHER.

    The exit status is 1 where something differs.
    """
    registry = _make_registry()
    wanted = _read(name, registry).values
    present = _read(other, registry).values if other else _ask_values(wanted, registry, port)
    # what the running sidecar has and the preset does not name stays as it is: no difference
    names = [*wanted, *(one for one in present if one not in wanted)]
    different = [one for one in names if not _is_equal(present.get(one), wanted.get(one))]
    if json_:
        both = {one: {name: wanted.get(one), other or "now": present.get(one)} for one in different}
        write_json({"different": both, "same": len(names) - len(different)})
        return FAILED if different else 0
    sides = ((name, wanted), (other, present)) if other else (("now", present), (name, wanted))
    shown = different if all_ or not other else [one for one in different if one in wanted and one in present]
    table = columns("control", *(title for title, _ in sides))
    for one in shown:
        table.add_row(one, *(_format_shown(one, values.get(one), registry) for _, values in sides))
    console = Printer()
    if shown:
        console.print(table)
    for title, values in sides:
        if only := [one for one in different if one in values and one not in shown]:
            console.say(f"only {title} names {_list_first(only)}")
    console.say(f"{len(different)} different, {len(names) - len(different)} the same")
    return FAILED if different else 0


@app.command
def rename(name: str, new: str, /) -> None:
    """Give your preset NAME the name NEW."""
    from bridge.control.preset_lookup import rename_preset

    rename_preset(name, new)
    Printer().say(f"preset {name}: now {new}")


@app.command
def delete(name: str, /) -> None:
    """Delete your preset NAME. A shipped one of that name is there again."""
    from bridge.control.preset_lookup import delete_preset, list_presets

    delete_preset(name)
    left = any(one.name == name for one in list_presets())
    Printer().say(f"preset {name}: deleted" + ("; the shipped one is there again" if left else ""))


def _make_registry() -> Registry:
    from bridge.installed_controls import make_registry

    return make_registry(load_settings())


def _read(name: str, registry: Registry) -> Preset:
    from bridge.control.preset import load as load_preset
    from bridge.control.preset_lookup import find_preset

    return load_preset(find_preset(name), registry)


def _ask_values(names: Iterable[str], registry: Registry, port: int) -> dict[str, float]:
    """The running sidecar's values of these controls; one that it lacks, as its engine is off, is left out."""
    values: dict[str, float] = {}
    with open_osc_client(port) as client:
        client.request("/ping")
        for name in names:
            try:
                (value,) = client.request(registry.get_control(name).address)
            except ControlError:
                continue
            if isinstance(value, int | float):
                values[name] = float(value)
    return values


def _list_first(names: list[str]) -> str:
    more = len(names) - FIRST_NAMES
    return ", ".join(names[:FIRST_NAMES]) + (f" and {more} more (--all lists them)" if more > 0 else "")


def _is_equal(first: float | None, second: float | None) -> bool:
    """Whether two values are the same as OSC sends them: a float has 32 bits there."""
    if first is None or second is None:
        return first is second
    return struct.pack("f", first) == struct.pack("f", second)


def _format_values(values: Mapping[str, float], registry: Registry) -> dict[str, object]:
    from bridge.core.control import format_value

    return {name: format_value(registry.get_control(name), value) for name, value in values.items()}


def _format_shown(name: str, value: float | None, registry: Registry) -> str:
    """A value with its unit, as a table shows it; – where it is not set."""
    from bridge.core.control import format_value

    if value is None:
        return "–"
    control = registry.get_control(name)
    shown = format_value(control, value)
    if isinstance(shown, bool):
        return "on" if shown else "off"
    text = f"{shown:g}" if isinstance(shown, float) else str(shown)
    return f"{text} {control.unit}".rstrip()
