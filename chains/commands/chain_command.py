"""The command ``sideman chain``: a group of commands, each imported only when it is called."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from cyclopts import App

from bridge.commands import ENTRY_POINTS, read_help

app = App(
    name="chain",
    help="Plugin chains: list, show, copy, compare, test and capture them, and render with them.",
    help_format="plaintext",
)

COMMANDS = {
    "capture": "chains.commands.capture_command:capture_chain",
    "check": "chains.commands.check_command:check_chains",
    "list": "chains.commands.list_command:list_chains",
    "show": "chains.commands.show_command:show_chain",
    "copy": "chains.commands.copy_command:copy_chain",
    "diff": "chains.commands.diff_command:diff_chains",
    "blocked": "chains.commands.block_commands:list_blocked",
    "unblock": "chains.commands.block_commands:unblock_plugin",
    "effects": "chains.commands.effects_command:list_effects",
    "render": "chains.commands.render_command:render",
}
"""The function of each command as "module:name"; its help is the docstring, read without running the module."""

for _name, _value in COMMANDS.items():
    app.command(_value, name=_name, help=read_help(EntryPoint(_name, _value, ENTRY_POINTS)))
