"""Picture of a screen: one frame as text, as roles, or as SVG."""

from __future__ import annotations

import time
from pathlib import Path

from tui.core.options import OptionError, Options, parse_size
from tui.core.screen import Context, View
from tui.drawing.svg import draw_svg
from tui.drawing.themes import find_theme
from tui.interface.snapshot import draw_whole, to_lines, to_role_lines
from tui.screens import SCREENS
from tui.text.output import write_lines
from tui.text.summary import find_problems
from tui.wire.attachment import load_session
from tui.wire.replay import RecordedRemote


def draw_picture(options: Options) -> int:
    """Draw the screen that the options name; returns the exit status, 1 where nobody answers.

    Raises:
        OptionError, AddressError, RecordingError, ValueError: An option is wrong.
    """
    width, height = parse_size(options.size)
    theme = find_theme(options.theme)
    screens = [make() for make in SCREENS]
    screen = next((one for one in screens if one.name == options.snapshot), None)
    if screen is None:
        names = ", ".join(one.name for one in screens)
        raise OptionError(f"no screen is called {options.snapshot}; there are {names}")
    session = load_session(options, screen.subscriptions, screen.histories)
    if not session.registry.controls:
        raise OptionError(find_problems(session)[0])
    view = View(screen.name, width, height, options.ascii)
    context = Context(session, RecordedRemote(lambda _text, _role: None), view, time.monotonic())
    if options.replay:
        context.now_s = session.since_s
    rows = draw_whole(context, screen, screens)
    if options.svg:
        try:
            Path(options.svg).write_text(draw_svg(rows, width, theme), encoding="utf-8")
        except OSError as error:
            raise OptionError(f"{options.svg} cannot be written ({error.strerror})") from error
    else:
        write_lines([(to_role_lines if options.roles else to_lines)(rows).rstrip("\n")])
    return 0 if session.state == "attached" else 1
