"""Effect member: a built-in effect of Pedalboard; its parameters are attributes in their own units."""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any

import numpy as np
import pedalboard

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from chains.document.chain import Member
from chains.document.effects import EffectParameter, check_value, get_effect, is_number, read_value
from chains.document.host_choice import PEDALBOARD
from chains.hosts.effect_tail import compute_tail
from chains.hosts.member import refuse
from chains.hosts.parameter_values import FLOAT_STEP
from chains.hosts.pedalboard_stream import PedalboardStream
from chains.process.messages import MemberFacts, ParameterFacts

_SEARCH_FRAMES = 1 << 15
"""Frames of silence in which an effect has to begin to give out as much as it takes: more than any latency."""
_SEARCH_BLOCK_FRAMES = 512
_ENUMS = {
    "LadderFilter": "LadderFilter.Mode",
    "Resample": "Resample.Quality",
    "GSMFullRateCompressor": "Resample.Quality",
}
"""Enumerations in which Pedalboard has the choices of an effect."""


class EffectMember:
    """A built-in effect that streams."""

    host = PEDALBOARD
    reports_latency = False

    def __init__(self, member: Member, rate: int, plugin: Any = None) -> None:
        """Make the effect, with Pedalboard's own values; or take ``plugin``, which is made already.

        Raises:
            PluginError: There is no such effect.
        """
        self.label = member.label
        self._member = member
        try:
            self.effect = get_effect(member.effect)
        except ConfigError as error:
            raise refuse(self.label, "load", error.message, error.hint) from error
        self._plugin: Any = plugin or getattr(pedalboard, self.effect.name)()
        self._stream = PedalboardStream((self._plugin,), rate)
        self._latency_frames = 0
        self.settle()

    @property
    def latency_frames(self) -> int:
        """Its latency: Pedalboard reports none for effects, so it is what the stream has kept back."""
        kept = self._stream.frames_in - self._stream.frames_out
        return max(kept, self._latency_frames) if self._stream.frames_out == 0 else kept

    @property
    def tail_s(self) -> float:
        """How long it sounds on behind its input."""
        numbers = [one for one in self.effect.parameters if not one.choices and not one.is_file]
        return compute_tail(self.effect.name, {one.name: float(self._read(one)) for one in numbers})

    def facts(self) -> MemberFacts:
        """What was made."""
        return MemberFacts(
            label=self.label,
            host=self.host,
            name=self.effect.name,
            version=version("pedalboard"),
            id=self.effect.name,
            latency_frames=self.latency_frames,
            tail_s=self.tail_s,
        )

    def parameters(self) -> tuple[ParameterFacts, ...]:
        """All its parameters, read now; files are none."""
        return tuple(self._describe(one, index) for index, one in enumerate(self.effect.parameters) if not one.is_file)

    def _describe(self, parameter: EffectParameter, index: int) -> ParameterFacts:
        value = self._read(parameter)
        return ParameterFacts(
            name=parameter.name,
            raw=self._to_raw(parameter, value),
            text=f"{value:.7g}" if isinstance(value, float) else str(value),
            unit=parameter.unit,
            low=parameter.low if is_number(parameter) else None,
            high=parameter.high if is_number(parameter) else None,
            steps=len(parameter.choices) or (2 if parameter.is_switch else 0),
            index=index,
        )

    def _read(self, parameter: EffectParameter) -> float | bool | str:
        value = getattr(self._plugin, parameter.name)
        if parameter.choices:
            return str(value.name)
        return bool(value) if parameter.is_switch else float(value)

    def _to_raw(self, parameter: EffectParameter, value: float | bool | str) -> float:
        if isinstance(value, str):
            return parameter.choices.index(value) / max(1, len(parameter.choices) - 1)
        if isinstance(value, bool):
            return float(value)
        return (value - parameter.low) / (parameter.high - parameter.low)

    def set_parameter(self, name: str, value: float | bool | str) -> None:
        """Set a parameter in its own unit, and read it back."""
        try:
            parameter = self.effect.get_parameter(name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(f"{value} is not a number", "give a finite number")
            if isinstance(value, str):
                value = self._parse(parameter, value)
            check_value(self.effect, name, value)
        except ConfigError as error:
            raise refuse(self.label, "parameters", f"{name}: {error.message}", error.hint) from error
        self._set(parameter, value)
        self.settle()

    def _parse(self, parameter: EffectParameter, text: str) -> float | bool | str:
        if parameter.is_switch and text.casefold() in ("true", "false"):
            return text.casefold() == "true"
        return read_value(parameter, text) if is_number(parameter) else text

    def _set(self, parameter: EffectParameter, value: float | bool | str) -> None:
        """Set an attribute, which Pedalboard checks too, and read it back within a float32 step of its range."""
        try:
            self._write(parameter, value)
        except (ValueError, RuntimeError) as error:
            raise refuse(
                self.label, "parameters", f"{parameter.name} = {value}: {error}", "give another value"
            ) from error
        got = self._read(parameter)
        are_numbers = not isinstance(value, str | bool) and not isinstance(got, str | bool)
        step = max(abs(parameter.low), abs(parameter.high)) * FLOAT_STEP
        if (got != value) if not are_numbers else abs(float(got) - float(value)) > step:
            hint = "give a value that the effect takes"
            raise refuse(self.label, "parameters", f"{parameter.name}: wanted {value}, read back {got}", hint)

    def _write(self, parameter: EffectParameter, value: float | bool | str) -> None:
        if parameter.choices:
            kind, _, name = _ENUMS[self.effect.name].partition(".")
            setattr(self._plugin, parameter.name, getattr(getattr(getattr(pedalboard, kind), name), str(value)))
        else:
            setattr(self._plugin, parameter.name, value)

    def set_raw(self, name: str, raw: float) -> None:
        """Set a parameter from 0 to 1, and read it back."""
        parameter = self._find(name)
        if not 0.0 <= raw <= 1.0:
            raise refuse(self.label, "parameters", f"{name}: raw value {raw} is out of range", "give 0 to 1")
        if parameter.choices:
            self.set_parameter(name, parameter.choices[round(raw * (len(parameter.choices) - 1))])
        elif parameter.is_switch:
            self.set_parameter(name, raw >= 0.5)
        else:
            self.set_parameter(name, parameter.low + raw * (parameter.high - parameter.low))

    def _find(self, name: str) -> EffectParameter:
        try:
            return self.effect.get_parameter(name)
        except ConfigError as error:
            raise refuse(self.label, "parameters", error.message, error.hint) from error

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """The values themselves: effects take their own units."""
        parameter = self._find(name)
        if parameter.choices or parameter.is_switch or parameter.is_file:
            raise refuse(self.label, "parameters", f"{name} is no number", "automate another parameter")
        try:
            for value in (float(values.min()), float(values.max())) if values.size else ():
                check_value(self.effect, name, value)
        except ConfigError as error:
            raise refuse(self.label, "parameters", f"automation of {name}: {error.message}", error.hint) from error
        return values

    def automate(self, values: dict[str, float]) -> None:
        """Set values for the next block."""
        for name, value in values.items():
            setattr(self._plugin, name, value)

    def save_state(self) -> bytes:
        """Nothing: parameters are all the state that an effect has."""
        return b""

    def load_state(self, state: bytes) -> None:
        """Refuse: there is no state to load."""
        message = f"{len(state)} bytes of state, but a built-in effect has none"
        raise refuse(self.label, "state", message, "give its parameters")

    def settle(self) -> None:
        """Measure the latency: play silence until as much comes out as goes in; then start again from silence."""
        self._stream.reset()
        silence = np.zeros((2, _SEARCH_BLOCK_FRAMES), np.float32)
        while self._stream.frames_in < _SEARCH_FRAMES:
            if self._stream.feed(silence, _SEARCH_BLOCK_FRAMES).shape[1] == _SEARCH_BLOCK_FRAMES:
                break
        self._latency_frames = self._stream.frames_in - self._stream.frames_out
        self.reset()

    def prepare(self, rate: int) -> None:
        """Run at another rate; its latency is another then."""
        self._stream = PedalboardStream((self._plugin,), rate)
        self.settle()

    def reset(self) -> None:
        """Continue from silence."""
        self._stream.reset()

    def lead_in(self, buffer_frames: int) -> None:
        """Nothing: effects begin with their settings."""

    def feed(self, block: Audio, buffer_frames: int) -> Audio:
        """Process a block."""
        return self._stream.feed(block, buffer_frames)

    def close(self) -> None:
        """Let go of the effect."""
        self._stream = PedalboardStream((), 1)
        self._plugin = None
