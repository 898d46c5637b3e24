"""Snapshot: a whole screen with its frame as rows, and these as text, as roles or as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import ROLES, Row, fit_row, measure, to_text
from tui.core.screen import Context, KeyAction, Screen
from tui.core.session import Record
from tui.drawing.characters import limit_characters, replace_controls
from tui.drawing.frame import FRAME_ROWS, draw_head, draw_keys, draw_message, draw_tabs
from tui.drawing.text_field import draw_field
from tui.keys.app_actions import APP_ACTIONS, select_footer

ROLE_LETTERS: dict[str, str] = dict(zip(ROLES, ".dotS=+!msk*weFC", strict=True))
"""Letter of each role in a snapshot of roles; a dot is plain text."""


def draw_whole(
    context: Context,
    screen: Screen,
    screens: Sequence[Screen] = (),
    actions: Sequence[KeyAction] | None = None,
    clock: Record | None = None,
    app_actions: Sequence[KeyAction] = APP_ACTIONS,
) -> list[Row]:
    """Every row of the terminal, each as wide as the view.

    ``screens``: those of the tabs. ``actions``: what the footer shows, by default the screen's own and those of the
    app. ``clock``: the reading as it was when numbers were rewritten last. ``app_actions``: the app's. An open text
    field that the screen does not draw is in place of the message.
    """
    view, session = context.view, context.session
    width, height = max(view.width, 1), max(view.height, 1)
    room = max(height - FRAME_ROWS, 0)
    content = [fit_row(row, width) for row in screen.draw(context, width, room)[:room]]
    content += [fit_row([], width)] * (room + 1 - len(content))
    always, _ = select_footer(app_actions)
    shown = add_app_actions(screen.actions, app_actions) if actions is None else actions
    if view.field is not None and not any(role == "cursor" for row in content for _, role in row):
        message = fit_row([(" ", "text"), *draw_field(view.field, max(width - 2, 1))], width)
    else:
        message = draw_message(view, width)
    foot = [
        message,
        draw_keys(view, shown, always, width),
    ]
    head = [
        draw_head(session, context.now_s, width, clock),
        draw_tabs(screens or (screen,), screen.name, width),
    ]
    rows = [*head, *content, *foot]
    if len(rows) > height:  # a terminal of a few rows: the keys, the message, and the head as far as they fit
        rows = [*rows[: height - len(foot)], *foot][-height:] if height > len(foot) else foot[-height:]
    signs = [limit_characters(replace_controls(row), view.ascii, view.console) for row in rows]
    return [limit_characters(fit_row(row, width), view.ascii, view.console) for row in signs]  # it may cut with a sign


def add_app_actions(own: Sequence[KeyAction], app_actions: Sequence[KeyAction]) -> list[KeyAction]:
    """The actions of a screen and, behind them, those of the app that its keys leave."""
    taken = {key for action in own for key in action.keys}
    _, more = select_footer(app_actions)
    return [*own, *(one for one in more if not taken.intersection(one.keys))]


def to_lines(rows: Sequence[Row]) -> str:
    """The rows as text, without blanks at the ends of lines."""
    return "".join(to_text(row).rstrip() + "\n" for row in rows)


def to_role_lines(rows: Sequence[Row]) -> str:
    """The roles of the rows: a letter of `ROLE_LETTERS` a column, blank where nothing is drawn."""
    lines = []
    for row in rows:
        line = "".join(
            "".join(" " if one == " " and role not in ("selected", "cursor") else ROLE_LETTERS[role] for one in text)
            + ROLE_LETTERS[role] * (measure(text) - len(text))
            for text, role in row
        )
        lines.append(line.rstrip() + "\n")
    return "".join(lines)
