"""Command ``sideman tui``: its options, and which mode of the app they choose."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from tui.core.options import Options
from tui.modes import choose_mode


def tui(
    *,
    attach: Annotated[str, Parameter(help="HOST:PORT of the sidecar; else SIDEMAN_OSC, else sideman.toml.")] = "",
    screen: Annotated[str, Parameter(help="Screen to begin with, such as stems.")] = "",
    theme: Annotated[str, Parameter(help="calm, contrast, light or mono.")] = "",
    ascii_: Annotated[bool, Parameter(name="--ascii", negative="", help="Draw with ASCII characters alone.")] = False,
    once: Annotated[
        bool, Parameter(negative="", help="Print one look. Exit status 1: nobody answers, 2: something is wrong.")
    ] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="", help="With --once: print JSON.")] = False,
    follow: Annotated[
        bool, Parameter(negative="", help="A line for each thing that changes, and typed commands.")
    ] = False,
    snapshot: Annotated[str, Parameter(help="Print this screen as text and end.")] = "",
    size: Annotated[str, Parameter(help="With --snapshot: COLUMNSxROWS; by default 80x24.")] = "",
    svg: Annotated[str, Parameter(help="With --snapshot: write it to this file as SVG.")] = "",
    roles: Annotated[bool, Parameter(negative="", help="With --snapshot: print what each character means.")] = False,
    record: Annotated[str, Parameter(help="Record the session to this file.")] = "",
    replay: Annotated[str, Parameter(help="Show a recorded session instead of a sidecar.")] = "",
    at: Annotated[str, Parameter(help="With --replay: begin at MINUTES:SECONDS.")] = "",
    keys: Annotated[bool, Parameter(negative="", help="Print the keys of all screens.")] = False,
    markdown: Annotated[bool, Parameter(negative="", help="With --keys: print Markdown.")] = False,
    probe: Annotated[bool, Parameter(negative="", help="Show what arrives for each key; Esc twice ends it.")] = False,
) -> int:
    """Run the sidecar from the keyboard: routing, stems, band, presets, health, jobs.

    The app is a process of its own: closing it changes nothing in the sound.
    In it, ? shows the keys and q ends it. Examples:

    sideman tui --attach 192.168.1.20:9123
    sideman tui --once --json
    echo mute vocals | sideman tui --follow
    sideman tui --snapshot stems --size 160x50
    sideman tui --replay gig.rec --at 12:30
    """
    options = Options(
        attach,
        screen,
        theme,
        ascii_,
        once,
        json_,
        follow,
        snapshot,
        size,
        svg,
        roles,
        record,
        replay,
        at,
        keys,
        markdown,
        probe,
    )
    try:
        return choose_mode(options)(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is flushed at the end must not fail again
        return 0
    except ValueError as error:  # each of the app's own errors is one, and its text is for the user
        sys.stderr.write(f"sideman tui: {error}\n")
        return 1
