"""The command ``sideman chain list``: all chains, whether their plugins are installed, and whether they run live."""

from __future__ import annotations

from rich.text import Text

from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json
from chains.commands.chain_options import JsonOption
from chains.document.chain import Chain, Member
from chains.document.chain_lookup import ChainEntry
from chains.document.chain_lookup import list_chains as find_chains
from chains.document.host_choice import list_live_obstacles
from chains.document.member_paths import walk_active_members, walk_members
from chains.document.plugin_locations import is_installed
from chains.process.block_list import BlockList


def list_chains(*, json_: JsonOption = False) -> None:
    """List the chains, yours and the shipped ones.

    Missing: plugins that are not installed here. Blocked: plugins that failed twice (sideman chain blocked).
    Live: whether it can run live, as an insert.
    """
    entries = find_chains()
    if json_:
        write_json([_to_dict(one) for one in entries])
        return
    table = columns("name", "from", "size", "live", "what it does", left=("from", "live", "what it does"))
    for one in entries:
        if one.chain is None:
            table.add_row(one_line(one.name), one.origin, "", "", Text(one_line(_shorten_problem(one)), "red"))
            continue
        missing = _list_missing(one.chain)
        notes = (_format_plugins("Missing", missing), _format_plugins("Blocked", _list_blocked(one.chain)))
        about = " ".join(filter(None, (one_line(one.chain.doc), *notes)))
        live = "no" if list_live_obstacles(one.chain) else "yes"
        table.add_row(one.name, one.origin, str(_count_members(one.chain)), live, about)
    console = Printer()
    console.print(table)
    if not entries:
        console.say("no chains; sideman chain capture makes one")


def _format_plugins(what: str, plugins: list[str]) -> str:
    return f"{what}: {one_line(', '.join(plugins))}." if plugins else ""


def _shorten_problem(one: ChainEntry) -> str:
    """The problem without the path of the file: the row says name and origin."""
    return one.problem.removeprefix(f"{one.path}: ")


def _to_dict(one: ChainEntry) -> dict[str, object]:
    place: dict[str, object] = {"name": one.name, "origin": one.origin, "path": str(one.path), "problem": one.problem}
    if one.chain is None:
        return place
    plugins = [member for _, member in walk_members(one.chain) if member.plugin]
    return place | {
        "doc": one.chain.doc,
        "members": _count_members(one.chain),
        "plugins": [_format_plugin(member) for member in plugins],
        "missing": _list_missing(one.chain),
        "blocked": _list_blocked(one.chain),
        "not_live": list_live_obstacles(one.chain),
    }


def _count_members(chain: Chain) -> int:
    """How many members process audio."""
    return sum(not member.branches for _, member in walk_members(chain))


def _list_missing(chain: Chain) -> list[str]:
    return [_format_plugin(member) for _, member in walk_active_members(chain) if not is_installed(member)]


def _list_blocked(chain: Chain) -> list[str]:
    blocked = BlockList()
    return [_format_plugin(member) for _, member in walk_active_members(chain) if blocked.is_blocked(member)]


def _format_plugin(member: Member) -> str:
    return f"{member.plugin} ({member.format.upper()})"
