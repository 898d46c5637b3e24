"""Chain difference: what was added, removed, moved and set to other values between two chains."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from chains.document.chain import Chain, Member, ParameterValue
from chains.document.effects import EFFECTS, is_number, read_value
from chains.document.member_paths import walk_members
from chains.document.member_state import read_state

Change: TypeAlias = Literal["added", "removed", "moved", "changed"]
Values: TypeAlias = Mapping[str, Any]
"""Values by key, those of tables with dotted keys."""
_STATE_KEYS = ("state", "state_file", "state_sha256")


@dataclass(frozen=True, slots=True)
class ChainDifference:
    """A difference between two chains.

    ``where``: the label of a member, ``bus NAME`` or ``chain``. ``key``: of what has another value; empty where a whole
    member or bus was added, removed or moved. ``first``, ``second``: the values, or the places of a member that moved;
    None where one lacks it.
    """

    change: Change
    where: str
    key: str = ""
    first: Any = None
    second: Any = None


def compare_chains(first: Chain, second: Chain, first_folder: Path, second_folder: Path) -> list[ChainDifference]:
    """Compare two chains. Members are matched by their labels, which are unique in a chain.

    The folders are those of the chains' files: their states are read from there.

    Raises:
        ConfigError: A state cannot be read.
    """
    found = list(_compare_values("chain", _list_head(first), _list_head(second)))
    old_buses, new_buses = ({f"bus {bus.name}": bus for bus in chain.buses} for chain in (first, second))
    found += _compare_presence(old_buses, new_buses)
    for name, bus in old_buses.items():
        if name in new_buses:
            found += _compare_values(name, {"return_db": bus.return_db}, {"return_db": new_buses[name].return_db})
    old, new = ({member.label: member for _, member in walk_members(chain)} for chain in (first, second))
    found += _compare_presence(old, new)
    found += _list_moves(_list_places(first), _list_places(second))
    for label, member in old.items():
        if label in new:
            found += _compare_values(label, _list_values(member, first_folder), _list_values(new[label], second_folder))
    return found


def _compare_presence(old: Values, new: Values) -> Iterator[ChainDifference]:
    yield from (ChainDifference("removed", name) for name in old if name not in new)
    yield from (ChainDifference("added", name) for name in new if name not in old)


def _compare_values(where: str, old: Values, new: Values) -> Iterator[ChainDifference]:
    for key in dict.fromkeys((*old, *new)):
        first, second = old.get(key), new.get(key)
        if first != second or type(first) is not type(second):
            yield ChainDifference("changed", where, key, first, second)


def _list_head(chain: Chain) -> Values:
    return {"doc": chain.doc, "tempo_bpm": chain.tempo_bpm, "tail_s": chain.tail_s}


def _list_values(member: Member, folder: Path) -> Values:
    """All that a member sets, its branches' members left out; its state as SHA-256."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Member):
        value = getattr(member, field.name)
        if field.encode_name in (*_STATE_KEYS, "name", "branch"):
            continue
        if field.encode_name == "parameters":
            values |= {f"parameters.{name}": _read_number(member, name, inner) for name, inner in value.items()}
        elif isinstance(value, dict):
            values |= {f"{field.encode_name}.{name}": inner for name, inner in value.items()}
        else:
            values[field.encode_name] = value
    state = read_state(member, folder)
    values["state"] = hashlib.sha256(state).hexdigest() if state else ""
    return values | {f"branch[{number}].gain_db": one.gain_db for number, one in enumerate(member.branches)}


def _read_number(member: Member, name: str, value: ParameterValue) -> ParameterValue:
    """A parameter's value; of a built-in effect ``-22 dB`` is the number -22."""
    known = EFFECTS[member.effect].parameters if member.effect in EFFECTS else ()
    parameter = next((one for one in known if one.name == name and is_number(one)), None)
    return value if parameter is None else read_value(parameter, value)


def _list_places(chain: Chain) -> dict[str, list[str]]:
    """The labels in each row of members: that of the chain, those of branches and of buses."""
    places = {"chain": [member.label for member in chain.members]}
    places |= {f"bus {bus.name}": [member.label for member in bus.members] for bus in chain.buses}
    for _, member in walk_members(chain):
        for number, branch in enumerate(member.branches):
            places[f"{member.label} branch {number + 1}"] = [one.label for one in branch.members]
    return places


def _list_moves(old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[ChainDifference]:
    """Members that are in another row, or in the same one in another order than their neighbours."""
    old_rows, new_rows = ({label: row for row, labels in rows.items() for label in labels} for rows in (old, new))
    for label, row in old_rows.items():
        if label in new_rows and new_rows[label] != row:
            yield ChainDifference("moved", label, first=row, second=new_rows[label])
    for row in (one for one in old if one in new):
        before = [label for label in old[row] if new_rows.get(label) == row]
        after = [label for label in new[row] if old_rows.get(label) == row]
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        still = {label for block in blocks for label in before[block.a : block.a + block.size]}
        for label in before:
            if label not in still:
                places = (f"{row}, place {one.index(label) + 1}" for one in (old[row], new[row]))
                yield ChainDifference("moved", label, "", *places)
