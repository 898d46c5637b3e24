"""Built-in effects: the effects of Pedalboard that a chain may use, with the parameters, ranges and units of each.

Documents are checked against this table, so that nothing has to be loaded for it. The ranges are those that Pedalboard
takes; where it takes any number, those that make sense in music.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import ConfigError, did_you_mean
from bridge.number_text import format_number, format_range
from chains.document.value_unit import NUMBER, describe_unit, find_unit, is_unit_of

IMPULSE_RESPONSE = "impulse_response"
"""Parameter of Convolution: the name of an audio file beside the chain's."""
KILO = 1000.0
"""Factor of the k of ``1.2 kHz``."""


@dataclass(frozen=True, slots=True)
class EffectParameter:
    """A parameter of a built-in effect.

    ``low``, ``high``: the range, in ``unit``. ``choices``: the words that it takes instead of a number.
    ``is_switch``: it takes true or false. ``is_file``: it takes the name of a file.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    default: float | bool | str = 0.0
    unit: str = ""
    choices: tuple[str, ...] = ()
    is_switch: bool = False
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """A built-in effect. ``not_live``: why it cannot run live; empty: it can."""

    name: str
    doc: str
    parameters: tuple[EffectParameter, ...] = ()
    not_live: str = ""

    def get_parameter(self, name: str) -> EffectParameter:
        """The parameter ``name``.

        Raises:
            ConfigError: There is none; the hint names the nearest.
        """
        for one in self.parameters:
            if one.name == name:
                return one
        raise ConfigError(
            f"{self.name} has no such parameter", did_you_mean(name, [one.name for one in self.parameters])
        )


def _make(name: str, low: float, high: float, default: float, unit: str = "") -> EffectParameter:
    return EffectParameter(name, low, high, default, unit)


def _make_filter(name: str, doc: str, default_hz: float) -> Effect:
    return Effect(name, doc, (_make("cutoff_frequency_hz", 10.0, 20_000.0, default_hz, "Hz"),))


def _make_equalizer(name: str, doc: str) -> Effect:
    parameters = (
        _make("cutoff_frequency_hz", 10.0, 20_000.0, 440.0, "Hz"),
        _make("gain_db", -60.0, 24.0, 0.0, "dB"),
        _make("q", 0.05, 50.0, 0.5**0.5),
    )
    return Effect(name, doc, parameters)


_ATTACK = _make("attack_ms", 0.0, 1_000.0, 1.0, "ms")
_RELEASE = _make("release_ms", 0.1, 5_000.0, 100.0, "ms")
_MIX = _make("mix", 0.0, 1.0, 0.5)
_SINCS = tuple(f"WindowedSinc{size}" for size in ("", 256, 128, 64, 32, 16, 8))
_QUALITIES = ("ZeroOrderHold", "Linear", "CatmullRom", "Lagrange", *_SINCS)
_MODES = ("LPF12", "HPF12", "BPF12", "LPF24", "HPF24", "BPF24")
_RESAMPLED = "it works in blocks of its own, and its latency is not known"

_ALL = (
    Effect("Bitcrush", "quantises to few bits", (_make("bit_depth", 1.0, 32.0, 8.0, "bits"),)),
    Effect(
        "BrickwallLimiter",
        "limiter with look-ahead: nothing gets above the ceiling",
        (
            _make("ceiling_db", -60.0, 0.0, -1.0, "dB"),
            _RELEASE,
            _make("lookahead_ms", 0.1, 100.0, 5.0, "ms"),
            EffectParameter("true_peak", default=False, is_switch=True),
        ),
    ),
    Effect(
        "Chorus",
        "chorus, flanger or vibrato",
        (
            _make("rate_hz", 0.0, 99.0, 1.0, "Hz"),
            _make("depth", 0.0, 1.0, 0.25),
            _make("centre_delay_ms", 1.0, 100.0, 7.0, "ms"),
            _make("feedback", -0.99, 0.99, 0.0),
            _MIX,
        ),
    ),
    Effect("Clipping", "hard clipping", (_make("threshold_db", -60.0, 0.0, -6.0, "dB"),)),
    Effect(
        "Compressor",
        "compressor without make-up gain",
        (_make("threshold_db", -80.0, 0.0, 0.0, "dB"), _make("ratio", 1.0, 100.0, 1.0), _ATTACK, _RELEASE),
    ),
    Effect(
        "Convolution",
        "convolution with an impulse response: rooms, loudspeakers",
        (EffectParameter(IMPULSE_RESPONSE, default="", is_file=True), _make("mix", 0.0, 1.0, 1.0)),
    ),
    Effect(
        "Delay",
        "echo",
        (_make("delay_seconds", 0.0, 30.0, 0.5, "s"), _make("feedback", 0.0, 0.99, 0.0), _MIX),
    ),
    Effect("Distortion", "soft distortion (tanh)", (_make("drive_db", 0.0, 60.0, 25.0, "dB"),)),
    Effect(
        "GSMFullRateCompressor",
        "the sound of a mobile telephone",
        (EffectParameter("quality", default="WindowedSinc8", choices=_QUALITIES),),
        _RESAMPLED,
    ),
    Effect("Gain", "gain", (_make("gain_db", -120.0, 40.0, 1.0, "dB"),)),
    _make_equalizer("HighShelfFilter", "equaliser: what is above a frequency"),
    _make_filter("HighpassFilter", "high-pass filter, 6 dB per octave", 50.0),
    Effect("Invert", "turns the polarity"),
    Effect(
        "LadderFilter",
        "ladder filter of a synthesizer",
        (
            EffectParameter("mode", default="LPF12", choices=_MODES),
            _make("cutoff_hz", 10.0, 20_000.0, 200.0, "Hz"),
            _make("resonance", 0.0, 1.0, 0.0),
            _make("drive", 1.0, 20.0, 1.0),
        ),
    ),
    Effect(
        "Limiter",
        "two compressors, make-up gain and a clipper at 0 dB",
        (_make("threshold_db", -60.0, 0.0, -10.0, "dB"), _RELEASE),
    ),
    _make_equalizer("LowShelfFilter", "equaliser: what is below a frequency"),
    _make_filter("LowpassFilter", "low-pass filter, 6 dB per octave", 50.0),
    Effect(
        "MP3Compressor",
        "the sound of an MP3 file; rates up to 48 kHz",
        (_make("vbr_quality", 0.0, 10.0, 2.0),),
        "its latency depends on the length of the audio",
    ),
    Effect(
        "NoiseGate",
        "noise gate or expander",
        (_make("threshold_db", -120.0, 0.0, -100.0, "dB"), _make("ratio", 1.0, 100.0, 10.0), _ATTACK, _RELEASE),
    ),
    _make_equalizer("PeakFilter", "equaliser: what is around a frequency"),
    Effect(
        "Phaser",
        "phaser",
        (
            _make("rate_hz", 0.0, 99.0, 1.0, "Hz"),
            _make("depth", 0.0, 1.0, 0.5),
            _make("centre_frequency_hz", 20.0, 20_000.0, 1300.0, "Hz"),
            _make("feedback", -0.99, 0.99, 0.0),
            _MIX,
        ),
    ),
    Effect(
        "PitchShift",
        "moves the pitch; its output is not aligned to the sample",
        (_make("semitones", -72.0, 72.0, 0.0, "semitones"),),
        "it gives nothing for its first second, and its latency is not known",
    ),
    Effect(
        "Resample",
        "the sound of a low sampling rate",
        (
            _make("target_sample_rate", 100.0, 192_000.0, 8_000.0, "Hz"),
            EffectParameter("quality", default="WindowedSinc32", choices=_QUALITIES),
        ),
        _RESAMPLED,
    ),
    Effect(
        "Reverb",
        "room (FreeVerb)",
        (
            _make("room_size", 0.0, 1.0, 0.5),
            _make("damping", 0.0, 1.0, 0.5),
            _make("wet_level", 0.0, 1.0, 0.33),
            _make("dry_level", 0.0, 1.0, 0.4),
            _make("width", 0.0, 1.0, 1.0),
            _make("freeze_mode", 0.0, 1.0, 0.0),
        ),
    ),
)
EFFECTS: dict[str, Effect] = {effect.name: effect for effect in _ALL}
"""Built-in effects by the name of their class in Pedalboard."""


def get_effect(name: str) -> Effect:
    """The built-in effect ``name``.

    Raises:
        ConfigError: There is none; the hint names the nearest.
    """
    if name not in EFFECTS:
        raise ConfigError(f"no built-in effect is named {name}", did_you_mean(name, EFFECTS))
    return EFFECTS[name]


def check_value(effect: Effect, name: str, value: float | bool | str) -> None:
    """Check a value of the parameter ``name``.

    Raises:
        ConfigError: There is no such parameter, or the value is of the wrong kind or out of range.
    """
    parameter = effect.get_parameter(name)
    if parameter.is_switch:
        if not isinstance(value, bool):
            raise ConfigError(f"{value!r} is neither true nor false", "give true or false")
    elif parameter.choices:
        if value not in parameter.choices:
            raise ConfigError(f"{value!r} is no choice", did_you_mean(str(value), parameter.choices))
    elif parameter.is_file:
        if not isinstance(value, str):
            raise ConfigError(f"{value!r} is no file", "give the name of an audio file beside the chain's file")
    elif not parameter.low <= read_value(parameter, value) <= parameter.high:
        shown = value if isinstance(value, str) else format_number(value)
        raise ConfigError(f"{shown} is out of range", f"give {describe_range(parameter)}")


def read_value(parameter: EffectParameter, value: float | bool | str) -> float:
    """The number of a value, which may be a text in the parameter's own unit, such as ``-22 dB``.

    Raises:
        ConfigError: It is no number, or has another unit.
    """
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    match = NUMBER.match(value) if isinstance(value, str) else None
    if match is None or not isinstance(value, str):
        raise ConfigError(f"{value!r} is no number", f"give {describe_range(parameter)}")
    if not is_unit_of(value, parameter.unit, ""):
        message = f"{value!r}: {find_unit(value)} is not its unit"
        raise ConfigError(message, f"give {describe_range(parameter)}: {describe_unit(parameter.unit, '')}")
    return float(match[1]) * (KILO if match[2] else 1.0)


def is_number(parameter: EffectParameter) -> bool:
    """Whether it takes a number, not a word, a switch or a file."""
    return not (parameter.choices or parameter.is_switch or parameter.is_file)


def describe_range(parameter: EffectParameter) -> str:
    """The range of a parameter that takes a number, with its unit."""
    return format_range(parameter.low, parameter.high, parameter.unit)
