"""The command ``sideman chain diff``: how two chains differ."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.number_text import format_number
from bridge.printing import FAILED, Printer, columns, one_line
from bridge.streams import write_json
from chains.commands.chain_options import ChainName, JsonOption
from chains.commands.show_command import describe_member
from chains.document.chain import Chain, Member
from chains.document.chain_diff import ChainDifference, compare_chains
from chains.document.chain_file import get_folder
from chains.document.chain_lookup import load_chain
from chains.document.member_paths import walk_members
from chains.document.parameter_text import format_parameter, format_points

NONE = "–"
CUT = "…"
LONGEST = 60
"""Characters of Faust code, of which the beginning is shown."""
PARAMETERS, AUTOMATION, SENDS = "parameters.", "automation.", "sends."
"""Prefixes of the keys of these."""


def diff_chains(first: ChainName, second: ChainName, /, *, json_: JsonOption = False) -> int:
    """Show how chain SECOND differs from chain FIRST: members, order, parameters, states.

    The exit status is 1 where something differs.
    """
    (first_path, first_chain), (second_path, second_chain) = load_chain(first), load_chain(second)
    found = compare_chains(first_chain, second_chain, get_folder(first_path), get_folder(second_path))
    if json_:
        write_json({"first": str(first_path), "second": str(second_path), "different": msgspec.to_builtins(found)})
        return FAILED if found else 0
    console = Printer()
    if not found:
        console.say("no difference")
        return 0
    table = columns("", "where", "what", first, second, left=("where", "what", first, second))
    contents = (_describe_contents(first_chain), _describe_contents(second_chain))
    members = {member.label: member for chain in (second_chain, first_chain) for _, member in walk_members(chain)}
    rows = [_format_values(one, contents, members.get(one.where)) for one in found]
    for one, texts in zip(found, rows, strict=True):
        table.add_row(one.change, one_line(one.where), one_line(one.key.removeprefix(PARAMETERS)), *texts)
    console.print(table)
    if any(text.endswith(CUT) for texts in rows for text in texts):
        console.say(f"what ends in {CUT} is longer: --json prints it whole")
    return FAILED


def _describe_contents(chain: Chain) -> dict[str, str]:
    """What each member and bus is, with the parameters that it sets."""
    texts = {f"bus {bus.name}": f"{len(bus.members)} members" for bus in chain.buses}
    for _, member in walk_members(chain):
        values = [f"{name} {format_parameter(member, name, value)}" for name, value in member.parameters.items()]
        texts[member.label] = ": ".join(filter(None, (describe_member(member), ", ".join(values))))
    return texts


def _format_values(
    one: ChainDifference, contents: tuple[dict[str, str], dict[str, str]], member: Member | None
) -> tuple[str, str]:
    if one.change in ("added", "removed"):
        text = one_line(contents[one.change == "added"].get(one.where, ""))
        return (NONE, text) if one.change == "added" else (text, NONE)
    if one.key == "state":
        # the SHA-256 of two states says no more than that they differ
        return ("one state" if one.first else "none", "another" if one.second else "none")
    return _format_value(one.key, one.first, member), _format_value(one.key, one.second, member)


def _format_value(key: str, value: Any, member: Member | None) -> str:
    """A value, with its unit where its name does not say it."""
    if value is None:
        return NONE
    if member is not None and key.startswith(PARAMETERS):
        return one_line(format_parameter(member, key.removeprefix(PARAMETERS), value))
    if member is not None and key.startswith(AUTOMATION):
        return one_line(format_points(member, key.removeprefix(AUTOMATION), value))
    if isinstance(value, bool):
        return "on" if value else "off"
    text = one_line(format_number(value) if isinstance(value, float) else str(value))
    if key.startswith(SENDS):
        return f"{text} dB"
    return text if key != "faust" or len(text) <= LONGEST else f"{text[:LONGEST]}{CUT}"
