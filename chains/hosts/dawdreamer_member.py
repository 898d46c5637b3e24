"""DawDreamer member: a VST3, VST2, LV2 or AU in DawDreamer, rendered as a whole; with tempo, sidechain and notes."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError
from chains.document.chain import Member
from chains.document.host_choice import DAWDREAMER
from chains.document.parameter_fingerprint import compute_fingerprint
from chains.document.plugin_locations import find_plugin
from chains.hosts import parameter_values
from chains.hosts.dawdreamer_engine import DawDreamerEngine, Processor
from chains.hosts.dawdreamer_parameter import DawDreamerParameter
from chains.hosts.dawdreamer_tempo import BEATS_PER_BAR, compute_tempo
from chains.hosts.ignored_state import list_ignored, read_juce_part, read_preset_part
from chains.hosts.member import count_lead_frames, refuse
from chains.hosts.offline_run import CURVE_FRAMES, OfflineRun
from chains.hosts.parameter_facts import describe_parameter, list_misfits
from chains.hosts.sidechain_inputs import find_sidechain, make_inputs
from chains.hosts.vst3_class import Vst3Class, check_class, read_first_class
from chains.process.messages import UNKNOWN_TAIL_S, MemberFacts, ParameterFacts

_TAKES = "use its VST3 in Pedalboard, or a plugin with one or two channels"


class DawDreamerMember:
    """A plugin that takes a whole signal.

    ``path``: its file or bundle; of an LV2 its URI.
    """

    host = DAWDREAMER

    def __init__(self, member: Member, path: str, rate: int, block_frames: int) -> None:
        """Load the plugin and find out how it takes stereo audio.

        Raises:
            PluginError: It cannot be loaded, or its channels do not fit.
        """
        self.label = member.label
        self._member, self._path, self._rate = member, path, rate
        self._state = b""
        self._raw: dict[int, float] = {}
        self._state_warnings: list[str] = []
        self._parameters: list[DawDreamerParameter] = []
        self._is_settled = self._is_used = False
        # the block size of what follows: another one would load the plugin again, and it would read its sounds again
        block_frames = self._find_block_frames(block_frames)
        self._engine = self._load(block_frames, 1)
        self._count = 1
        if self._engine.outputs == 1 or member.layout == "double":
            if member.layout == "stereo":
                raise refuse(self.label, "load", "it is mono", 'leave out layout, or give layout = "double"')
            if self._engine.outputs > 1:
                raise refuse(self.label, "load", "it is not mono", 'leave out layout = "double"')
            self._count = CHANNELS
            self._engine = self._load(block_frames, CHANNELS)
        self._class = read_first_class(path) if member.format == "vst3" else Vst3Class()
        check_class(member, path, self._class)
        self._check_channels()
        self._read_parameters()

    def _load(self, block_frames: int, count: int) -> DawDreamerEngine:
        try:
            return DawDreamerEngine(self._rate, block_frames, self._make_processor, count)
        except RuntimeError as error:
            self._check_installed()
            hint = "check that it is a plugin for this system and processor"
            message = f"{self._path} cannot be loaded: {str(error).rstrip('. ')}"
            raise refuse(self.label, "load", message, hint) from error

    def _check_installed(self) -> None:
        """Check that an LV2 is installed: a host knows it by its URI alone, and says no more than that it failed."""
        try:
            find_plugin(self._member)
        except ConfigError as missing:
            message = missing.message.removeprefix(f"{self.label}: ")
            raise refuse(self.label, "load", message, missing.hint) from missing

    def _find_block_frames(self, block_frames: int) -> int:
        """The block size of a render in blocks of ``block_frames``: an automation has its own."""
        return CURVE_FRAMES if self._member.automation else block_frames

    def _make_processor(self, engine: Any, name: str) -> Processor:
        return engine.make_plugin_processor(name, self._path)

    def _check_channels(self) -> None:
        inputs, outputs = self._engine.inputs, self._engine.outputs
        if outputs == 0:
            raise refuse(self.label, "load", "it has no audio outputs", _TAKES)
        if self._member.is_instrument:
            return
        if inputs == 0:
            hint = "mark it with is_instrument, and give it notes"
            raise refuse(self.label, "load", "it takes no audio: it is an instrument", hint)
        if self._member.sidechain and inputs <= self._main_inputs:
            hint = "use its VST2 or LV2: hosts leave out the sidechain inputs of many VST3"
            raise refuse(self.label, "load", "it has no sidechain input", hint)

    @property
    def _main_inputs(self) -> int:
        return 1 if self._count > 1 else min(self._engine.inputs, CHANNELS)

    def _read_parameters(self) -> None:
        facts = self._engine.processors[0].get_parameters_description()
        is_vst2 = self._member.format == "vst2"
        self._parameters = [DawDreamerParameter(self._engine.processors, one, is_vst2) for one in facts]

    @property
    def latency_frames(self) -> int:
        """Its latency as the plugin reports it now."""
        return max(int(one.get_latency_samples()) for one in self._engine.processors)

    def facts(self) -> MemberFacts:
        """What was loaded. DawDreamer tells neither version nor class: a VST3 is asked itself."""
        inputs, outputs = self._engine.inputs, self._engine.outputs
        extra = max(0, outputs - CHANNELS)
        warnings = []
        if self._count > 1:
            warnings.append("mono: loaded once for each channel")
        elif inputs == 1:
            warnings.append("one input: it gets the mean of left and right")
        if extra:
            warnings.append(f"{outputs} outputs: the first two are used")
        if inputs > self._main_inputs and not self._member.sidechain:
            warnings.append(f"{inputs} inputs: those behind the first {self._main_inputs} are silent")
        fingerprint = compute_fingerprint(self.parameters())
        warnings += [*list_misfits(self._member, fingerprint, self._class.version), *self._state_warnings]
        return MemberFacts(
            label=self.label,
            host=self.host,
            name=self._class.name or self._member.plugin,
            version=self._class.version,
            id=self._class.id or self._member.id,
            path=self._path,
            layout="double" if self._count > 1 else "stereo",
            latency_frames=self.latency_frames,
            extra_outputs=extra,
            fingerprint=fingerprint,
            tail_s=UNKNOWN_TAIL_S,
            warnings=tuple(warnings),
        )

    def parameters(self) -> tuple[ParameterFacts, ...]:
        """All its parameters, read now."""
        return tuple(describe_parameter(one, index) for index, one in enumerate(self._parameters))

    def set_parameter(self, name: str, value: float | bool | str) -> None:
        """Set a parameter in its own unit, or by text, and read it back."""
        parameter = self._find(name)
        parameter_values.set_value(self.label, parameter, value)
        self._raw[parameter.index] = parameter.read()

    def set_raw(self, name: str, raw: float) -> None:
        """Set a parameter from 0 to 1, and read it back."""
        parameter = self._find(name)
        parameter_values.set_raw_value(self.label, parameter, raw)
        self._raw[parameter.index] = parameter.read()

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """The raw values of an automation."""
        return parameter_values.compute_curve(self.label, self._find(name), values)

    def _find(self, name: str) -> DawDreamerParameter:
        found = parameter_values.find_parameter(self.label, name, self._parameters)
        assert isinstance(found, DawDreamerParameter)
        return found

    def save_state(self) -> bytes:
        """Nothing: DawDreamer cannot write a .vstpreset."""
        return b""

    def load_state(self, state: bytes) -> None:
        """Load a .vstpreset into every instance, and let it take effect."""
        if self._member.format not in ("vst3", ""):
            raise refuse(self.label, "state", "a .vstpreset is for a VST3", "give its parameters, or use its VST3")
        self._engine.warm_up()
        with tempfile.TemporaryDirectory(prefix="sideman-state-") as folder:
            path, saved = Path(folder) / "state.vstpreset", Path(folder) / "saved"
            before = self._save_processor(saved)
            path.write_bytes(state)
            try:  # load_vst3_preset opens no window; load_state does
                is_taken = all(one.load_vst3_preset(str(path)) for one in self._engine.processors)
            except RuntimeError:
                is_taken = False
            self._engine.warm_up()
            behind = self._save_processor(saved)
        if not is_taken:
            hint = "give a state of this plugin and version (sideman chain capture)"
            raise refuse(self.label, "state", "it refused its state", hint)
        self._state = state
        self._raw.clear()
        self._is_used = self._is_settled
        given = read_preset_part(state)
        self._state_warnings = list_ignored(self._member, self._parameters, before, behind, given)

    def _save_processor(self, file: Path) -> bytes:
        """The processor's state of the first instance, by way of a file; empty where it is not known."""
        try:
            self._engine.processors[0].save_state(str(file))
            return read_juce_part(file.read_bytes())
        except (RuntimeError, OSError):
            return b""

    def settle(self) -> None:
        """Play some silence, behind which state and parameters hold."""
        self._is_used, self._is_settled = self._is_settled, True
        self._engine.warm_up()

    def _rebuild(self, block_frames: int) -> None:
        """Load the plugin afresh, with its state and what was set.

        Reverbs keep sound from one render to the next, and other plugins what moves in them: DawDreamer resets none.
        """
        raw, state = dict(self._raw), self._state
        self._parameters.clear()  # they are part of the plugin that goes
        self._is_settled = self._is_used = False
        self._engine = self._load(block_frames, self._count)
        self._read_parameters()
        if state:
            self.load_state(state)
        for index, value in raw.items():
            self._parameters[index].write(value)
        self._raw = raw
        self.settle()

    def render(self, audio: Audio, run: OfflineRun) -> Audio:
        """Process a whole signal, shape (2, frames), from silence; late by the latency."""
        curves = run.curves.get(self.label, {})
        block_frames = self._find_block_frames(run.block_frames)
        if (self._is_used and run.resets) or block_frames != self._engine.block_frames:
            self._rebuild(block_frames)
        self._is_used = True
        lead_frames = self._count_lead_frames(run, block_frames)
        self._set_tempo(run, lead_frames, audio.shape[1])
        self._set_notes(run, lead_frames)
        for name, values in curves.items():
            index = self._find(name).index
            samples = np.repeat(values, CURVE_FRAMES)[: audio.shape[1]]
            samples = np.pad(samples, (lead_frames, audio.shape[1] - len(samples)), mode="edge")
            for one in self._engine.processors:
                one.set_automation(index, samples)
        outs = self._engine.render(self._make_inputs(audio, run, lead_frames), lead_frames + audio.shape[1])
        outs = [out[:, lead_frames:] for out in outs]
        return np.concatenate(outs) if self._count > 1 else self._take_outputs(outs[0])

    def _take_outputs(self, out: Audio) -> Audio:
        return out[:CHANNELS] if out.shape[0] >= CHANNELS else np.repeat(out, CHANNELS, axis=0)

    def _count_lead_frames(self, run: OfflineRun, block_frames: int) -> int:
        """Frames of silence in front of the signal; where the tempo matters, whole bars lie before the first beat."""
        least = count_lead_frames(block_frames)
        if not self._member.follows_tempo:
            return least
        has_beats = len(run.beats_s) > 1
        first_s = run.beats_s[0] if has_beats else 0.0
        beat_s = run.beats_s[1] - first_s if has_beats else 60.0 / max(run.tempo_bpm, 1.0)
        bar_s = BEATS_PER_BAR * beat_s
        return round((math.ceil((least / run.rate + first_s) / bar_s) * bar_s - first_s) * run.rate)

    def _make_inputs(self, audio: Audio, run: OfflineRun, lead_frames: int) -> list[Audio]:
        """The inputs of each instance."""
        sidechain = find_sidechain(self._member, run)
        main = self._main_inputs
        if self._count == main == 1:
            audio = audio.mean(axis=0, keepdims=True, dtype=np.float32)
        return [
            make_inputs(audio[channel : channel + main], self._engine.inputs, sidechain, lead_frames)
            for channel in range(self._count)
        ]

    def _set_tempo(self, run: OfflineRun, lead_frames: int, frames: int) -> None:
        if len(run.beats_s) > 1:
            lead_s = lead_frames / run.rate
            beats_s = [lead_s + beat_s for beat_s in run.beats_s]
            self._engine.set_tempo(*compute_tempo(beats_s, lead_s + frames / run.rate))
        elif run.tempo_bpm > 0.0:
            self._engine.set_tempo(run.tempo_bpm)
        elif self._member.follows_tempo:
            hint = "give the chain a tempo_bpm, or analyse the song (sideman analyze)"
            raise refuse(self.label, "render", "it follows the tempo, and none is known", hint)

    def _set_notes(self, run: OfflineRun, lead_frames: int) -> None:
        if not self._member.is_instrument:
            return
        for one in self._engine.processors:
            one.clear_midi()
            for note in run.notes:
                one.add_midi_note(note.pitch, note.velocity, lead_frames / run.rate + note.start_s, note.length_s)

    def close(self) -> None:
        """Let go of the plugin: parameters first, which are part of it."""
        self._parameters.clear()
        del self._engine
