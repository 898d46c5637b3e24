"""Table of keys: every action of the app and of its screens, as plain text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.screen import KeyAction, Screen
from tui.keys.app_actions import APP_ACTIONS
from tui.keys.key_names import to_label
from tui.keys.keymap import Keymap

INTRODUCTION = (
    "Made by `sideman tui --keys --markdown`. `sideman tui --keys` prints the same with your own keys, and",
    "`sideman tui --probe` shows what arrives for each key. F2 to F10 show the screens, too.",
)


def list_groups(screens: Sequence[Screen], keymap: Keymap) -> list[tuple[str, tuple[KeyAction, ...]]]:
    """A title and its actions: those that act everywhere, then those of each screen."""
    groups = [("Everywhere", keymap.apply(APP_ACTIONS))]
    groups += [(screen.title, keymap.apply(screen.actions)) for screen in screens]
    return groups


def format_text(screens: Sequence[Screen], keymap: Keymap) -> str:
    """A line an action: its name, as a keymap file has it, its keys, what it does. Then what is wrong with the file."""
    lines: list[str] = []
    for title, actions in list_groups(screens, keymap):
        lines.append(title)
        lines += [f"  {action.name:<24} {_list_keys(action):<16} {action.doc}" for action in actions]
        lines.append("")
    return "\n".join([*lines, *keymap.problems]).rstrip() + "\n"


def format_markdown(screens: Sequence[Screen]) -> str:
    """The page of the documentation: a table for each group, with the default keys."""
    lines = ["# Keys of the terminal app", "", *INTRODUCTION, ""]
    for title, actions in list_groups(screens, Keymap()):
        lines += [f"## {title}", "", "| keys | does | in keys.toml |", "|---|---|---|"]
        lines += [f"| {_quote_keys(action)} | {action.doc} | `{action.name}` |" for action in actions]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _list_keys(action: KeyAction) -> str:
    return " ".join(to_label(key) for key in action.keys)


def _quote_keys(action: KeyAction) -> str:
    labels = [to_label(key).replace("|", "\\|") for key in action.keys]
    return " ".join(f"`` {label} ``" if "`" in label else f"`{label}`" for label in labels)
