"""Keys of all screens, as text and as the table of the documentation."""

from __future__ import annotations

import os

from tui.core.options import Options
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.key_table import format_markdown, format_text
from tui.keys.keymap import FILE_NAME, read_keymap
from tui.screens import SCREENS
from tui.text.output import write_lines
from tui.wire.target import find_settings_folder


def print_keys(options: Options) -> int:
    """Print the keys, with those of the user's keymap; as Markdown the default ones. Exit status 1: a wrong keymap."""
    screens = [make() for make in SCREENS]
    if options.markdown:
        write_lines([format_markdown(screens).rstrip("\n")])
        return 0
    path = find_settings_folder(os.environ) / FILE_NAME
    keymap = read_keymap(path, [APP_ACTIONS, *(screen.actions for screen in screens)])
    write_lines([format_text(screens, keymap).rstrip("\n")])
    return 1 if keymap.problems else 0
