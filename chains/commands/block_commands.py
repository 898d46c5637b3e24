"""The commands ``sideman chain blocked`` and ``unblock``: plugins that ended their host process, and another try."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.text import Text

from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json
from chains.commands.chain_options import JsonOption
from chains.process.block_list import BlockList, count_left_over


def list_blocked(*, json_: JsonOption = False) -> None:
    """List the plugins that crashed, ended or stopped their host process; two times block a plugin.

    A new version of a plugin's file is not blocked.
    """
    count_left_over()
    rows = BlockList().read()
    if json_:
        write_json([msgspec.to_builtins(row) | {"blocked": row.is_blocked} for row in rows])
        return
    console = Printer()
    if not rows:
        console.say("no plugin is blocked")
        return
    table = columns("plugin", "blocked", "failures", "the last one", "when", "file", left=("the last one", "file"))
    for row in rows:
        when = datetime.fromtimestamp(row.last_s).strftime("%Y-%m-%d %H:%M")
        last = f"{row.verdict} ({row.step})" if row.step else row.verdict
        blocked = Text("yes", "red") if row.is_blocked else Text("no")
        table.add_row(one_line(row.name), blocked, str(row.crashes), last, when, one_line(row.path))
    console.print(table)


PluginName = Annotated[str, Parameter(help="The plugin's name as sideman chain blocked shows it, or its file.")]


def unblock_plugin(name: PluginName, /) -> None:
    """Unblock a plugin: its failures are forgotten, and it is loaded again."""
    blocked = BlockList()
    before = {(row.path, row.changed_s): row for row in blocked.read()}
    blocked.unblock(name)
    after = {(row.path, row.changed_s) for row in blocked.read()}
    for row in (row for key, row in before.items() if key not in after):
        what = "unblocked" if row.is_blocked else "its failure is forgotten; it was not blocked"
        Printer().say(f"{row.name} ({row.path}): {what}")
