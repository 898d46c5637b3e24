"""Commands for scenes of connections: list, show, save, restore and delete."""

from __future__ import annotations

from cyclopts import App

from bridge.command_options import OscPort, open_osc_client
from bridge.printing import Printer, columns, one_line

app = App(name="scene", help="Manage scenes: sets of connections between all programs on JACK.")


@app.command(name="list")
def list_() -> None:
    """List your scenes."""
    from bridge.routing.scene import list_scenes

    table = columns("name", "connections", "", left=("",))
    for scene in list_scenes():
        table.add_row(scene.name, "–" if scene.problem else str(len(scene.links)), one_line(scene.problem))
    Printer().print(table)


@app.command
def show(name: str, /) -> None:
    """Show the connections of scene NAME."""
    from bridge.routing.scene import load_scene

    table = columns("source", "destination", left=("source", "destination"))
    for link in sorted(load_scene(name).links):
        table.add_row(*map(one_line, link))
    Printer().print(table)


@app.command
def save(name: str, /, *, port: OscPort = 0) -> None:
    """Save all connections on the JACK server of the running sidecar as scene NAME."""
    with open_osc_client(port) as client:
        client.call("/routing/save", name)
    Printer().say(f"scene {name}: saved")


@app.command
def restore(name: str, /, *, port: OscPort = 0) -> None:
    """Make the connections of scene NAME, now or when their ports appear."""
    with open_osc_client(port) as client:
        rows = client.call("/routing/restore", name)
    events = [str(row[0]) for row in rows]
    counts = ", ".join(f"{events.count(event)} {event}" for event in ("connected", "cut", "away") if event in events)
    Printer().say(f"scene {name}: {counts or 'nothing to change'}")


@app.command
def delete(name: str, /) -> None:
    """Delete scene NAME. Its connections stay."""
    from bridge.routing.scene import delete_scene

    delete_scene(name)
    Printer().say(f"scene {name}: deleted")
