"""Commands for MIDI controllers: ``sideman learn`` and ``sideman controllers``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bridge.command_options import AsJson, OscPort
from bridge.settings import load_settings


def learn(
    *name: Annotated[str, Parameter(help="What is to be set: vocals, mute bass, style funk, transport.panic.")],
    forget: Annotated[bool, Parameter(negative="", help="Remove what sets it.")] = False,
    undo: Annotated[bool, Parameter(negative="", help="Take back what was learned or forgotten last.")] = False,
    first: Annotated[bool, Parameter(negative="", help="Take the likeliest without asking.")] = False,
    port: OscPort = 0,
    json_: AsJson = False,
) -> None:
    """Bind a fader, knob or button of a MIDI controller: name a control, then move it.

    Without a name it lists what can be learned. It needs a running sideman run.
    """
    from bridge import learn_command
    from bridge.osc.client import OscClient

    settings = load_settings()
    with OscClient("127.0.0.1", port or settings.osc.port, settings.lan.token) as client:
        if undo:
            learn_command.undo(client, json_)
        elif not name:
            learn_command.show_learnables(learn_command.list_learnables(client))
        elif forget:
            learn_command.forget(client, " ".join(name), json_)
        else:
            learn_command.learn(client, " ".join(name), first, json_)


def controllers(
    *device: Annotated[str, Parameter(help="Show what is bound on this one; a part of its name will do.")],
    list_: Annotated[bool, Parameter(name="--list", negative="", help="List the mappings.")] = False,
    check: Annotated[Path | None, Parameter(help="Check this mapping file.")] = None,
    picture: Annotated[str, Parameter(help="Print the picture of this mapping as SVG.")] = "",
    show: Annotated[str, Parameter(help="Print the file of this mapping, to begin one of your own.")] = "",
    port: OscPort = 0,
    json_: AsJson = False,
) -> None:
    """List the MIDI controllers of a running sideman run, and what is wrong with them.

    With the name of a device it lists what each of its faders, knobs and buttons does.
    """
    from bridge import controllers_command

    settings = load_settings()
    if list_:
        controllers_command.show_mappings(json_)
    elif show:
        controllers_command.print_file(show)
    elif check is not None or picture:
        from bridge.installed_controls import is_known_elsewhere, make_registry

        if check is not None:
            controllers_command.check_file(check, make_registry(settings), is_known_elsewhere, json_)
        else:
            controllers_command.print_picture(picture, make_registry(settings), is_known_elsewhere)
    else:
        from bridge.osc.client import OscClient

        with OscClient("127.0.0.1", port or settings.osc.port, settings.lan.token) as client:
            if device:
                controllers_command.show_bindings(client, " ".join(device), json_)
            else:
                controllers_command.show_devices(client, json_)
