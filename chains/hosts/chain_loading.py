"""Chain loading: from a chain's document to its graph of loaded, prepared members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bridge.core.audio import db_to_gain
from chains.document.bus_order import order_buses
from chains.document.chain import Chain, Member
from chains.document.effects import EFFECTS
from chains.document.host_choice import AUTO, DAWDREAMER, choose_host
from chains.document.member_state import read_state
from chains.document.plugin_locations import find_plugin
from chains.hosts.chain_graph import BranchNode, BusNode, ChainGraph, MemberNode, Node, NodePath
from chains.hosts.member import HostedMember, refuse


@dataclass(frozen=True)
class ChainLoading:
    """Loads the members of a chain, and prepares them.

    Attributes:
        rate: In Hz.
        block_frames: The largest block that will follow.
        folder: Of the chain's file.
        report_step: Called with step and plugin before the plugin is touched.
        host: ``auto``, or the host that has to load every plugin.
        is_live: Whether the chain has to run live.
        loaded: The members so far, in the order of loading.
    """

    rate: int
    block_frames: int
    folder: Path
    report_step: Callable[[str, str], None]
    host: str = AUTO
    is_live: bool = False
    loaded: list[HostedMember] = field(default_factory=list)

    def load(self, chain: Chain) -> ChainGraph:
        """Load a chain. What is bypassed is not loaded.

        Raises:
            PluginError: A plugin cannot be loaded, or refuses its state or a parameter.
            ConfigError: A plugin or file is missing, or the chain cannot run in this host.
        """
        main = self._load_path(chain.members)
        buses = tuple(
            BusNode(bus.name, self._load_path(bus.members), db_to_gain(bus.return_db)) for bus in order_buses(chain)
        )
        return ChainGraph(main, buses)

    def close(self) -> None:
        """Let go of what was loaded."""
        while self.loaded:
            self.loaded.pop().close()

    def _load_path(self, members: tuple[Member, ...]) -> NodePath:
        return NodePath(tuple(self._load_node(member) for member in members if not member.bypass))

    def _load_node(self, member: Member) -> Node:
        sends = {bus: db_to_gain(gain_db) for bus, gain_db in member.sends.items()}
        if not member.branches:
            return MemberNode(self._load_member(member), sends)
        paths = tuple(self._load_path(branch.members) for branch in member.branches)
        gains = tuple(db_to_gain(branch.gain_db) for branch in member.branches)
        return BranchNode(member.label, paths, gains, sends)

    def _load_member(self, member: Member) -> HostedMember:
        host = choose_host(member, self.is_live, self.host)
        state = read_state(member, self.folder)
        self.report_step("load", member.label)
        hosted = self._make(member, host)
        self.loaded.append(hosted)
        if state:
            self.report_step("state", member.label)
            hosted.load_state(state)
        self.report_step("parameters", member.label)
        for name, value in member.parameters.items():
            if not EFFECTS.get(member.effect) or not EFFECTS[member.effect].get_parameter(name).is_file:
                hosted.set_parameter(name, value)
        self.report_step("prepare", member.label)
        hosted.settle()
        self._check_latency(member, hosted)
        return hosted

    def _make(self, member: Member, host: str) -> HostedMember:
        """The member, not prepared. Each kind is imported where it is made: hosts take a while to start."""
        if member.effect == "Convolution":
            from chains.hosts.convolution_member import ConvolutionMember

            return ConvolutionMember(member, self.rate, self.folder)
        if member.effect:
            from chains.hosts.effect_member import EffectMember
            from chains.hosts.whole_effect_member import WholeEffectMember

            is_whole = member.effect in EFFECTS and EFFECTS[member.effect].not_live
            return WholeEffectMember(member, self.rate) if is_whole else EffectMember(member, self.rate)
        if member.faust:
            from chains.hosts.faust_member import FaustMember

            return FaustMember(member, self.rate, self.block_frames)
        path = member.id if member.format == "lv2" else str(find_plugin(member))
        if host == DAWDREAMER:
            from chains.hosts.dawdreamer_member import DawDreamerMember

            self._check_first(member, path)
            return DawDreamerMember(member, path, self.rate, self.block_frames)
        from chains.hosts.pedalboard_member import PedalboardMember

        return PedalboardMember(member, path, self.rate)

    def _check_first(self, member: Member, path: str) -> None:
        """Check that a VST3 is the first of its bundle: DawDreamer loads no other."""
        if member.format != "vst3":
            return
        from chains.hosts.pedalboard_loading import list_plugin_names

        names = list_plugin_names(path)
        if len(names) > 1 and member.plugin != names[0]:
            hint = "leave the host to auto, without tempo and sidechain: Pedalboard loads every plugin of a bundle"
            message = f"DawDreamer loads the first plugin of a bundle only: {names[0]}, not {member.plugin}"
            raise refuse(member.label, "load", message, hint)

    def _check_latency(self, member: Member, hosted: HostedMember) -> None:
        """Check the expected latency, which is that at 48 kHz: at other rates it need not be the same."""
        if member.latency_frames < 0 or self.rate != 48_000:
            return
        if hosted.latency_frames != member.latency_frames:
            message = f"its latency is {hosted.latency_frames} frames, and the chain expects {member.latency_frames}"
            hint = "check its version and parameters, then correct latency_frames in the chain"
            raise refuse(member.label, "prepare", message, hint)
