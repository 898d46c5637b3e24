"""Faust member: a Faust program with two inputs and two outputs, compiled by DawDreamer."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import did_you_mean
from bridge.number_text import format_range
from chains.document.chain import Member
from chains.document.host_choice import DAWDREAMER
from chains.document.value_unit import describe_unit, is_unit_of
from chains.hosts.dawdreamer_engine import DawDreamerEngine, Processor
from chains.hosts.member import refuse
from chains.hosts.offline_run import CURVE_FRAMES, OfflineRun
from chains.hosts.parameter_values import FLOAT_STEP, read_number
from chains.hosts.sidechain_inputs import find_sidechain, make_inputs
from chains.process.messages import UNKNOWN_TAIL_S, MemberFacts, ParameterFacts

_LINE = re.compile(r"dawdreamer\s*:\s*(\d+)\s*:\s*(.*)", re.DOTALL)
_ADDED_LINES = 3
"""Lines that DawDreamer puts in front of a program: the import of the standard library."""


class FaustMember:
    """A program that takes a whole signal. Its parameters are its sliders, buttons and checkboxes, by their labels."""

    host = DAWDREAMER
    latency_frames = 0
    """A program delays as its author wants: none of it is latency."""

    def __init__(self, member: Member, rate: int, block_frames: int) -> None:
        """Compile the program.

        Raises:
            PluginError: It has an error, whose line is named, or other than two inputs and outputs.
        """
        self.label = member.label
        self._member, self._rate = member, rate
        self._values: dict[str, float] = {}
        self._engine = self._compile(block_frames)
        inputs, outputs = self._engine.inputs, self._engine.outputs
        wanted = (3, 4) if member.sidechain else (CHANNELS,)
        if inputs not in wanted or outputs != CHANNELS:
            message = f"the program has {inputs} inputs and {outputs} outputs"
            hint = "give it two of each, such as process = effect, effect; and one or two more inputs for a sidechain"
            raise refuse(self.label, "load", message, hint)
        self._facts = self._engine.processors[0].get_parameters_description()

    def _compile(self, block_frames: int) -> DawDreamerEngine:
        try:
            return DawDreamerEngine(self._rate, block_frames, self._make_processor)
        except RuntimeError as error:
            found = _LINE.search(str(error))
            text = (found[2] if found else str(error)).split("\n. Check the faustlibraries")[0].strip()
            line = f"line {int(found[1]) - _ADDED_LINES}: " if found else ""
            raise refuse(self.label, "load", f"faust: {line}{text}", "correct the program") from error

    def _make_processor(self, engine: Any, name: str) -> Processor:
        processor = engine.make_faust_processor(name)
        processor.set_dsp_string(self._member.faust)
        if not processor.compile():
            raise RuntimeError("it does not compile")
        return processor

    def facts(self) -> MemberFacts:
        """What was compiled."""
        return MemberFacts(label=self.label, host=self.host, name="Faust", tail_s=UNKNOWN_TAIL_S)

    def parameters(self) -> tuple[ParameterFacts, ...]:
        """All its parameters, read now."""
        return tuple(self._describe(one) for one in self._facts)

    def _describe(self, facts: dict[str, Any]) -> ParameterFacts:
        value = self._engine.processors[0].get_parameter(facts["name"])
        low, high = facts["min"], facts["max"]
        raw = (value - low) / (high - low) if high > low else 0.0
        return ParameterFacts(facts["label"], raw, f"{value:.7g}", "", low, high, 0, True, facts["index"])

    def _find(self, name: str) -> dict[str, Any]:
        """What DawDreamer says of a parameter: by its label, or by its whole path where labels are the same."""
        found = [one for one in self._facts if name in (one["label"], one["name"])]
        if len(found) == 1:
            return dict(found[0])
        if found:
            hint = f"give the whole path: {' or '.join(one['name'] for one in found)}"
            raise refuse(self.label, "parameters", f"{len(found)} parameters are named {name!r}", hint)
        choices = [one["label"] for one in self._facts]
        raise refuse(self.label, "parameters", f"it has no parameter {name!r}", did_you_mean(name, choices))

    def set_parameter(self, name: str, value: float | bool | str) -> None:
        """Set a parameter in its own unit, and read it back."""
        facts = self._find(name)
        number = float(value) if isinstance(value, int | float) else read_number(value)
        low, high = facts["min"], facts["max"]
        limits = format_range(low, high)
        if isinstance(value, str) and not is_unit_of(value, "", ""):
            message = f"{name} does not take {value!r}: the host does not know the units of Faust code"
            raise refuse(self.label, "parameters", message, f"give {limits}; {describe_unit('', '')}")
        if number is None or not low <= number <= high:
            raise refuse(self.label, "parameters", f"{name} does not take {value!r}", f"give {limits}")
        processor = self._engine.processors[0]
        processor.set_parameter(facts["name"], number)
        got = processor.get_parameter(facts["name"])
        if not abs(got - number) <= max(abs(low), abs(high), abs(high - low)) * FLOAT_STEP:
            hint = "give another value"
            raise refuse(self.label, "parameters", f"{name}: wanted {number:g}, read back {got:g}", hint)
        self._values[facts["name"]] = number

    def set_raw(self, name: str, raw: float) -> None:
        """Set a parameter from 0 to 1, and read it back."""
        facts = self._find(name)
        if not 0.0 <= raw <= 1.0:
            raise refuse(self.label, "parameters", f"{name}: raw value {raw} is out of range", "give 0 to 1")
        self.set_parameter(name, facts["min"] + raw * (facts["max"] - facts["min"]))

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """The values themselves: programs take their own units."""
        facts = self._find(name)
        if values.size and not (facts["min"] <= values.min() and values.max() <= facts["max"]):
            message = f"automation of {name}: {format_range(values.min(), values.max())} is out of range"
            hint = f"give {format_range(facts['min'], facts['max'])}"
            raise refuse(self.label, "parameters", message, hint)
        return values

    def save_state(self) -> bytes:
        """Nothing: parameters are all that is kept of a program."""
        return b""

    def load_state(self, state: bytes) -> None:
        """Refuse: there is no state to load."""
        message = f"{len(state)} bytes of state, but Faust code has none"
        raise refuse(self.label, "state", message, "give its parameters")

    def settle(self) -> None:
        """Play some silence."""
        self._engine.warm_up()

    def render(self, audio: Audio, run: OfflineRun) -> Audio:
        """Process a whole signal, shape (2, frames), from silence."""
        curves = run.curves.get(self.label, {})
        block_frames = CURVE_FRAMES if curves else run.block_frames
        if block_frames != self._engine.block_frames:
            self._engine = self._compile(block_frames)
        processor = self._engine.processors[0]
        for path, value in self._values.items():
            processor.set_parameter(path, value)
        for name, values in curves.items():
            samples = np.repeat(values, CURVE_FRAMES)[: audio.shape[1]]
            samples = np.pad(samples, (0, audio.shape[1] - len(samples)), mode="edge")
            processor.set_automation(self._find(name)["name"], samples)
        inputs = make_inputs(audio, self._engine.inputs, find_sidechain(self._member, run))
        return self._engine.render([inputs], audio.shape[1])[0]

    def close(self) -> None:
        """Let go of the program."""
        del self._engine
