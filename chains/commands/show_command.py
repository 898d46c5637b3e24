"""The command ``sideman chain show``: the members of a chain with their parameters, as a table, TOML or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypeAlias

import msgspec
from cyclopts import Parameter

from bridge.errors import ConfigError
from bridge.printing import Printer, columns, one_line
from bridge.streams import write_json, write_out
from chains.commands.chain_options import ChainName, JsonOption
from chains.document.chain import Chain, Member
from chains.document.chain_lookup import load_chain
from chains.document.chain_text import format_chain
from chains.document.host_choice import HOST_TITLES, choose_host, list_live_obstacles
from chains.document.member_paths import walk_members
from chains.document.parameter_text import format_parameter, format_points
from chains.document.plugin_locations import is_installed
from chains.process.block_list import BlockList, quote_name

INDENT = "  "
Row: TypeAlias = tuple[str, ...]
"""Member or parameter, its kind or value, host, layout, latency."""


def show_chain(
    name: ChainName,
    /,
    *,
    toml: Annotated[bool, Parameter(negative="", help="Print the chain's file as Sideman would write it.")] = False,
    json_: JsonOption = False,
) -> None:
    """Show what is in a chain: members in the order of the signal, host, layout, expected latency, parameters."""
    path, chain = load_chain(name)
    if toml and json_:
        raise ConfigError("--toml and --json: both at once", "give one of them")
    if toml:
        write_out(format_chain(chain))
        return
    obstacles = list_live_obstacles(chain)
    if json_:
        write_json({"path": str(path), "chain": msgspec.to_builtins(chain), "not_live": obstacles})
        return
    table = columns("member", "what it is", "host", "layout", "latency", left=("what it is", "host", "layout"))
    for row in _list_rows(chain):
        table.add_row(*map(one_line, row))
    console = Printer()
    console.print(table)
    console.print()
    if chain.doc:
        console.print(one_line(chain.doc))
    if chain.tempo_bpm:
        console.say(f"tempo where the song's is not known: {chain.tempo_bpm:g} BPM")
    for name_ in dict.fromkeys(one.plugin for _, one in walk_members(chain) if BlockList().is_blocked(one)):
        console.print(one_line(f"blocked: {name_}; sideman chain unblock {quote_name(name_)} lets it load again"))
    for line in obstacles:
        console.print(one_line(f"not live: {line}"))
    if any(member.plugin and member.parameters for _, member in walk_members(chain)):
        console.print(one_line(f"no plugin was loaded: sideman chain check {name} tests their parameters"))


def _list_rows(chain: Chain) -> Iterator[Row]:
    yield from _list_members(chain.members, "")
    for bus in chain.buses:
        yield (f"bus {bus.name}", f"return {bus.return_db:g} dB", "", "", "")
        yield from _list_members(bus.members, INDENT)


def _list_members(members: tuple[Member, ...], indent: str) -> Iterator[Row]:
    for member in members:
        yield (indent + member.label, describe_member(member), *_find_host(member), _format_latency(member))
        inside = indent + INDENT
        for name, value in member.parameters.items():
            yield (inside + name, format_parameter(member, name, value), "", "", "")
        for name, points in member.automation.items():
            yield (inside + name, format_points(member, name, points), "", "", "")
        for name, gain_db in member.sends.items():
            yield (f"{inside}send {name}", f"{gain_db:g} dB", "", "", "")
        if member.sidechain:
            yield (f"{inside}sidechain", member.sidechain, "", "", "")
        if member.state or member.state_file:
            yield (f"{inside}state", member.state_file or f"{len(member.state):,} characters here", "", "", "")
        for number, branch in enumerate(member.branches, 1):
            yield (
                f"{inside}branch {number}",
                f"{branch.gain_db:g} dB" + ("" if branch.members else ", dry"),
                "",
                "",
                "",
            )
            yield from _list_members(branch.members, inside + INDENT)


def describe_member(member: Member) -> str:
    """What a member is: ``VST3 plugin 4.1.0``, ``built-in``, ``2 branches``."""
    if member.branches:
        text = f"{len(member.branches)} branches"
    elif member.plugin:
        kind = "instrument" if member.is_instrument else "plugin"
        shown = "" if member.plugin == member.label else f" {member.plugin}"
        text = f"{member.format.upper()} {kind}{shown} {member.version}".rstrip()
        if not is_installed(member):
            text += ", not installed"
        elif BlockList().is_blocked(member):
            text += ", blocked"
    else:
        text = "built-in" + ("" if member.effect == member.label else f" {member.effect}") if member.effect else "Faust"
    return f"{text}, bypassed" if member.bypass else text


def _find_host(member: Member) -> tuple[str, str]:
    """Host and layout, as a table shows them."""
    if member.branches:
        return "", ""
    host = HOST_TITLES[choose_host(member, live=False)]
    return host, member.layout if member.plugin else "stereo"


def _format_latency(member: Member) -> str:
    return "" if member.latency_frames < 0 or member.branches else f"{member.latency_frames}"
