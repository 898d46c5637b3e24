"""Host choice: which of both hosts runs a member, and what cannot run live.

Pedalboard runs built-in effects, VST3 and, on macOS, AU; it has no tempo, no sidechain, and is the only one that runs
live. DawDreamer runs VST3, VST2, LV2, AU and Faust code, with tempo and sidechain, and plays instruments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from bridge.errors import ConfigError
from chains.document.chain import Chain, Member
from chains.document.effects import EFFECTS
from chains.document.member_paths import walk_active_members

HostName: TypeAlias = Literal["pedalboard", "dawdreamer"]
AUTO = "auto"
"""No host is forced: Pedalboard where it can, which is faster to load and saves states."""
PEDALBOARD: Final = "pedalboard"
DAWDREAMER: Final = "dawdreamer"
HOSTS: tuple[HostName, ...] = (PEDALBOARD, DAWDREAMER)
HOST_TITLES: Mapping[str, str] = {PEDALBOARD: "Pedalboard", DAWDREAMER: "DawDreamer"}
"""Names of the hosts in texts for users."""
_RENDER = "use it in a render (sideman chain render), or leave it out here"
_FORMATS = {"vst2": "VST2", "lv2": "LV2"}
"""Formats that Pedalboard does not load."""


def choose_host(member: Member, live: bool, force: str = AUTO) -> HostName:
    """Choose the host of a member that has no branches.

    ``live``: it has to run live. ``force``: ``auto``, or the host that has to load plugins; built-in effects and Faust
    code are in one host only, whatever is forced.

    Raises:
        ConfigError: The host that is needed cannot run live, or is not the one that is forced; the hint says the way
            out.
    """
    if force not in (AUTO, *HOSTS):
        raise ConfigError(f"no host is named {force}", f"give {AUTO}, {' or '.join(HOSTS)}")
    if live and (reason := find_live_obstacle(member)):
        raise ConfigError(f"{member.label}: cannot run live: {reason}", _RENDER)
    if member.effect:
        return PEDALBOARD
    if member.faust:
        return DAWDREAMER
    if live and force == DAWDREAMER:
        raise ConfigError(f"{member.label}: DawDreamer does not run live", "leave the host to auto")
    if reason := _need_dawdreamer(member):
        if force == PEDALBOARD:
            raise ConfigError(f"{member.label}: Pedalboard cannot run it: {reason}", "leave the host to auto")
        return DAWDREAMER
    return DAWDREAMER if force == DAWDREAMER else PEDALBOARD


def find_live_obstacle(member: Member) -> str:
    """Why a member cannot run live; empty: it can, as far as its document tells. Its branches are not looked at."""
    if member.bypass:
        return ""
    if member.automation:
        return "automation needs the beats of a song"
    if member.effect:
        effect = EFFECTS.get(member.effect)
        return effect.not_live if effect else ""
    if member.faust:
        return "Faust code needs DawDreamer, which does not run live"
    if member.is_instrument:
        return "instruments play in renders only"
    if reason := _need_dawdreamer(member):
        return f"{reason}, and DawDreamer does not run live"
    return ""


def list_live_obstacles(chain: Chain) -> list[str]:
    """List why a chain cannot run live, a line for each member; empty: it can, as far as its document tells."""
    found = ((member.label, find_live_obstacle(member)) for _, member in walk_active_members(chain))
    return [f"{label}: {reason}" for label, reason in found if reason]


def _need_dawdreamer(member: Member) -> str:
    """Why a plugin needs DawDreamer; empty: Pedalboard can run it too."""
    if member.format in _FORMATS:
        return f"{_FORMATS[member.format]} needs DawDreamer"
    if member.follows_tempo:
        return "only DawDreamer has a tempo"
    if member.sidechain:
        return "only DawDreamer has sidechain inputs"
    if member.is_instrument:
        return "instruments play in DawDreamer"
    return ""
