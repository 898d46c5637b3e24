"""The command ``sideman chain diff``: how two chains differ."""

from __future__ import annotations

import msgspec

from bridge.printing import FAILED, Printer, columns, one_line
from bridge.streams import write_json
from chains.commands.chain_options import ChainName, JsonOption
from chains.document.chain_diff import ChainDifference, compare_chains
from chains.document.chain_file import get_folder
from chains.document.chain_lookup import load_chain

LONGEST = 60
"""Characters of a value; of Faust code and automation the beginning is shown."""


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
    for one in found:
        table.add_row(
            one.change, one_line(one.where), one_line(one.key.removeprefix("parameters.")), *_format_values(one)
        )
    console.print(table)
    return FAILED


def _format_values(one: ChainDifference) -> tuple[str, str]:
    if one.change in ("added", "removed"):
        return ("", "here") if one.change == "added" else ("here", "")
    if one.key == "state":
        # the SHA-256 of two states says no more than that they differ
        return ("one state" if one.first else "none", "another" if one.second else "none")
    return _format_value(one.first), _format_value(one.second)


def _format_value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    text = one_line(f"{value:g}" if isinstance(value, float) else str(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
