"""Built-in effects: the table is what the installed Pedalboard has, and values are checked against it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from bridge.errors import ConfigError
from chains.document.effects import EFFECTS, check_value, get_effect
from tests.waiting import HANG_S

SCRIPT = """
import json, sys, pedalboard
effects, found = json.load(sys.stdin), {}
for name, parameters in effects.items():
    kind = getattr(pedalboard, name)
    effect = kind() if name != "Convolution" else None
    found[name] = {
        key: None if effect is None else getattr(value := getattr(effect, key), "name", value)
        for key in dir(kind)
        if isinstance(getattr(kind, key), property) and not key.startswith(("is_", "impulse_response_"))
    }
    for key, ends in parameters.items():
        for end in ends:
            setattr(effect, key, end)
            assert abs(getattr(effect, key) - end) <= 1e-6 * max(1, abs(end)), (name, key, end, getattr(effect, key))
kinds = [one for one in vars(pedalboard).values() if isinstance(one, type) and issubclass(one, pedalboard.Plugin)]
print(json.dumps([
    found,
    [kind.__name__ for kind in kinds],
    {"mode": list(pedalboard.LadderFilter.Mode.__members__), "quality": list(pedalboard.Resample.Quality.__members__)},
]))
"""
"""Runs in a process of its own: Pedalboard is loaded in host processes alone."""
NOT_EFFECTS = {
    "Plugin", "ExternalPlugin", "IIRFilter", "PluginContainer", "VST3Plugin", "AudioUnitPlugin", "Chain", "Mix",
    "Pedalboard", "_klass",
}  # fmt: skip
"""Classes of Pedalboard that are no effects, or that chains have in another form."""


@pytest.fixture(scope="module")
def installed() -> tuple[dict[str, dict[str, object]], list[str], dict[str, list[str]]]:
    """Of the installed Pedalboard: each effect's parameters and their values, all classes, and the choices.

    Every end of a range is set there and read back.
    """
    if importlib.util.find_spec("pedalboard") is None:
        pytest.skip("not installed: pedalboard (pip install 'sideman[chains]')")
    ends = {
        name: {one.name: [one.low, one.high] for one in effect.parameters
               if not (one.choices or one.is_switch or one.is_file) and name != "Convolution"}
        for name, effect in EFFECTS.items()
    }  # fmt: skip
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, input=json.dumps(ends), capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    effects, classes, choices = json.loads(done.stdout)
    return effects, classes, choices


def test_parameters_and_defaults_are_those_of_the_installed_pedalboard(
    installed: tuple[dict[str, dict[str, object]], list[str], dict[str, list[str]]],
) -> None:
    for name, effect in EFFECTS.items():
        found = installed[0][name]
        assert set(found) == {one.name for one in effect.parameters}, name
        for one in effect.parameters:
            value = found[one.name]
            wanted = pytest.approx(one.default, rel=1e-6) if isinstance(value, float) else one.default
            assert name == "Convolution" or value == wanted, (name, one.name)


def test_no_effect_of_the_installed_pedalboard_is_forgotten(
    installed: tuple[dict[str, dict[str, object]], list[str], dict[str, list[str]]],
) -> None:
    assert set(installed[1]) - NOT_EFFECTS == set(EFFECTS)


def test_choices_are_those_of_the_installed_pedalboard(
    installed: tuple[dict[str, dict[str, object]], list[str], dict[str, list[str]]],
) -> None:
    for effect in EFFECTS.values():
        for one in effect.parameters:
            assert not one.choices or list(one.choices) == installed[2][one.name], (effect.name, one.name)


@pytest.mark.parametrize(
    ("effect", "name", "value"),
    [
        ("Gain", "gain_db", 3),
        ("Gain", "gain_db", -120.0),
        ("Gain", "gain_db", "3 dB"),
        ("Gain", "gain_db", "3"),
        ("Compressor", "ratio", "4:1"),
        ("LowpassFilter", "cutoff_frequency_hz", "1.2 kHz"),
        ("BrickwallLimiter", "true_peak", True),
        ("LadderFilter", "mode", "HPF24"),
        ("Convolution", "impulse_response", "room.wav"),
    ],
)
def test_a_value_in_range_is_taken(effect: str, name: str, value: float | bool | str) -> None:
    check_value(get_effect(effect), name, value)


@pytest.mark.parametrize(
    ("effect", "name", "value", "fix"),
    [
        ("Gain", "gain", 3.0, "did you mean gain_db?"),
        ("Gain", "gain_db", 40.1, "give -120 to 40 dB"),
        ("Gain", "gain_db", float("nan"), "give -120 to 40 dB"),
        ("Gain", "gain_db", "3 ms", "write the value in dB, or the number alone"),
        ("Gain", "gain_db", "41 dB", "give -120 to 40 dB"),
        ("Gain", "gain_db", "loud", "give -120 to 40 dB"),
        ("Gain", "gain_db", True, "give -120 to 40 dB"),
        ("Resample", "target_sample_rate", 1e7, "give 100 to 192000 Hz"),
        ("BrickwallLimiter", "true_peak", 1.0, "give true or false"),
        ("LadderFilter", "mode", "HPF48", "did you mean HPF"),
        ("LadderFilter", "mode", 1.0, "there are: LPF12"),
        ("Convolution", "impulse_response", 1.0, "give the name of an audio file"),
    ],
)
def test_a_value_that_is_not_taken_is_refused_with_the_way_out(
    effect: str, name: str, value: float | bool | str, fix: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_value(get_effect(effect), name, value)
    assert fix in caught.value.hint
