"""Chain devices: the VST3 plugins of a chain, with the state that they have in it, for a channel of a DAW.

A chain keeps a state and values of parameters that are set behind it, and a DAW takes a state alone. So a plugin with
values is loaded in a host process, as the chain loads it, and its state is saved from there.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bridge.errors import ConfigError
from chains.checks.host_session import LARGEST_BLOCK_FRAMES, HostSession, RenderSettings
from chains.checks.process_session import ProcessSession
from chains.checks.stimuli import make_noise
from chains.document.chain import Chain, Member
from chains.document.member_state import read_state
from chains.document.vst3_preset import parse_class_id, parse_preset
from chains.process.verdict import PluginError
from export.dawproject.vst_device import VstDevice

RATE = 48_000
"""Sampling rate in Hz at which a plugin is loaded for its state."""
VST3 = "vst3"


@dataclass(frozen=True, slots=True)
class ChainDevices:
    """The devices of a chain in order, and sentences on what a DAW does not get of it."""

    devices: tuple[VstDevice, ...]
    remarks: tuple[str, ...]


def make_chain_devices(
    chain: Chain, folder: Path, open_session: Callable[[], HostSession] | None = None
) -> ChainDevices:
    """The devices of ``chain``, whose file is in ``folder``. ``open_session`` opens a host process.

    Raises:
        ConfigError: A saved state cannot be read.
    """
    devices: list[VstDevice] = []
    remarks: list[str] = []
    for member in chain.members:
        if reason := explain_omission(member):
            remarks.append(f"{member.label}: left out: {reason}")
            continue
        device, remark = _make_device(member, folder, open_session or partial(ProcessSession, folder=str(folder)))
        if device is not None:
            devices.append(device)
            remarks += [f"{member.label}: {what}" for what in _list_losses(member)]
        if remark:
            remarks.append(f"{member.label}: {remark}")
    remarks += [f"bus {bus.name}: left out: make a send in the DAW" for bus in chain.buses]
    return ChainDevices(tuple(devices), tuple(remarks))


def explain_omission(member: Member) -> str:
    """Why a member cannot be a device; empty: it can."""
    if member.branches:
        return "parallel branches do not fit into a DAW's row of plugins"
    if member.effect:
        return f"{member.effect} is an effect of Sideman, and no plugin"
    if member.faust:
        return "Faust code is no plugin"
    return "" if member.format == VST3 else f"a plugin of the format {member.format.upper()}; give its VST3"


def _list_losses(member: Member) -> Iterator[str]:
    if member.sidechain:
        yield f"its sidechain is not connected: choose {member.sidechain} in the DAW"
    if member.sends:
        yield f"its sends are left out: {', '.join(sorted(member.sends))}"
    if member.automation:
        yield f"its automation is left out: {', '.join(sorted(member.automation))}"


def _make_device(member: Member, folder: Path, open_session: Callable[[], HostSession]) -> tuple[VstDevice | None, str]:
    """The device, None where the plugin's class is not known, and a remark."""
    state, remark = read_state(member, folder), ""
    if member.parameters or not (state or member.id):
        try:
            state = _save_state(member, open_session) or state
        except (PluginError, ConfigError) as error:
            remark = f"could not be loaded ({error.message})"
            if member.parameters:
                kept = "its saved state" if state else "its defaults"
                remark += f", so it has {kept}, without: {', '.join(sorted(member.parameters))}"
    class_id = parse_preset(state, member.label).class_id if state else member.id
    if not class_id:
        return None, f"left out: it {remark or 'saves no state'}, and its class id is not known"
    device = VstDevice(
        member.plugin,
        parse_class_id(class_id),
        state,
        label=member.label,
        is_enabled=not member.bypass,
        is_instrument=member.is_instrument,
        version=member.version,
    )
    return device, remark


def _save_state(member: Member, open_session: Callable[[], HostSession]) -> bytes:
    """The state of a plugin with its parameters set; empty where the host saves none.

    Raises:
        PluginError, ConfigError: It cannot be loaded, or refuses a value.
    """
    # tempo, sidechain and automation need the other host, which saves no state, and are not in one
    plain = replace(member, bypass=False, follows_tempo=False, sidechain="", sends={}, automation={})
    session = open_session()
    try:
        session.load(Chain(members=(plain,)), RATE)
        # a state that is saved before the first block is that of the defaults
        session.render(make_noise(LARGEST_BLOCK_FRAMES), RenderSettings())
        return b64decode(session.save_state(plain.label).state)
    finally:
        session.close()
