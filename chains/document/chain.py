"""Chain document: the members, branches, buses and automation of a plugin chain, as its TOML file says them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from bridge.config import SCHEMA, Table

Format = Literal["vst3", "vst2", "lv2", "au"]
Layout = Literal["auto", "stereo", "double"]
"""Channels of a member. Double: a mono plugin, once per channel. Auto: stereo where the plugin takes it, or double."""
ParameterValue: TypeAlias = float | bool | str
"""As the user writes it: a number in the parameter's unit, or the text that the plugin shows, such as ``-20 dB``."""


class Member(Table, frozen=True, rename={"branches": "branch"}):
    """A member of a chain: exactly one of ``plugin``, ``effect``, ``faust`` and ``branches`` is given.

    Attributes:
        name: Its label, unique in the chain; by default the plugin's or effect's name.
        plugin: The name of a plugin, as the plugin itself says it.
        effect: The name of an effect of Pedalboard, such as ``Reverb``.
        faust: The source of a Faust program with two inputs and two outputs.
        branches: Parallel branches; the outputs are summed, aligned to one sample.
        format: The format of ``plugin``.
        id: Identity of the plugin in its format: the class id of a VST3 (32 hexadecimal figures), the URI of an LV2,
            the four-letter id of a VST2; the type, subtype and manufacturer of an AU.
        version: The version of the plugin with which the chain was made.
        paths: Where it may be, by system: ``linux``, ``macos``, ``windows``; tried before the system's folders.
        layout: How stereo audio passes through it.
        parameters: Value by the parameter's name.
        state: The plugin's state: a ``.vstpreset`` in base64. Parameters are set behind it.
        state_file: The same as a file beside the chain's; only one of both is given.
        state_sha256: SHA-256 of the decoded state, in hexadecimal.
        fingerprint: SHA-256 of the plugin's parameters (`parameter_fingerprint`); empty: not compared.
        latency_frames: The latency that is expected at 48 kHz; -1: any.
        bypass: Leave it out: the signal passes unchanged.
        is_instrument: It plays MIDI and has no audio input; only the first member of a chain may.
        follows_tempo: It needs the song's tempo. Only DawDreamer has it.
        sidechain: What is fed to its sidechain input: a stem, or a file's name given to the render; empty: nothing.
        sends: Gain in dB by the name of a bus: its output is also fed there.
        automation: By the parameter's name, points of beat and value; linear in between.
        load_limit_s: The time that loading it may take; 0: the usual limit.
    """

    name: str = ""
    plugin: str = ""
    effect: str = ""
    faust: str = ""
    branches: tuple[Branch, ...] = ()
    format: Format | Literal[""] = ""
    id: str = ""
    version: str = ""
    paths: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    layout: Layout = "auto"
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    state: str = ""
    state_file: str = ""
    state_sha256: str = ""
    fingerprint: str = ""
    latency_frames: int = -1
    bypass: bool = False
    is_instrument: bool = False
    follows_tempo: bool = False
    sidechain: str = ""
    sends: dict[str, float] = msgspec.field(default_factory=dict)
    automation: dict[str, tuple[tuple[float, float], ...]] = msgspec.field(default_factory=dict)
    load_limit_s: float = 0.0

    @property
    def label(self) -> str:
        """What errors and tables call it."""
        return self.name or self.plugin or self.effect or ("Faust" if self.faust else "branches")


class Branch(Table, frozen=True, rename={"members": "member"}):
    """A branch of parallel ones: its members, and its gain in dB in the sum. Without members: the dry signal."""

    members: tuple[Member, ...] = ()
    gain_db: float = 0.0


class AuxBus(Table, frozen=True, rename={"members": "member"}):
    """An auxiliary bus that members send to: what its members make of it is added to the end of the chain, aligned.

    ``return_db``: its gain there.
    """

    name: str
    members: tuple[Member, ...] = ()
    return_db: float = 0.0


class Chain(Table, frozen=True, rename={"members": "member", "buses": "bus"}):
    """A plugin chain.

    Attributes:
        doc: What it is good for, a sentence.
        members: In the order of the signal.
        buses: For sends.
        tempo_bpm: Tempo where the song's is not known; 0: needed from the song if a member follows it.
        tail_s: What rings on behind the end of the input and is rendered too; -1: until it is silent, at most 10 s.
    """

    schema: int = SCHEMA
    doc: str = ""
    members: tuple[Member, ...] = ()
    buses: tuple[AuxBus, ...] = ()
    tempo_bpm: float = 0.0
    tail_s: float = -1.0
