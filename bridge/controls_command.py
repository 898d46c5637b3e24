"""Command ``sideman controls``: the list of all controls, and layouts of them for touch screens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bridge.command_options import AsJson
from bridge.printing import Printer
from bridge.settings import load_settings
from bridge.streams import write_out


def controls(
    *,
    json_: AsJson = False,
    markdown: Annotated[bool, Parameter(negative="", help="Print the page docs/controls.md.")] = False,
    touchosc: Annotated[
        Path | None, Parameter(help="Write a layout for TouchOSC, to a file that ends in .tosc.")
    ] = None,
    open_stage_control: Annotated[
        Path | None, Parameter(help="Write a session for Open Stage Control, to a file that ends in .json.")
    ] = None,
    receive_port: Annotated[int, Parameter(help="UDP port on which TouchOSC receives.")] = 9124,
    force: Annotated[bool, Parameter(negative="", help="Write over a layout that is there.")] = False,
) -> None:
    """List every control, action and reading: OSC address, range, default and meaning.

    Or write them as pages of faders and buttons for a tablet: docs/layouts.md.
    """
    from bridge.installed_controls import make_registry

    settings = load_settings()
    registry = make_registry(settings)
    if touchosc is not None or open_stage_control is not None:
        from bridge.layouts.layout_files import LayoutFiles

        files = LayoutFiles(registry, settings, force)
        written = []
        if touchosc is not None:
            written.append(files.write_touchosc(touchosc, receive_port))
        if open_stage_control is not None:
            written.append(files.write_open_stage_control(open_stage_control))
        for line in written:
            Printer().say(line)
        return
    from bridge.control import docs

    if json_ or markdown:
        shown = docs.format_json(registry) if json_ else docs.format_markdown(registry)
    else:
        shown = docs.format_table(registry, Printer().width)
    write_out(shown.rstrip("\n") + "\n")
