"""Pedalboard member: a VST3 or AU in Pedalboard, stereo, or mono and loaded once per channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bridge.core.audio import Audio
from chains.document.chain import Member
from chains.document.host_choice import PEDALBOARD
from chains.document.parameter_fingerprint import compute_fingerprint
from chains.hosts import parameter_values
from chains.hosts.ignored_state import list_ignored, read_preset_part
from chains.hosts.member import MIN_BLOCK_FRAMES, count_lead_frames, refuse
from chains.hosts.parameter_facts import describe_parameter, list_misfits
from chains.hosts.pedalboard_loading import ExternalPlugin, load_external_plugin
from chains.hosts.pedalboard_stream import PedalboardStream
from chains.hosts.vst3_class import Vst3Class, check_class
from chains.process.messages import UNKNOWN_TAIL_S, MemberFacts, ParameterFacts

_CLASS_ID = slice(8, 40)
"""Bytes of a .vstpreset with the class id of its plugin, in hexadecimal (VST3 SDK, preset file format)."""


class PedalboardParameter:
    """A parameter of a plugin in Pedalboard: what Pedalboard's native list says, for one or two instances."""

    def __init__(self, native: list[Any]) -> None:
        self._native = native
        self.name: str = native[0].name
        self.unit: str = native[0].label or ""
        self.steps: int = native[0].num_steps if native[0].num_steps <= parameter_values.MAX_LISTED_STEPS else 0
        self.is_automatable: bool = native[0].is_automatable

    def read(self) -> float:
        """The raw value now; that of the first instance."""
        return float(self._native[0].raw_value)

    def write(self, raw: float) -> None:
        """Set the raw value of every instance."""
        for one in self._native:
            one.raw_value = raw

    def find_text(self, raw: float) -> str:
        """The text for a raw value; nothing is set."""
        return str(self._native[0].get_text_for_raw_value(raw))

    def parse_text(self, text: str) -> float | None:
        """The raw value that the plugin reads in a text; nothing is set."""
        return float(self._native[0].get_raw_value_for_text(text))


class PedalboardMember:
    """A plugin that streams."""

    host = PEDALBOARD
    reports_latency = True

    def __init__(self, member: Member, path: str, rate: int) -> None:
        """Load the plugin and find out how it takes stereo audio.

        Raises:
            PluginError: It cannot be loaded, or takes neither one nor two channels.
        """
        self.label = member.label
        self._member, self._path, self._rate = member, path, rate
        self._plugins = [self._load()]
        if member.layout == "double" or not self._takes(2):
            if not self._takes(1):
                hint = "plugins with other layouts are for DawDreamer: give its VST2 or LV2"
                raise refuse(self.label, "load", "it takes neither one nor two channels", hint)
            if member.layout == "stereo":
                raise refuse(self.label, "load", "it is mono", 'leave out layout, or give layout = "double"')
            self._plugins.append(self._load())
            self._takes(1)
        check_class(member, path, Vst3Class(self._read_class_id(), self._plugins[0].name))
        self._stream = PedalboardStream(self._plugins, rate)
        self._parameters: list[PedalboardParameter] = []
        self._automated: dict[str, PedalboardParameter] = {}
        self._state_warnings: list[str] = []
        self.reset()

    def _load(self) -> ExternalPlugin:
        return load_external_plugin(self.label, self._path, self._member.plugin, self._member.format or "vst3")

    def _takes(self, channels: int) -> bool:
        """Whether the newest instance takes this number of channels."""
        silence = np.zeros((channels, MIN_BLOCK_FRAMES * 4), np.float32)
        try:
            self._plugins[-1].process(silence, float(self._rate), silence.shape[1], reset=False)
        except ValueError:
            return False
        return True

    @property
    def latency_frames(self) -> int:
        """Its latency as the plugin reports it now."""
        return max(int(one.reported_latency_samples) for one in self._plugins)

    def facts(self) -> MemberFacts:
        """What was loaded."""
        plugin = self._plugins[0]
        is_double = len(self._plugins) > 1
        warnings = ["mono: loaded once for each channel"] if is_double else []
        fingerprint = compute_fingerprint(self.parameters())
        warnings += [*list_misfits(self._member, fingerprint, plugin.version), *self._state_warnings]
        return MemberFacts(
            label=self.label,
            host=self.host,
            name=plugin.name,
            version=plugin.version,
            id=self._read_class_id() or plugin.identifier,
            path=str(Path(self._path)),
            layout="double" if is_double else "stereo",
            latency_frames=self.latency_frames,
            fingerprint=fingerprint,
            tail_s=UNKNOWN_TAIL_S,
            warnings=tuple(warnings),
        )

    def parameters(self) -> tuple[ParameterFacts, ...]:
        """All its parameters, read now."""
        return tuple(describe_parameter(one, index) for index, one in enumerate(self._parameters))

    def set_parameter(self, name: str, value: float | bool | str) -> None:
        """Set a parameter in its own unit, or by text, and read it back."""
        parameter_values.set_value(self.label, self._find(name), value)

    def set_raw(self, name: str, raw: float) -> None:
        """Set a parameter from 0 to 1, and read it back."""
        parameter_values.set_raw_value(self.label, self._find(name), raw)

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """The raw values of an automation."""
        return parameter_values.compute_curve(self.label, self._find(name), values)

    def automate(self, values: dict[str, float]) -> None:
        """Set raw values for the next block."""
        for name, raw in values.items():
            self._automated.setdefault(name, self._find(name)).write(raw)

    def _find(self, name: str) -> PedalboardParameter:
        found = parameter_values.find_parameter(self.label, name, self._parameters)
        assert isinstance(found, PedalboardParameter)
        return found

    def save_state(self) -> bytes:
        """The state of the first instance as a .vstpreset; that of an AU cannot be saved."""
        return bytes(getattr(self._plugins[0], "preset_data", b""))

    def load_state(self, state: bytes) -> None:
        """Load a .vstpreset into every instance, and let it take effect."""
        own = self._read_class_id()
        other = state[_CLASS_ID].decode("ascii", "replace")
        if state[:4] != b"VST3" or len(state) < 48:
            raise refuse(self.label, "state", "its state is no .vstpreset", "capture it again (sideman chain capture)")
        if own and other.upper() != own.upper():
            hint = "give the state of this plugin (sideman chain capture)"
            raise refuse(self.label, "state", f"its state is of plugin {other}, and it is {own}", hint)
        before = read_preset_part(self.save_state())
        for one in self._plugins:
            try:
                one.preset_data = state
            except (RuntimeError, ValueError) as error:
                hint = "capture it again (sideman chain capture)"
                raise refuse(self.label, "state", f"its state is damaged: {error}", hint) from error
        # the plugin has taken it, the host's values of parameters have not, unless the plugin says that they changed.
        # Its own state, after a block, brings them up to date; before a block that would be the defaults.
        self.feed(np.zeros((2, MIN_BLOCK_FRAMES * 4), np.float32), MIN_BLOCK_FRAMES * 4)
        for one in self._plugins:
            one.raw_state = one.raw_state
        self.settle()
        behind, given = read_preset_part(self.save_state()), read_preset_part(state)
        self._state_warnings = list_ignored(self._member, self._parameters, before, behind, given)

    def _read_class_id(self) -> str:
        state = bytes(getattr(self._plugins[0], "preset_data", b""))
        return state[_CLASS_ID].decode("ascii", "replace") if state[:4] == b"VST3" else ""

    def settle(self) -> None:
        """Play a block of silence, behind which states and parameters hold, and start again from silence."""
        self.feed(np.zeros((2, MIN_BLOCK_FRAMES * 4), np.float32), MIN_BLOCK_FRAMES * 4)
        self.reset()

    def prepare(self, rate: int) -> None:
        """Run at another rate; its latency may be another then."""
        self._rate = rate
        self._stream = PedalboardStream(self._plugins, rate)
        self.reset()
        self.settle()

    def reset(self) -> None:
        """Continue from silence. Some plugins are loaded afresh for it, so the list of parameters is read again."""
        self._stream.reset()
        self._automated.clear()
        lists = [plugin._parameters for plugin in self._plugins]
        self._parameters = [PedalboardParameter(list(same)) for same in zip(*lists, strict=True)]

    def lead_in(self, buffer_frames: int) -> None:
        """Play the silence in front of a signal: plugins move to their settings in their first block."""
        self.feed(np.zeros((2, count_lead_frames(buffer_frames)), np.float32), buffer_frames)

    def feed(self, block: Audio, buffer_frames: int) -> Audio:
        """Process a block."""
        return self._stream.feed(block, buffer_frames)

    def close(self) -> None:
        """Let go of the plugin: parameters first, which are part of it."""
        self._parameters.clear()
        self._automated.clear()
        self._plugins.clear()
        self._stream = PedalboardStream((), self._rate)
