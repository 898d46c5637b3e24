"""Chain rules: checks of a chain file beyond its keys and types; the first breach is an error with key and fix."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from bridge.core.time import FASTEST_BPM, SLOWEST_BPM
from bridge.errors import ConfigError, did_you_mean
from bridge.toml import shorten
from chains.document.bus_order import order_buses
from chains.document.chain import Chain, Member
from chains.document.member_paths import walk_members
from chains.document.member_rules import check_gain, check_label, check_member, check_range

MOST_NESTED = 2
"""Branches in branches: with their automation these reach the 16 levels that a TOML file may have."""
MOST_MEMBERS = 256
"""Members of a chain, all branches and buses counted; a long chain has twenty."""
LONGEST_TAIL_S = 600.0
"""Ten minutes; the longest reverbs ring for one."""


def check_chain(chain: Chain, folder: Path | Traversable, place: str) -> None:
    """Check a chain. ``folder``: where its file is, for states and impulse responses. ``place`` names it in errors.

    Raises:
        ConfigError: Something is wrong: the first problem, with ``place``, the key and the fix.
    """
    try:
        _check_finite(chain)
        _check_head(chain)
        members = list(walk_members(chain))
        _check_amount(members)
        for key, member in members:
            check_member(member, key, folder)
        _check_branches(members)
        _check_labels(members)
        _check_instruments(chain, members)
        _check_buses(chain, members)
    except ConfigError as error:
        raise ConfigError(f"{place}: {shorten(error.message, 600)}", error.hint) from error


def _check_finite(chain: Chain) -> None:
    """Refuse NaN and infinity, which TOML has words for, wherever they stand."""
    for key, value in _walk_values(msgspec.to_builtins(chain), ""):
        if not math.isfinite(value):
            raise ConfigError(f"{key}: {value} is no usable number", "give a finite number")


def _walk_values(value: Any, key: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk_values(inner, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _walk_values(inner, f"{key}[{number}]")
    elif isinstance(value, float):
        yield key, value


def _check_head(chain: Chain) -> None:
    if not chain.members:
        raise ConfigError("member: missing", "add a table [[member]] with a plugin, an effect, faust or branches")
    if not chain.doc.isprintable():
        raise ConfigError("doc: has a line break or another character that cannot be shown", "write one line")
    if chain.tempo_bpm:
        check_range(chain.tempo_bpm, "tempo_bpm", SLOWEST_BPM, FASTEST_BPM, "beats a minute, or leave it out")
    if chain.tail_s != -1.0:
        check_range(chain.tail_s, "tail_s", 0.0, LONGEST_TAIL_S, "seconds, or -1: until the output is silent")


def _check_amount(members: list[tuple[str, Member]]) -> None:
    if len(members) > MOST_MEMBERS:
        raise ConfigError(f"member: {len(members)} members", f"a chain has at most {MOST_MEMBERS}: make two chains")


def _check_labels(members: list[tuple[str, Member]]) -> None:
    seen: dict[str, str] = {}
    for key, member in members:
        if member.label in seen:
            message = f"{key}: is called {member.label}, as {seen[member.label]} is"
            raise ConfigError(message, 'give one of both another name, such as name = "second"')
        seen[member.label] = key


def _check_instruments(chain: Chain, members: list[tuple[str, Member]]) -> None:
    for key, member in members:
        if member.is_instrument and key != "member[0]":
            message = f"{key}.is_instrument: only the first member of a chain may be an instrument"
            raise ConfigError(message, "move it to the front, or make a chain of its own")
    if chain.members[0].is_instrument and chain.members[0].bypass:
        raise ConfigError("member[0].bypass: without its instrument the chain has no sound", "leave bypass out")


def _check_branches(members: list[tuple[str, Member]]) -> None:
    for key, member in members:
        if key.count(".branch[") >= MOST_NESTED and member.branches:
            raise ConfigError(f"{key}.branch: more than {MOST_NESTED} branches in one another", "use sends to a bus")
        for number, branch in enumerate(member.branches):
            check_gain(branch.gain_db, f"{key}.branch[{number}].gain_db")


def _check_buses(chain: Chain, members: list[tuple[str, Member]]) -> None:
    names: list[str] = []
    for number, bus in enumerate(chain.buses):
        check_label(bus.name, f"bus[{number}].name")
        if bus.name in names:
            raise ConfigError(f"bus[{number}].name: there is a bus {bus.name} already", "give it another name")
        names.append(bus.name)
        check_gain(bus.return_db, f"bus[{number}].return_db")
    for key, member in members:
        for name, gain_db in member.sends.items():
            if name not in names:
                hint = did_you_mean(name, names) if names else f'add a table [[bus]] with name = "{name}"'
                raise ConfigError(f"{key}.sends.{name}: no such bus", hint)
            check_gain(gain_db, f"{key}.sends.{name}")
    used = {name for _, member in members for name in member.sends}
    for number, name in enumerate(names):
        if name not in used:
            raise ConfigError(f"bus[{number}]: no member sends to {name}", f"add sends = {{{name} = -12}} to one")
    order_buses(chain)
